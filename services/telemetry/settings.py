"""What the telemetry service can be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from vitalrig.service.service_settings import Names, ServiceSettings, for_service
from vitalrig.sessions_folder import sessions_folder as usual_folder
from vitalrig.telemetry.event_retention import RetentionPolicy
from vitalrig.telemetry.tokens_path import TOKENS_FILE


def usual_site_folder() -> Path:
    """
    Give the folder of events: beside that of sessions.
    """
    return usual_folder().with_name("telemetry")


class Settings(ServiceSettings):
    """The event log over HTTP, which also keeps what the rig says has happened."""

    model_config = for_service("telemetry")

    listen_address: str = Field("127.0.0.1", description="address that HTTP listens on")
    port: int = Field(6562, ge=0, lt=65_536, description="HTTP port; 0 takes a free one")
    site_folder: Path = Field(
        default_factory=usual_site_folder,
        description="folder of events and runs; by default telemetry in DATA_DIR, or "
        "data/telemetry",
    )
    run_roots: Names = Field(
        (), description="folders beside the site folder in which clients' runs may lie"
    )
    sessions_folder: Path = Field(
        default_factory=usual_folder,
        description="folder of session files, whose disk is watched; by default sessions in "
        "DATA_DIR, or data/sessions",
    )
    fsync: Literal["always", "interval", "never"] = Field(
        "interval",
        description="when events are made to survive a power cut: before each answer, about once a "
        "second, or when the system likes",
    )
    token_file: Path | None = Field(
        None, description=f"file of tokens; by default {TOKENS_FILE} in the site folder"
    )
    allow_insecure: bool = Field(
        False, description="listen beyond this machine although nobody needs a token"
    )
    hosts: Names = Field(
        (), description="names that the server goes by, besides this machine's own and addresses"
    )
    origins: Names = Field(
        (),
        description="other servers whose pages may change something here, such as "
        "https://ward.example",
    )
    web_config_file: Path | None = Field(
        None,
        description="YAML file with TLS, as Prometheus's exporters; tokens alone say who may",
    )
    keep_days: float = Field(
        0.0, ge=0, description="days that files of events are kept after their last; 0: for ever"
    )
    keep_mib: int = Field(
        0, ge=0, description="how much all files of events may take, the oldest go; 0: no limit"
    )
    keep_free_mib: int = Field(
        0, ge=0, description="room that the oldest files of events make on the disk; 0: none"
    )
    least_free_mib: int = Field(
        1_024, ge=0, description="a disk with less room is said to be low; 0: never"
    )

    def retention(self) -> RetentionPolicy:
        """
        What is kept.
        """
        return RetentionPolicy(
            max_age_s=self.keep_days * 86_400 or None,
            max_bytes=self.keep_mib << 20 or None,
            min_free_bytes=self.keep_free_mib << 20 or None,
        )

    def tokens_path(self) -> Path:
        """
        Where tokens are.
        """
        return self.token_file or self.site_folder / TOKENS_FILE
