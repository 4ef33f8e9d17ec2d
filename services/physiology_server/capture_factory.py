"""Which capture the settings ask for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.physiology_server.captures.camera_device import camera_capture
from services.physiology_server.captures.capture import Capture, Picture
from services.physiology_server.captures.drawing import draw
from services.physiology_server.captures.input_capture import input_capture
from services.physiology_server.captures.paced_capture import PacedCapture
from services.physiology_server.captures.session_capture import SessionCapture
from services.physiology_server.captures.upload_capture import UploadCapture, UploadQueue
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.scenarios.compatibility import check_fit, rates_of, synthetic_source
from services.physiology_server.scenarios.followed_scenario import FollowedScenario
from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.scenarios.scenario_capture import ScenarioCapture
from services.physiology_server.scenarios.timeline import SetRecording
from services.physiology_server.settings import Settings
from services.physiology_server.signals.frame import Frame, SourceKind
from services.physiology_server.sources.replay_source import ReplaySource
from services.physiology_server.sources.source import Source
from services.physiology_server.sources.synthetic_source import SyntheticSource
from services.physiology_server.transforms import parse
from services.physiology_server.vision.analyser import Analyser
from vitalrig.clock import Clock
from vitalrig.errors import BadSettings
from vitalrig.events import Emitter
from vitalrig.installation import recording_path
from vitalrig.service.heartbeats import ServiceHeartbeats

SESSION_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class CaptureDependencies:
    """
    What captures need of the rest of the server.

    Attributes:
        clock: What tells the time.
        beats: Where heartbeats and counters go.
        events: What is said of the source and of the clock.
        drops: Where dropped frames are counted.
        uploads: Where uploaded pictures come in.
        set_recording: Begins and ends recordings, for scenarios.
        frames_done: How many frames the graph has worked on.
        followed: The scenario, where it can grow while it plays.
    """

    clock: Clock
    beats: ServiceHeartbeats
    events: Emitter
    drops: DroppedFrames
    uploads: UploadQueue
    set_recording: SetRecording
    frames_done: Callable[[], int]
    followed: FollowedScenario | None = None


def make_capture(
    settings: Settings, scenario: Scenario | None, hands: CaptureDependencies
) -> Capture:
    """
    Make the capture for one run of the graph.

    Raises:
        BadSettings: If the source cannot be opened, or cannot do what the scenario wants.
    """
    followed = hands.followed
    if followed is not None:
        scenario = followed.scenario
    try:
        capture = _capture(settings, scenario, hands)
    except ValueError as exc:
        raise BadSettings(str(exc)) from exc
    if scenario is None:
        return capture
    check = partial(
        check_fit, kind=capture.kind, has_frames=not isinstance(capture, SessionCapture)
    )
    check(scenario)
    return ScenarioCapture(
        capture,
        scenario,
        hands.set_recording,
        seed_of(settings, scenario),
        follow=None if followed is None else partial(followed.look, check),
        change_person=partial(_change_person, settings, capture),
    )


def _change_person(settings: Settings, capture: Capture, scenario: Scenario) -> None:
    """
    Tell a synthetic person the rates of a scenario that has grown.
    """
    if isinstance(capture, PacedCapture) and isinstance(capture.source, SyntheticSource):
        rates = rates_of(scenario, settings.pulse_rate, settings.breathing_rate)
        capture.source.change_rates(*rates)


def seed_of(settings: Settings, scenario: Scenario | None) -> int:
    """
    The seed that counts: a scenario's own goes first.
    """
    if scenario is None or scenario.seed is None:
        return settings.seed
    return scenario.seed


def recorded_in(settings: Settings) -> str | None:
    """
    The file that the frames come from; empty where they are made up.

    None where they are taken while we wait, and cannot be had again.
    """
    if settings.source == "synthetic":
        return ""
    if settings.source == "replay":
        return str(settings.replay_path)
    if settings.source == "video" and Path(settings.input_path).is_file():
        return settings.input_path
    return None


def is_session(settings: Settings) -> bool:
    """
    Whether what is replayed is a session, and no signals.
    """
    return settings.source == "replay" and settings.replay_path.suffix == SESSION_SUFFIX


def _capture(settings: Settings, scenario: Scenario | None, hands: CaptureDependencies) -> Capture:
    transform = parse(settings.input_transform_mode)
    if settings.source == "upload":
        return UploadCapture(
            hands.uploads,
            hands.clock,
            Analyser,
            hands.frames_done,
            transform=transform,
            fps=settings.fps,
        )
    if settings.source == "camera":
        return camera_capture(
            settings.camera_device_index,
            hands.clock,
            hands.beats,
            hands.drops,
            Analyser,
            width=settings.camera_width,
            height=settings.camera_height,
            fps=settings.camera_fps,
            transform=transform,
            events=hands.events,
        )
    if settings.source == "video":
        if not settings.input_path:
            raise BadSettings("input_path: name a video file, a FIFO or the URL of a stream")
        return input_capture(
            settings.input_path,
            hands.clock,
            hands.beats,
            hands.drops,
            Analyser,
            transform=transform,
            fps=settings.fps,
            speed=settings.speed,
            loop=settings.input_loop,
            keep_all=scenario is not None,
            events=hands.events,
        )
    if is_session(settings):
        return SessionCapture(
            settings.replay_path,
            hands.clock,
            settings.speed,
            loop=settings.replay_loop,
            stamps=settings.replay_stamps,
        )
    source = _source(settings, scenario)
    recorded_at_us = source.recorded_at_us if isinstance(source, ReplaySource) else None
    return PacedCapture(
        source,
        hands.clock,
        hands.beats,
        hands.drops,
        speed=settings.speed,
        draw=partial(_drawn, source.kind),
        keep_all=scenario is not None,
        recorded_at_us=recorded_at_us if settings.replay_stamps == "recorded" else None,
        events=hands.events,
    )


def _source(settings: Settings, scenario: Scenario | None) -> Source:
    if settings.source == "replay":
        return ReplaySource.from_csv(
            recording_path(settings.replay_path),
            fps=settings.fps if scenario is None or scenario.fps is None else scenario.fps,
            loop=settings.replay_loop,
            start_s=settings.replay_start_s,
        )
    return synthetic_source(
        scenario,
        seed=settings.seed,
        fps=settings.fps,
        pulse_per_minute=settings.pulse_rate,
        breathing_per_minute=settings.breathing_rate,
    )


def _drawn(kind: SourceKind, frame: Frame) -> Picture:
    return draw(frame, kind)
