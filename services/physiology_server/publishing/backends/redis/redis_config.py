"""The Redis backend's JSON config."""

import re
from dataclasses import dataclass, field
from typing import ClassVar

from services.physiology_server.publishing.backends.json_config import (
    OURS,
    JsonConfig,
    number,
    text,
)

_PREFIX = re.compile(r"[A-Za-z0-9_.:-]{1,64}")

SHORTEST_ARRAY = 20
"""
Words of all commands for one envelope: PUBLISH has 3, XADD 14, SET 3. A run's first has two more.
"""


def _no_host(value: str) -> str | None:
    return None if value.strip() == value and value else "must name a host"


def _no_prefix(value: str) -> str | None:
    if _PREFIX.fullmatch(value):
        return None
    return f"is {value!r}: it must be 1 to 64 letters, digits and _ . : -"


@dataclass(frozen=True, slots=True)
class RedisConfig(JsonConfig):
    """
    What the JSON file may hold: the vendor's keys with their defaults, in the documented order.

    Attributes:
        host: Where Redis is.
        port: Redis's port.
        username: (ours) Redis's user; empty for the one that has a password alone.
        password: Redis's password; empty for none.
        database: Redis's database number.
        key_prefix: What stands before the colon in names of channels.
        connection_timeout_ms: How long a connection may take to come about.
        operation_timeout_ms: How long Redis may take to answer.
        enable_debug_logging: Log every batch.
        max_bulk_string_bytes: (effect ours) A picture whose envelope is larger is not sent, but
            counted. Metrics are never withheld.
        max_array_elements: (default and effect ours: the vendor's number is not known) Words of
            commands that are sent before their answers are read; a larger batch goes in parts.
            The default is the most that Redis itself takes in one command.
    """

    usual_name: ClassVar[str] = "redis_ipc_config.json"

    host: str = text("localhost", check=_no_host)
    port: int = number(6_379, least=1, most=65_535)
    username: str = field(default="", metadata={OURS: True})
    password: str = field(default="", repr=False)
    database: int = number(0, least=0)
    key_prefix: str = text("physiology", check=_no_prefix)
    connection_timeout_ms: int = number(5_000, least=1)
    operation_timeout_ms: int = number(1_000, least=1)
    enable_debug_logging: bool = False
    max_bulk_string_bytes: int = number(10_485_760, least=1)
    max_array_elements: int = number(1_048_576, least=SHORTEST_ARRAY)
