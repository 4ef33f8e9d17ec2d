"""What the server can be told. Keys that the vendor documents keep the vendor's names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field

from services.physiology_server import flags
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.installation import SAMPLE_RECORDING
from vitalrig.service.service_settings import Names, ServiceSettings, for_service

SourceName = Literal["upload", "camera", "video", "synthetic", "replay"]


class Settings(ServiceSettings):
    """The open physiology_server."""

    model_config = for_service("physiology_server")
    # The vendor's program reads no file that it was not told of, so its command lines mean here
    # what they mean there, whatever the folder.
    usual_config: ClassVar[bool] = False

    # Control
    listen_address: str = Field(
        "127.0.0.1", description="address that gRPC listens on, or unix:PATH"
    )
    port: int = Field(50051, ge=0, lt=65_536, description="gRPC port; 0 takes a free one")
    tls_certificate_file: Path | None = Field(
        None, description="certificate chain (PEM): gRPC speaks TLS"
    )
    tls_key_file: Path | None = Field(None, description="key of the certificate (PEM)")
    token_file: Path | None = Field(
        None, description="file whose first line is the token that every call must bear"
    )
    allow_insecure: bool = Field(
        False, description="listen beyond this machine without TLS and token"
    )
    max_message_mib: int = Field(
        64, gt=0, le=1024, description="largest frame that a client may upload"
    )
    rpc_service_name: str = Field(
        "", description="full name of the gRPC service, where it is not the only one"
    )
    rpc_method_names: Names = Field(
        (), description="Verb=Method for methods whose name does not tell, such as Reset=Clear"
    )
    rpc_descriptors: Path | None = Field(
        None, description="FileDescriptorSet of another service definition to serve instead"
    )
    rpc_module: str = Field(
        "", description="Python module (..._pb2) of another service definition to serve instead"
    )
    autostart: bool = Field(
        False, description="start Core and the Edge graph without being asked over gRPC"
    )

    # Frames in
    source: SourceName = Field(
        "upload", description="where frames come from: upload, camera, video, synthetic or replay"
    )
    fps: float = Field(
        30.0, gt=1, le=240, description="synthetic, replay of a CSV: frames a second"
    )
    speed: float = Field(
        1.0, gt=0, description="video, synthetic, replay: 1 is real time; inf: as fast as it goes"
    )
    scenario: Path | None = Field(
        None,
        description="what happens to the subject and the signal: a YAML timeline, or the name of"
        " a shipped one",
    )
    scenario_reload: bool = Field(
        False, description="read the scenario file again when it has changed"
    )
    seed: int = Field(1, description="synthetic: the same seed gives the same signals")
    pulse_rate: float = Field(
        72.0, ge=42, le=190, description="synthetic: pulse in beats per minute"
    )
    breathing_rate: float = Field(
        15.0, ge=5, le=42, description="synthetic: breathing in breaths per minute"
    )
    replay_path: Path = Field(
        SAMPLE_RECORDING,
        description="replay: a CSV of signals, or the JSONL of a session; the default is shipped",
    )
    replay_start_s: float = Field(
        0.0, ge=0, description="replay of a CSV: where in the recording to begin, in seconds"
    )
    replay_loop: bool = Field(True, description="replay: begin again at the end")
    replay_stamps: Literal["recorded", "now"] = Field(
        "recorded", description="replay: keep the times of the recording where it has any, or not"
    )
    camera_device_index: int = Field(0, ge=0, description="camera: number of the device")
    camera_width: int = Field(1280, description="camera: pixels to ask for")
    camera_height: int = Field(720, description="camera: pixels to ask for")
    camera_fps: float = Field(30.0, gt=0, description="camera: frames a second to ask for")
    input_path: str = Field("", description="video: a file, a FIFO or the URL of a stream")
    input_loop: bool = Field(False, description="video: begin again at the end of the file")
    exit_at_end: bool = Field(
        False, description="video, replay: end the program when the source has ended"
    )
    input_transform_mode: str = Field(
        "none", description="turn or mirror pictures: none, cw90, ccw90, rot180, mirror_h, mirror_v"
    )

    # What is measured
    buffer_duration: float = Field(
        0.2, ge=0.1, le=10, description="seconds gathered for one core message"
    )
    publish_core: Literal["recording", "always"] = Field(
        "recording", description="send core metrics only while recording, or always"
    )
    enable_phasic_bp: bool = Field(False, description="send phasic blood pressure")
    enable_eda: bool = Field(False, description="send electrodermal activity")
    enable_micromotion: bool = Field(False, description="send micromotion of glutes and knees")

    # Envelopes and pictures out
    streaming_backend: Literal["grpc", "file", "redis"] = Field(
        "grpc", description="where envelopes go: grpc (to who streams), file or redis"
    )
    file_config_path: Path | None = Field(None, description="file: configuration as JSON")
    file_base_directory: str = Field(
        "", description="file: folder of all outputs (else as in the JSON: ./file_ipc_output)"
    )
    redis_config_path: Path | None = Field(
        None, description="redis: configuration as JSON; keys that are given here override it"
    )
    redis_key_prefix: str = Field(
        DEFAULT_PREFIX, pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="prefix of Redis's names"
    )
    stream_max_entries: int = Field(
        60_000,
        ge=0,
        description="envelopes that the durable stream keeps (28 minutes of a camera); 0: none",
    )
    stream_max_mib: int = Field(
        64, ge=0, description="about the memory that the durable stream takes in Redis; 0: no limit"
    )
    stream_max_age_s: float = Field(
        0.0, ge=0, description="seconds that the durable stream keeps an envelope; 0: no limit"
    )
    stream_least_s: float = Field(
        300.0,
        ge=0,
        description="seconds of the durable stream that are kept when Redis is full, but for what "
        "is recorded",
    )
    outbox_max_envelopes: int = Field(
        10_000,
        gt=0,
        description="envelopes kept in memory while Redis is away; beyond, the oldest is lost"
        " unless the spool has it",
    )
    spool_folder: Path | None = Field(
        None,
        description="redis: folder where envelopes are kept until they were sent, through crashes"
        " and restarts; without it, in memory alone",
    )
    spool_max_mib: int = Field(
        256, gt=0, description="how much the spool holds; beyond, the oldest is lost"
    )
    resume_recording: bool = Field(
        False,
        description="after a crash go on with the recording that it cut off; needs spool_folder",
    )
    frame_fps: float = Field(
        5.0, ge=0, le=60, description="pictures a second to publish as JPEG; 0: none"
    )
    frame_quality: int = Field(75, ge=1, le=100, description="JPEG quality of pictures")
    frame_max_width: int = Field(640, ge=16, description="wider pictures are made smaller")

    # Logs
    log_dropped_frames: bool = Field(False, description="log frames that are left out")
    log_throughput_and_latency: bool = Field(
        False, description="log effective frames a second and latency, every 3 s"
    )
    log_edge_core_transfer_times: bool = Field(
        False, description="log how long Edge and Core take to hand over, every 3 s"
    )

    # What ends at once
    save_default_file_ipc_config: bool = Field(
        False, description="write default_file_ipc_config.json and end"
    )
    save_default_redis_ipc_config: bool = Field(
        False, description="write default_redis_ipc_config.json and end"
    )

    @classmethod
    def load(
        cls, argv: Sequence[str] = (), environ: Mapping[str, str] | None = None
    ) -> tuple[Self, list[str]]:
        """
        Join all sources; flags may be the vendor's.

        Returns:
            The settings, and the arguments that are not flags.

        Raises:
            BadSettings: If a key is unknown or a value cannot work; the text names the key.
            HelpWanted: If *argv* asks for help.
        """
        return super().load(flags.translate(argv), environ)

    @classmethod
    def more_help(cls) -> list[str]:
        """
        Lines for the end of `--help`.
        """
        return flags.help_lines()
