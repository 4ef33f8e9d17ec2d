"""What a session is called: by the caller, by the server, or by the clock."""

import pytest

from smartspectra.ipc import StorageOptions
from tests.unit.ipc.making import (
    START_US,
    collector,
    document,
    edge,
    lines,
    recording,
)


@pytest.mark.parametrize(
    "session_id",
    ["experiment_001", "run_20251006_143022", "2025-10-06T20:56:19+02:00", "a", "7", "x" * 128],
)
def test_ordinary_session_ids_are_allowed(tmp_path, session_id):
    """
    Letters, digits and what dates are written with.
    """
    made = collector(tmp_path)
    made.set_session_id(session_id)
    made.set_recording_state(True)
    made.stop()

    assert (tmp_path / f"metrics_{session_id}.json").exists()


@pytest.mark.parametrize(
    "session_id",
    [
        "",
        "..",
        "../x",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a\0b",
        ".hidden",
        "-rf",
        "a b",
        "a\n",
        "ä",
        "x" * 129,
        "x_manifest",
        "snapshot_temp",
        "x_old1",
        7,
        None,
    ],
)
def test_a_session_id_that_could_do_harm_is_refused(tmp_path, session_id):
    """
    No id leaves the folder or takes the name of another session's file; the error says the rule.
    """
    made = collector(tmp_path)

    with pytest.raises(ValueError, match="allowed are 1 to 128 letters, digits"):
        made.set_session_id(session_id)

    assert made.current_session_id is None
    made.stop()


def test_both_recording_state_envelopes_stand_in_the_session_file(tmp_path):
    """
    The start is written after the rotation, the stop before the file is closed.
    """
    sent = [recording(True), edge(START_US), recording(False)]
    made = collector(tmp_path)
    made.set_session_id("x")
    made.process_envelopes([edge(START_US - 9), *sent, edge(START_US + 9)])
    made.stop()

    assert [edge(START_US - 9), *sent] == lines(tmp_path / "metrics_x.jsonl")
    assert [edge(START_US + 9)] == lines(tmp_path / "metrics.jsonl")


def test_the_server_may_name_the_session(tmp_path):
    """
    The id in a recording_state payload counts if the caller has set none.
    """
    made = collector(tmp_path)
    made.process_envelope(recording(True, session_id="from_server"))

    assert "from_server" == made.current_session_id
    made.stop()
    assert [recording(True, session_id="from_server")] == lines(
        tmp_path / "metrics_from_server.jsonl"
    )


def test_the_callers_name_outweighs_the_servers(tmp_path):
    """
    Who set an id finds the files under it.
    """
    made = collector(tmp_path)
    made.set_session_id("mine")
    made.process_envelope(recording(True, session_id="from_server"))

    assert "mine" == made.current_session_id
    made.stop()


def test_a_name_from_the_server_that_could_do_harm_is_not_used(tmp_path):
    """
    The recording goes on under a generated name.
    """
    made = collector(tmp_path, StorageOptions(wall_clock=lambda: 5.0))
    made.process_envelope(recording(True, session_id="../../x"))

    assert made.recording
    assert made.current_session_id.startswith("19")
    made.stop()


def test_repeated_start_messages_change_nothing(tmp_path):
    """
    The server repeats its state, so that late listeners learn it.
    """
    made = collector(tmp_path)
    for _ in range(3):
        made.process_envelope(recording(True, session_id="x"))
    made.process_envelope(recording(False))
    made.process_envelope(recording(False))
    made.stop()

    assert [recording(True, session_id="x")] * 3 + [recording(False)] == lines(
        tmp_path / "metrics_x.jsonl"
    )


def test_another_name_while_recording_is_another_session(tmp_path):
    """
    A stop that was missed does not glue two sessions together, and is said of the first.
    """
    made = collector(tmp_path)
    for session_id in ("one", "two"):
        made.process_envelope(recording(True, session_id=session_id))
        made.process_envelope(edge(START_US))
    made.stop()

    for session_id, complete in (("one", False), ("two", True)):
        manifest = document(tmp_path / f"metrics_{session_id}_manifest.json")
        assert complete == manifest["complete"]
        assert 2 == len(lines(tmp_path / f"metrics_{session_id}.jsonl"))


def test_generated_names_differ_within_one_second(tmp_path):
    """
    Two recordings never share files by accident.
    """
    made = collector(tmp_path, StorageOptions(wall_clock=lambda: 1_000_000.0))
    ids = []
    for _ in range(3):
        ids.append(made.set_recording_state(True))
        made.set_recording_state(False)
    made.stop()

    assert [ids[0], f"{ids[0]}_2", f"{ids[0]}_3"] == ids


def test_a_name_set_during_a_recording_begins_another_session(tmp_path):
    """
    Everything from then on is the new session's.
    """
    made = collector(tmp_path)
    made.set_session_id("one")
    made.set_recording_state(True)
    made.process_envelope(edge(START_US))
    made.set_session_id("two")
    made.process_envelope(edge(START_US + 1))
    made.stop()

    assert [edge(START_US)] == lines(tmp_path / "metrics_one.jsonl")
    assert [edge(START_US + 1)] == lines(tmp_path / "metrics_two.jsonl")


def test_a_message_that_says_neither_on_nor_off_is_kept(tmp_path):
    """
    It stands in the file for whoever can read it.
    """
    made = collector(tmp_path)
    made.process_envelope(recording("perhaps"))

    assert not made.recording
    made.stop()
    assert [recording("perhaps")] == lines(tmp_path / "metrics.jsonl")
