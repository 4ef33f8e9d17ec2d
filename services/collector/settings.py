"""What the collector can be told."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.service.service_settings import Names, ServiceSettings, for_service
from vitalrig.sessions_folder import sessions_folder as usual_folder


class Settings(ServiceSettings):
    """The collector of session files."""

    model_config = for_service("collector")

    prefixes: Names = Field(
        (DEFAULT_PREFIX,), min_length=1, description="key prefixes to collect, one per camera"
    )
    instance: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.:-]{0,64}$",
        description="what tells this collector from another one on the same Redis in reports; "
        "empty for the rig's own",
    )
    sessions_folder: Path = Field(
        default_factory=usual_folder,
        description="folder for session files; by default sessions in DATA_DIR, or data/sessions",
    )
    transport: Literal["auto", "stream", "pubsub"] = Field(
        "auto",
        description="stream: our server's durable stream; pubsub: a server that only publishes; "
        "auto: the stream where there is one",
    )
    snapshot_interval_s: float = Field(30.0, gt=0, description="seconds between snapshots")
    fsync: Literal["always", "interval", "never"] = Field(
        "interval", description="when written lines are made to survive a power cut"
    )
    fsync_interval_s: float = Field(1.0, gt=0, description="seconds between syncs, for interval")
    max_samples_per_series: int = Field(
        0, ge=0, description="samples kept per series in snapshots and summary; 0: all"
    )
    sessions_group: str = Field(
        "",
        description="group that may read session files, by name or number; by default that of the "
        "collector's user. Others may not read them",
    )
    whitespace: bool = Field(False, description="indent snapshots and summaries")
