"""Recordings are runs, several at once, beside the one that a client started."""

import pytest

from tests.support.telemetry_log import a_service, an_event, lines_of
from vitalrig.telemetry import TelemetryConflictError, TelemetryNotFoundError


@pytest.fixture
def service(tmp_path):
    with a_service(tmp_path) as service:
        yield service


def where(service, from_rig=False, **meta):
    """The run that an event with this meta is put in; None for the site."""
    answer = service.append_event(an_event(meta=meta), from_rig=from_rig)
    files = [path for path in service.site_dir.rglob("*.ndjson") if path.read_text()]
    [path] = [path for path in files if answer["seq"] == lines_of(path)[-1]["seq"]]
    assert ("run" if path.name == "telemetry.ndjson" else "site") == lines_of(path)[-1]["stream"]
    return None if path.name.startswith("site_") else answer["meta"]["run_id"]


def test_a_recording_has_a_folder_of_its_own(service):
    """
    Its session's id names the run, whatever is in it.
    """
    run = service.start_recording_run("../a/b", "cam", meta={"note": 1})

    assert {"camera": "cam", "note": 1, "run_id": "../a/b"} == run["meta"]
    assert "../a/b" == where(service, camera="cam")
    assert (
        service.site_dir / "recordings"
        == next(service.site_dir.rglob("telemetry.ndjson")).parents[1]
    )
    assert "001" == service.start_run()["run_id"]


@pytest.mark.parametrize(
    "session_id", ["", ".", "..", "/", "a" * 5_000, "ü" * 300, "\0", "20260317"]
)
def test_any_session_id_has_a_folder(service, session_id):
    """
    Within the site folder.
    """
    service.start_recording_run(session_id, "cam")

    assert session_id == where(service, camera="cam")
    [folder] = (service.site_dir / "recordings").iterdir()
    assert folder.is_dir()


def test_events_of_a_camera_go_to_its_recording(service):
    """
    What names no recording that goes on is the site's, rather than somebody else's.
    """
    service.start_recording_run("s1", "one")
    service.start_recording_run("s2", "two")

    assert ["s1", "s2", "s2", None, None, None] == [
        where(service, camera="one"),
        where(service, camera="two"),
        where(service, run_id="s2"),
        where(service, camera="three"),
        where(service, run_id="old"),
        where(service),
    ]


def test_what_clients_post_goes_to_the_only_recording(service):
    """
    But not what is of another camera, and not what the rig says of itself.
    """
    service.start_recording_run("s1", "one")

    assert ["s1", None, None, "s1"] == [
        where(service),
        where(service, camera="two"),
        where(service, from_rig=True),
        where(service, from_rig=True, camera="one"),
    ]


def test_a_client_s_run_has_all_that_clients_post(service):
    """
    The rig's own events stay with their recording.
    """
    service.start_recording_run("s1", "one")
    service.start_run(run_id="mine")

    assert ["mine", "mine", "s1", None] == [
        where(service),
        where(service, camera="one"),
        where(service, from_rig=True, camera="one"),
        where(service, from_rig=True),
    ]
    assert "mine" == service.get_run()["run_id"]
    service.stop_run()
    assert "s1" == where(service)


def test_the_only_recording_is_the_run_that_is_shown(service):
    """
    Of two none is, and a stop ends none.
    """
    service.start_recording_run("s1", "one")
    assert ("s1", True) == (service.get_run()["run_id"], service.run_active)
    with pytest.raises(TelemetryConflictError, match="stop the recording of one"):
        service.stop_run()
    service.start_recording_run("s2", "two")

    with pytest.raises(TelemetryNotFoundError):
        service.get_run()
    assert not service.run_active
    assert "s1" == service.stop_recording_run("s1")["run_id"]
    assert "s2" == service.get_run()["run_id"]


def test_a_recording_that_is_started_twice_is_one_run(service):
    """
    What tells of it may come again; a stop that comes again says that it is over.
    """
    run = service.start_recording_run("s1", "one")

    assert run == service.start_recording_run("s1", "one")
    assert 1 == len(service.runs())
    service.stop_recording_run("s1")
    with pytest.raises(TelemetryNotFoundError):
        service.stop_recording_run("s1")


def test_cameras_of_one_session_share_its_run(service):
    """
    Events that name either belong there; after a restart, too.
    """
    service.start_recording_run("s", "one")
    service.start_recording_run("s", "two")
    service.start_recording_run("s", "two")

    assert ["s", "s", None] == [where(service, camera=each) for each in ("one", "two", "three")]
    assert [["one", "two"]] == [run["cameras"] for run in service.runs()]
    service.close()
    with a_service(service.site_dir.parent) as again:
        assert "s" == where(again, camera="two")


def test_of_several_recordings_the_newest_event_is_current(service):
    """
    Over the site's, and under that of a client's run.
    """
    service.append_event(an_event(data="site"))
    service.start_recording_run("s1", "one")
    service.start_recording_run("s2", "two")
    for number, camera in enumerate(("one", "two", "one")):
        service.append_event(an_event(data=number, meta={"camera": camera}))
        assert number == service.current_event("weather")["data"]
        assert number == service.current_snapshot()["current"]["weather"]["data"]
    service.start_run()
    service.append_event(an_event(data="mine"))
    service.append_event(an_event(data=3, meta={"camera": "two"}), from_rig=True)

    assert "mine" == service.current_event("weather")["data"]
    assert "mine" == service.current_snapshot()["current"]["weather"]["data"]
