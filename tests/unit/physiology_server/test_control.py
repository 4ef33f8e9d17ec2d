"""The state machine that gRPC controls."""

import pytest

from services.physiology_server.control import Control, RecordingChange, StatusChange
from vitalrig.clock import ManualClock
from vitalrig.errors import BadRequest, InvalidState
from vitalrig.statuses import StatusCode


def a_control(*verbs):
    control = Control(ManualClock())
    for verb in verbs:
        getattr(control, verb)()
    control.take_changes()
    return control


def running():
    return a_control("start_core", "start_edge_graph")


def test_at_first_nothing_has_started_and_subscribers_are_told():
    """
    A server that was restarted says that it records no longer.
    """
    control = Control(ManualClock())

    status, recording = control.take_changes()

    assert (StatusCode.PROCESSING_NOT_STARTED, False) == (status.status, recording.recording)


def test_the_edge_graph_needs_core():
    """
    Core is the only source of pulse.
    """
    with pytest.raises(InvalidState, match="StartCore"):
        a_control().start_edge_graph()


def test_core_cannot_be_taken_from_under_the_edge_graph():
    """
    The order of stopping is the reverse of starting.
    """
    with pytest.raises(InvalidState, match="StopEdgeGraph"):
        running().stop_core()


@pytest.mark.parametrize("verb", ["start_core", "start_edge_graph"])
def test_starting_what_runs_is_no_error(verb):
    """
    A client may be started twice.
    """
    control = running()

    getattr(control, verb)()

    assert control.edge_running


def test_a_recording_needs_the_edge_graph():
    """
    A recording of nothing is refused rather than left empty.
    """
    with pytest.raises(InvalidState, match="StartEdgeGraph"):
        a_control("start_core").set_recording(True)


@pytest.mark.parametrize(
    ("verbs", "words"),
    [((), "Container not initialized."), (("start_core",), "Graph not started.")],
    ids=["before core", "before the graph"],
)
@pytest.mark.parametrize("recording", [True, False])
def test_recording_too_early_is_refused_in_the_vendor_s_words(verbs, words, recording):
    """
    Whether it is to start or to stop.
    """
    with pytest.raises(InvalidState, match=words):
        a_control(*verbs).set_recording(recording)


def test_a_graph_that_is_needed_and_runs_is_no_error():
    """
    Uploads ask for it.
    """
    running().require_graph()


def test_the_start_of_a_recording_is_told_with_its_name():
    """
    The collector learns from it what to write where.
    """
    control = running()
    control.set_recording(True, "first")

    (change,) = control.take_changes()

    assert (True, "first") == (change.recording, change.session_id)


def test_starting_the_recording_that_runs_changes_nothing():
    """
    An impatient click starts no second session.
    """
    control = running()
    control.set_recording(True, "first")
    control.take_changes()

    control.set_recording(True, "first")

    assert [] == control.take_changes()


def test_another_session_must_wait_for_the_end_of_the_first():
    """
    No recording is cut off by a second client.
    """
    control = running()
    control.set_recording(True, "first")

    with pytest.raises(InvalidState, match="first"):
        control.set_recording(True, "second")


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "a\nb", "x" * 200])
def test_a_session_name_that_could_leave_the_folder_is_refused(name):
    """
    Names become file names.
    """
    with pytest.raises(BadRequest):
        running().set_recording(True, name)


def test_stopping_the_edge_graph_ends_the_recording_first():
    """
    Subscribers hear of the end of the recording before the end of the frames.
    """
    control = running()
    control.see(StatusCode.OK, 5)
    control.set_recording(True, "first")
    control.take_changes()

    control.stop_edge_graph()

    assert [RecordingChange, StatusChange] == [type(c) for c in control.take_changes()]


def test_a_status_is_told_only_when_it_changes():
    """
    Thirty frames a second are not thirty messages.
    """
    control = running()
    for stamp_us in (1, 2, 3):
        control.see(StatusCode.OK, stamp_us)

    assert [StatusChange(StatusCode.OK, 1)] == control.take_changes()
