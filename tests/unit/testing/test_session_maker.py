"""Sessions without a server: the same each time, and all that a scenario did is in them."""

import pytest

from vitalrig.errors import BadSettings, CannotStart
from vitalrig.testing.session_maker import STARTED_US, make_session


def files_of(session):
    return {path.name: path.read_bytes() for path in session.path.parent.iterdir()}


def test_the_same_arguments_give_the_same_bytes_in_every_file(tmp_path):
    """
    Whatever the day, the folder and the process.
    """
    first, second = (
        make_session(tmp_path / folder, "motion", seconds=22, seed=3) for folder in "ab"
    )

    assert files_of(first) == files_of(second)
    assert [
        "metrics_motion_seed3_22s.json",
        "metrics_motion_seed3_22s.jsonl",
        "metrics_motion_seed3_22s_manifest.json",
        "metrics_motion_seed3_22s_snapshot_temp.json",
    ] == sorted(files_of(first))


def test_another_seed_is_another_person(tmp_path):
    """
    With other numbers.
    """
    first, second = (make_session(tmp_path, seconds=2, seed=seed) for seed in (1, 2))

    assert first.path.read_bytes() != second.path.read_bytes()


def test_a_session_is_complete_balanced_and_without_a_gap(tmp_path):
    """
    As `vitalrig sessions verify` sees it, too.
    """
    session = make_session(tmp_path, seconds=15, pulse_rate=60)

    session.assert_complete().assert_balanced().assert_no_gap()
    manifest = session.manifest
    assert ("rest_seed1_15s", "synthetic") == (session.id, manifest["source"])
    assert (STARTED_US // 1000, 15_000) == (
        manifest["started_at_ms"],
        manifest["stopped_at_ms"] - manifest["started_at_ms"],
    )
    assert session.series["pulse.rate"].values == pytest.approx(60, abs=3)


def test_a_breath_that_is_held_is_an_apnea_and_no_gap(tmp_path):
    """
    From ten seconds after its beginning until the chest moves again.
    """
    session = make_session(tmp_path, "apnea", seconds=95, seed=3)

    apnea = session.assert_no_gap().series["breathing.apnea"]
    at_s = (apnea.timestamps_us[apnea.values > 0] - STARTED_US) / 1e6
    assert (69 < at_s.min() < 72, 85 < at_s.max() < 87) == (True, True)


def test_a_subject_that_leaves_is_a_gap_in_every_trace(tmp_path):
    """
    Nothing is missing from the session; nothing was measured.
    """
    session = make_session(tmp_path, "subject_leaves", seconds=35)

    session.assert_complete().assert_balanced()
    with pytest.raises(AssertionError, match=r"pulse.trace pauses for 10.03 s from 19.97 s on"):
        session.assert_no_gap()


def test_what_a_scenario_damages_is_counted_in_the_session(tmp_path):
    """
    So it is balanced, and not complete.
    """
    session = make_session(tmp_path, "malformed", seconds=22)

    assert sum(session.assert_balanced().manifest["rejected"].values()) > 10
    with pytest.raises(AssertionError, match="not complete: messages rejected"):
        session.assert_complete()


def test_an_unknown_scenario_is_refused_with_the_nearest_name(tmp_path):
    """
    Before anything is made.
    """
    with pytest.raises(BadSettings, match="did you mean apnea"):
        make_session(tmp_path, "apnoea")

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"pulse_rate": 300}, "pulse_per_minute is 300: it must be from 30 to 220"),
        ({"fps": 0}, "fps is 0: it must be from 1 to 1000"),
        ({"seconds": 0}, "seconds is 0: a session is longer than 0 s"),
        ({"session": "a/b"}, "session: no session id: 'a/b'"),
    ],
)
def test_an_argument_that_cannot_work_is_a_sentence_and_no_file(tmp_path, arguments, words):
    """
    It names the argument and what would work.
    """
    with pytest.raises(BadSettings, match=words):
        make_session(tmp_path, **arguments)

    assert [] == list(tmp_path.iterdir())


def test_a_session_that_is_there_already_is_left_alone(tmp_path):
    """
    It may be somebody's recording.
    """
    session = make_session(tmp_path, seconds=1)
    before = files_of(session)

    with pytest.raises(CannotStart, match="holds a session rest_seed1_1s already"):
        make_session(tmp_path, seconds=1)

    assert before == files_of(session)
