"""What the exporter can be told."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from smartspectra.ipc.storage.session_paths import SNAPSHOT_ENDING
from vitalrig.service.service_settings import ServiceSettings, for_service
from vitalrig.sessions_folder import sessions_folder as usual_folder
from vitalrig.signal_state import USUAL_LIMITS, Limits


class Target(BaseModel):
    """The Redis of another rig."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int = Field(6379, gt=0, lt=65_536)
    database: int = Field(0, ge=0)
    username: str = ""
    password_file: Path | None = None


def _from_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


Targets = Annotated[dict[str, Target], NoDecode, BeforeValidator(_from_json)]
"""Other rigs by name: a YAML mapping, or JSON in the environment and in flags."""


class Settings(ServiceSettings):
    """The exporter for Prometheus."""

    model_config = for_service("exporter")

    listen_address: str = Field("127.0.0.1", description="address that HTTP listens on")
    port: int = Field(8317, ge=0, lt=65_536, description="HTTP port; 0 takes a free one")
    web_config_file: Path | None = Field(
        None, description="YAML file with TLS and basic authentication, as Prometheus's exporters"
    )
    max_requests: int = Field(16, gt=0, description="requests answered at a time; others get 503")
    sessions_folder: Path = Field(
        default_factory=usual_folder,
        description="folder of session files, whose disk is watched; by default sessions in "
        "DATA_DIR, or data/sessions",
    )
    stale_after_s: float = Field(
        USUAL_LIMITS.sample_s,
        gt=0,
        description="a report or a sample older than this is not shown as live",
    )
    breath_stale_after_s: float = Field(
        USUAL_LIMITS.slow_sample_s,
        gt=0,
        description="the same for breathing, whose values come more slowly",
    )
    max_cameras: int = Field(
        100, gt=0, description="cameras that are shown; further ones are counted as left out"
    )
    snapshot_files: str = Field(
        "",
        description="snapshots of another collector to show cameras from: a folder, or a pattern "
        f"such as sessions/*{SNAPSHOT_ENDING}; empty for none",
    )
    snapshot_stale_after_s: float = Field(
        45.0, gt=0, description="the limit for snapshots, which are written every 30 s"
    )
    snapshot_max_bytes: int = Field(
        1_000_000_000, gt=0, description="a larger snapshot is not read but counted as too large"
    )
    probe_targets: Targets = Field(
        {},
        description="other rigs for /probe?target=NAME: for each name host, and if need be port, "
        "database, username and password_file of its Redis",
    )


def limits_of(settings: Settings) -> Limits:
    """
    How old what is shown as live may be.
    """
    return Limits(settings.stale_after_s, settings.stale_after_s, settings.breath_stale_after_s)
