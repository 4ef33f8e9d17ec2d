"""What the server can be told. Keys that the vendor documents keep the vendor's names."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from vitalrig.settings import ServiceSettings, for_service


class Settings(ServiceSettings):
    """The open physiology_server."""

    model_config = for_service("physiology_server")

    listen_address: str = Field("127.0.0.1", description="address that gRPC listens on")
    port: int = Field(50051, ge=0, lt=65_536, description="gRPC port; 0 takes a free one")
    source: Literal["synthetic", "replay"] = Field(
        "synthetic", description="where frames come from: synthetic or replay"
    )
    fps: float = Field(30.0, gt=1, le=240, description="frames a second of the source")
    seed: int = Field(1, description="synthetic: the same seed gives the same signals")
    pulse_rate: float = Field(
        72.0, ge=42, le=190, description="synthetic: pulse in beats per minute"
    )
    breathing_rate: float = Field(
        15.0, ge=5, le=42, description="synthetic: breathing in breaths per minute"
    )
    replay_path: Path = Field(
        Path("samples/data/rest_ppg_resp_40hz.csv"), description="replay: the recording, a CSV"
    )
    replay_start_s: float = Field(
        0.0, ge=0, description="replay: where in the recording to begin, in seconds"
    )
    replay_loop: bool = Field(True, description="replay: begin again at the end")
    autostart: bool = Field(
        False, description="start Core and the Edge graph without being asked over gRPC"
    )
    buffer_duration: float = Field(
        0.2, ge=0.1, le=10, description="seconds gathered for one core message"
    )
    publish_core: Literal["recording", "always"] = Field(
        "recording", description="send core metrics only while recording, or always"
    )
    enable_phasic_bp: bool = Field(False, description="send phasic blood pressure")
    enable_eda: bool = Field(False, description="send electrodermal activity")
    enable_micromotion: bool = Field(False, description="send micromotion of glutes and knees")
    streaming_backend: Literal["redis"] = Field("redis", description="where envelopes go")
    redis_key_prefix: str = Field(
        "physiology", pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="prefix of Redis's names"
    )
    stream_max_entries: int = Field(
        60_000,
        ge=0,
        description="envelopes that the durable stream keeps (28 minutes of a camera); 0: none",
    )
    outbox_max_envelopes: int = Field(
        10_000, gt=0, description="envelopes kept while Redis is away; beyond, the oldest is lost"
    )
