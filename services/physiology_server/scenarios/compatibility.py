"""Which source a scenario can be played on."""

from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.signals.frame import SourceKind
from services.physiology_server.sources.rate_profile import RateProfile
from services.physiology_server.sources.synthetic_source import SyntheticSource
from vitalrig.errors import BadSettings


def check_fit(scenario: Scenario, kind: SourceKind, *, has_frames: bool = True) -> None:
    """
    Refuse a scenario that wants of a source what it cannot do.

    Args:
        scenario: What is to happen.
        kind: What it is to happen to.
        has_frames: False for a recorded session, which has envelopes only.

    Raises:
        BadSettings: With the event's number and what would help.
    """
    for number, event in enumerate(scenario.timeline, start=1):
        where = f"scenario {scenario.name}: event {number} ({event.do})"
        if event.needs_rates and kind != "synthetic":
            raise BadSettings(f"{where} {_PERSON[kind]}: play it on the synthetic source")
        if event.needs_frames and not has_frames:
            raise BadSettings(
                f"{where} changes frames, and a recorded session has none: "
                "play it on a CSV or on the synthetic source"
            )
    if kind != "synthetic":
        for key in ("pulse_rate", "breathing_rate"):
            if getattr(scenario, key) is not None:
                raise BadSettings(
                    f"scenario {scenario.name}: {key} {_PERSON[kind]}: leave it out, "
                    "or play it on the synthetic source"
                )
    if scenario.fps is not None and (kind in ("camera", "upload") or not has_frames):
        raise BadSettings(
            f"scenario {scenario.name}: fps cannot be asked of this source, "
            "which has its own: leave it out"
        )


_PERSON = {
    "replay": "cannot change a recording's physiology",
    "camera": "cannot change the physiology of the person in the picture",
    "upload": "cannot change the physiology of the person in the picture",
}


def synthetic_source(
    scenario: Scenario | None,
    *,
    seed: int,
    fps: float,
    pulse_per_minute: float,
    breathing_per_minute: float,
) -> SyntheticSource:
    """
    Make the person that a scenario is about; what it leaves open is as given.
    """
    if scenario is None:
        return SyntheticSource(seed, fps, pulse_per_minute, breathing_per_minute)
    return SyntheticSource(
        seed if scenario.seed is None else scenario.seed,
        fps if scenario.fps is None else scenario.fps,
        *rates_of(scenario, pulse_per_minute, breathing_per_minute),
    )


def rates_of(
    scenario: Scenario, pulse_per_minute: float, breathing_per_minute: float
) -> tuple[RateProfile, RateProfile]:
    """
    The courses of pulse and breathing; a rate that the scenario leaves open is as given.
    """
    pulse = pulse_per_minute if scenario.pulse_rate is None else scenario.pulse_rate
    breathing = breathing_per_minute if scenario.breathing_rate is None else scenario.breathing_rate
    return scenario.profile("pulse", pulse), scenario.profile("breathing", breathing)
