"""What a source can be asked for."""

import pytest

from services.physiology_server.scenarios.compatibility import check_fit, synthetic_source
from services.physiology_server.scenarios.scenario_file import scenario_of
from vitalrig.errors import BadSettings


def a_scenario(*events, **keys):
    return scenario_of({"name": "x", "timeline": list(events)} | keys, "x.yml")


APNEA = {"at_s": 5, "do": "apnea"}
DARK = {"at_s": 5, "do": "too_dark"}


@pytest.mark.parametrize("kind", ["replay", "camera", "upload"])
def test_nobody_but_the_synthetic_person_can_be_told_how_to_live(kind):
    """
    Apnea on a recording is refused, with its place in the timeline.
    """
    with pytest.raises(BadSettings, match=r"scenario x: event 2 \(apnea\) cannot change"):
        check_fit(a_scenario(DARK, APNEA), kind)


def test_a_pulse_rate_cannot_be_asked_of_a_recording():
    """
    Nor can breathing.
    """
    with pytest.raises(BadSettings, match="pulse_rate cannot change a recording's physiology"):
        check_fit(a_scenario(pulse_rate=60), "replay")


@pytest.mark.parametrize(("kind", "has_frames"), [("camera", True), ("replay", False)])
def test_a_frame_rate_cannot_be_asked_of_what_has_its_own(kind, has_frames):
    """
    A camera's is the camera's.
    """
    with pytest.raises(BadSettings, match="fps cannot be asked of this source"):
        check_fit(a_scenario(fps=25), kind, has_frames=has_frames)


def test_a_recorded_session_has_no_frames_to_darken():
    """
    Only envelopes, which were made of frames that were bright enough.
    """
    with pytest.raises(BadSettings, match=r"event 1 \(too_dark\) changes frames"):
        check_fit(a_scenario(DARK), "replay", has_frames=False)


@pytest.mark.parametrize(
    ("kind", "has_frames", "event"),
    [
        ("synthetic", True, APNEA),
        ("replay", True, DARK),
        ("camera", True, {"at_s": 1, "do": "motion"}),
        ("replay", False, {"at_s": 1, "do": "dropouts", "share": 0.5}),
        ("replay", False, {"at_s": 1, "do": "late", "by_s": 1, "share": 0.5}),
        ("replay", False, {"at_s": 1, "do": "restart"}),
        ("replay", False, {"at_s": 1, "do": "wrap_32_bit"}),
    ],
    ids=str,
)
def test_what_a_source_can_do_is_let_through(kind, has_frames, event):
    """
    Frames of any source can be lost, its envelopes delayed, its clock set.
    """
    check_fit(a_scenario(event), kind, has_frames=has_frames)


def test_what_the_scenario_leaves_open_is_as_the_settings_say():
    """
    And what it says wins.
    """
    open_, closed = (
        synthetic_source(
            a_scenario(**keys), seed=3, fps=25.0, pulse_per_minute=60.0, breathing_per_minute=12.0
        )
        for keys in ({}, {"seed": 4, "fps": 50, "pulse_rate": 90})
    )

    assert (3, 25.0, 4, 50.0) == (open_.seed, open_.fps, closed.seed, closed.fps)
