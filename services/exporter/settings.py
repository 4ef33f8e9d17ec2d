"""What the exporter can be told."""

from pathlib import Path

from pydantic import Field

from vitalrig.settings import ServiceSettings, for_service


class Settings(ServiceSettings):
    """The exporter for Prometheus."""

    model_config = for_service("exporter")

    listen_address: str = Field("127.0.0.1", description="address that HTTP listens on")
    port: int = Field(8317, ge=0, lt=65_536, description="HTTP port; 0 takes a free one")
    sessions_folder: Path = Field(
        Path("data/sessions"), description="folder of session files, whose disk is watched"
    )
    stale_after_s: float = Field(
        10.0, gt=0, description="a report or a sample older than this is not shown as live"
    )
    breath_stale_after_s: float = Field(
        15.0, gt=0, description="the same for breathing, whose values come more slowly"
    )
