"""The Redis backend's JSON config."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from services.physiology_server.publishing.backends.json_config import MOST, JsonConfig
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.redis_client import RedisAddress

_PREFIX = re.compile(r"[A-Za-z0-9_.:-]{1,64}")

SHORTEST_ARRAY = 20
"""
Words of all commands for one envelope: PUBLISH has 3, XADD 14, SET 3. A run's first has two more.
"""


def _host(value: str) -> str:
    if not value or value.strip() != value:
        raise ValueError("must name a host")
    return value


def _prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise ValueError(f"is {value!r}: it must be 1 to 64 letters, digits and _ . : -")
    return value


class RedisConfig(JsonConfig):
    """
    What the JSON file may hold: the vendor's keys with their defaults, in the documented order.

    Attributes:
        host: Where Redis is.
        port: Redis's port.
        username: (ours) Redis's user; empty for the one that has a password alone.
        password: Redis's password; empty for none.
        database: Redis's database number.
        key_prefix: What comes before the colon in names of channels.
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
    ours: ClassVar[tuple[str, ...]] = ("username",)

    host: Annotated[str, AfterValidator(_host)] = "localhost"
    port: int = Field(6_379, ge=1, le=65_535)
    username: str = ""
    password: str = Field("", repr=False)
    database: int = Field(0, ge=0, le=MOST)
    key_prefix: Annotated[str, AfterValidator(_prefix)] = DEFAULT_PREFIX
    connection_timeout_ms: int = Field(5_000, ge=1, le=MOST)
    operation_timeout_ms: int = Field(1_000, ge=1, le=MOST)
    enable_debug_logging: bool = False
    max_bulk_string_bytes: int = Field(10_485_760, ge=1, le=MOST)
    max_array_elements: int = Field(1_048_576, ge=SHORTEST_ARRAY, le=MOST)

    @property
    def address(self) -> RedisAddress:
        """
        Where Redis is.
        """
        return RedisAddress(
            self.host,
            self.port,
            self.database,
            self.username,
            self.password,
            self.connection_timeout_ms / 1_000,
            self.operation_timeout_ms / 1_000,
        )
