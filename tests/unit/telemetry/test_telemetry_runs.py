"""The client's run: its name, its folder, its events."""

import shutil

import pytest

from tests.support.telemetry_log import DAY_FILE, a_service, an_event, lines_of
from vitalrig.telemetry import TelemetryConflictError, TelemetryNotFoundError
from vitalrig.telemetry.telemetry_errors import TelemetryForbiddenError, TelemetryRequestError


@pytest.fixture
def service(tmp_path):
    with a_service(tmp_path) as service:
        yield service


def test_events_of_a_run_are_in_its_folder_and_bear_its_id(service):
    """
    Whatever run the client named; the site's file has what came before and after.
    """
    service.append_event(an_event())
    run = service.start_run(run_dir="night", run_id="n1", meta={"who": "me"})
    answer = service.append_event(an_event(meta={"run_id": "wrong", "source": "test"}))
    bare = service.append_event(an_event())
    stopped = service.stop_run()
    service.append_event(an_event(meta={"run_id": "mine"}))

    assert {"run_id": "n1", "source": "test"} == answer["meta"]
    assert {"run_id": "n1"} == bare["meta"]
    assert run == stopped == {
        "run_dir": str(service.site_dir / "night"),
        "run_id": "n1",
        "meta": {"who": "me", "run_id": "n1"},
        "started_at": "2026-03-17T12:00:00.000Z",
    }  # fmt: skip
    assert [answer | {"stream": "run"}, bare | {"stream": "run"}] == lines_of(
        service.site_dir / "night" / "telemetry.ndjson"
    )
    assert [1, 4] == [line["seq"] for line in lines_of(service.site_dir / DAY_FILE)]


def test_there_is_one_run_of_a_client_at_a_time(service):
    """
    The second start and the second stop say so.
    """
    with pytest.raises(TelemetryNotFoundError, match="No run is active"):
        service.stop_run()
    service.start_run()

    with pytest.raises(TelemetryConflictError, match="A run is already active"):
        service.start_run()
    assert service.run_active
    service.stop_run()
    with pytest.raises(TelemetryNotFoundError, match="No run is active"):
        service.get_run()


def test_a_run_s_events_lie_over_the_site_s_until_it_ends(service):
    """
    Then the site's newest is shown again, and nothing of the run.
    """
    site = service.append_event(an_event("a"))
    service.start_run()
    mine = [service.append_event(an_event(kind)) for kind in ("a", "b")]

    assert {"a": mine[0], "b": mine[1]} == service.current_snapshot()["current"]
    service.stop_run()
    assert {"a": site} == service.current_snapshot()["current"]
    service.start_run()
    assert site == service.current_event("a")


@pytest.mark.parametrize(
    ("folders", "number"),
    [
        ((), "001"),
        (("007", "x", "8b"), "008"),
        (("0999", "1000"), "1001"),
        (("20260317",), "20260318"),
        (("²", "٣"), "001"),
    ],
)
def test_a_run_without_a_name_has_the_number_after_the_greatest_folder(service, folders, number):
    """
    Digits of other scripts are no numbers.
    """
    for name in folders:
        (service.site_dir / name).mkdir()
    (service.site_dir / "999999").touch()

    assert number == service.start_run(run_id="", meta={"run_id": 0})["run_id"]
    assert (service.site_dir / number).is_dir()


@pytest.mark.parametrize(
    ("asked", "run_id", "folder"),
    [
        ({"meta": {"run_id": 5}}, "5", "5"),
        ({"meta": {"run_id": [1]}}, "[1]", "[1]"),
        ({"run_id": "a", "meta": {"run_id": "b"}}, "a", "a"),
        ({"run_id": "a/b"}, "a/b", "a/b"),
        ({"run_id": "."}, ".", "."),
        ({"run_dir": "", "run_id": "x"}, "x", "."),
        ({"run_dir": "runs/1"}, "001", "runs/1"),
    ],
)
def test_a_run_is_where_panoptes_would_have_it(service, asked, run_id, folder):
    """
    Under the site folder, by its folder's name or by its own.
    """
    run = service.start_run(**asked)
    service.append_event(an_event())

    assert (run_id, str(service.site_dir / folder)) == (run["run_id"], run["run_dir"])
    assert 1 == len(lines_of(service.site_dir / folder / "telemetry.ndjson"))


def test_a_relative_site_folder_is_answered_as_it_is(tmp_path, monkeypatch):
    """
    Nothing is resolved in answers.
    """
    monkeypatch.chdir(tmp_path)
    with a_service(tmp_path.relative_to(tmp_path)) as service:
        assert "site/001" == service.start_run()["run_dir"]


@pytest.mark.parametrize(
    "asked",
    [
        {"run_id": "../../x"},
        {"run_id": "/x"},
        {"run_dir": "../x"},
        {"run_dir": "~/x"},
        {"run_dir": "link/x"},
    ],
)
def test_a_run_outside_the_allowed_folders_is_forbidden(service, tmp_path, asked):
    """
    Also by a link; nothing is made there.
    """
    (tmp_path / "elsewhere").mkdir()
    (service.site_dir / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(TelemetryForbiddenError):
        service.start_run(**asked)
    assert [] == list((tmp_path / "elsewhere").iterdir())
    assert not service.run_active


def test_run_roots_allow_runs_elsewhere(tmp_path):
    """
    By an absolute path.
    """
    with a_service(tmp_path, run_roots=[tmp_path / "elsewhere"]) as service:
        service.start_run(run_dir=tmp_path / "elsewhere" / "x")
        service.append_event(an_event())

    assert 1 == len(lines_of(tmp_path / "elsewhere" / "x" / "telemetry.ndjson"))


@pytest.mark.parametrize(
    "asked", [{"run_dir": "a\0b"}, {"run_id": "\0"}, {"run_dir": "file"}, {"run_dir": "file/x"}]
)
def test_a_folder_that_cannot_be_is_refused(service, asked):
    """
    A file is in its way, or it has a NUL.
    """
    (service.site_dir / "file").touch()

    with pytest.raises(TelemetryRequestError) as refused:
        service.start_run(**asked)
    assert 422 == refused.value.status
    assert not service.run_active


def test_all_runs_are_listed_also_those_of_earlier_days(tmp_path):
    """
    With what they were, and between which numbers.
    """
    with a_service(tmp_path) as service:
        service.start_run(run_id="a")
        service.append_event(an_event())
        service.stop_run()
        service.start_recording_run("session/1", "physiology")

        runs = service.runs()
    assert [
        (1, "client", "a", 0, 1, []),
        (2, "recording", "session/1", 1, None, ["physiology"]),
    ] == [
        (
            run["number"],
            run["kind"],
            run["run_id"],
            run["after_seq"],
            run["last_seq"],
            run["cameras"],
        )
        for run in runs
    ]
    assert str(tmp_path / "site" / "recordings" / "session%2F1") == runs[1]["run_dir"]


def test_a_folder_has_one_run_at_a_time(service):
    """
    By whatever name it is asked for; one run after another may have it, at once.
    """
    (service.site_dir / "link").symlink_to(service.site_dir / "recordings")
    service.start_recording_run("s", "cam")

    with pytest.raises(TelemetryConflictError, match="another run has"):
        service.start_run(run_dir="link/s")
    for run_dir in ("x", "y/../x", "x"):
        service.start_run(run_dir=run_dir)
        service.append_event(an_event())
        service.stop_run()
    assert 3 == len(lines_of(service.site_dir / "x" / "telemetry.ndjson"))


def test_a_run_s_folder_that_vanishes_is_made_again(service):
    """
    With all that was in it.
    """
    service.start_run()
    service.append_event(an_event())
    shutil.rmtree(service.site_dir / "001")
    service.append_event(an_event())

    assert [1, 2] == [
        line["seq"] for line in lines_of(service.site_dir / "001" / "telemetry.ndjson")
    ]


def test_a_folder_that_another_process_writes_is_a_conflict(service, tmp_path):
    """
    Two logs never share a file.
    """
    elsewhere = tmp_path / "elsewhere"
    with a_service(elsewhere, run_roots=[service.site_dir]) as other:
        other.start_run(run_dir=service.site_dir / "x")
        other.append_event(an_event())

        with pytest.raises(TelemetryConflictError, match="another process writes"):
            service.start_run(run_dir="x")
