"""Events go to their file, and the newest of each type is shown."""

import json
import threading
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.telemetry_log import DAY_FILE, Now, a_service, an_event, lines_of, stored
from vitalrig.errors import CannotStart
from vitalrig.telemetry import (
    TelemetryNotFoundError,
    TelemetryService,
    get_site_day_key,
    utc_iso_z,
)


def test_an_event_is_a_line_of_the_day_s_site_file(tmp_path):
    """
    Its keys have PANOPTES's order, the text is ASCII, and numbers are as Python writes them.
    """
    long = 10**40
    with a_service(tmp_path) as service:
        answer = service.append_event(an_event("wätter", {"a": 1e22, "b": long, "c": [1.0, None]}))

    assert (
        b'{"seq":1,"ts":"2026-03-17T12:00:00.000Z","stream":"site","type":"w\\u00e4tter",'
        b'"data":{"a":1e+22,"b":' + str(long).encode() + b',"c":[1.0,null]},"meta":{}}\n'
    ) == (tmp_path / "site" / DAY_FILE).read_bytes()
    assert ["seq", "ts", "type", "data", "meta"] == list(answer)


def test_a_client_s_time_is_kept_and_the_line_ends_with_that_of_arrival(tmp_path):
    """
    As it was sent, to the letter.
    """
    with a_service(tmp_path) as service:
        answer = service.append_event(an_event(ts="2020-01-01T00:00:00+01:00", key="k"))

    [line] = lines_of(tmp_path / "site" / DAY_FILE)
    assert ("2020-01-01T00:00:00+01:00", ["seq", "ts", "type", "data", "meta"]) == (
        answer["ts"], list(answer),
    )  # fmt: skip
    assert ["seq", "ts", "stream", "type", "data", "meta", "key", "received_at"] == list(line)
    assert "2026-03-17T12:00:00.000Z" == line["received_at"]


@pytest.mark.parametrize(
    ("hour", "minute", "day"), [(11, 59, "20260316"), (12, 0, "20260317"), (23, 59, "20260317")]
)
def test_days_begin_at_local_noon(tmp_path, hour, minute, day):
    """
    A night is in one file, wherever the site is.
    """
    now = datetime(2026, 3, 17, hour, minute, tzinfo=timezone(timedelta(hours=-7)))
    with a_service(tmp_path, now_provider=Now(now)) as service:
        service.append_event(an_event())

    assert [f"site_{day}.ndjson"] == [path.name for path in (tmp_path / "site").glob("*.ndjson")]
    assert day == get_site_day_key(now)


def test_times_are_cut_to_milliseconds_in_utc():
    """
    A time of the future is not shown.
    """
    now = datetime(2026, 3, 17, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=2)))

    assert "2026-03-16T23:02:03.999Z" == utc_iso_z(now)


def test_a_time_without_a_zone_has_no_day():
    """
    Nobody knows where it is noon.
    """
    with pytest.raises(ValueError, match="local_dt must be timezone-aware"):
        get_site_day_key(datetime(2026, 3, 17))  # noqa: DTZ001


def test_the_newest_event_of_each_type_is_current(tmp_path):
    """
    But not what was posted as not current.
    """
    with a_service(tmp_path) as service:
        service.append_event(an_event("a", 1))
        newest = [service.append_event(an_event("a", 2)), service.append_event(an_event("b", 3))]
        service.append_event(an_event("a", 4, make_current=False))

        assert {"current": {event["type"]: event for event in newest}} == service.current_snapshot()
        assert newest[0] == service.current_event("a")
        with pytest.raises(TelemetryNotFoundError, match="No current event for type 'c'"):
            service.current_event("c")


def test_what_a_caller_does_with_his_data_afterwards_changes_nothing(tmp_path):
    """
    The current view shows what was posted.
    """
    data = {"rate": [60]}
    with a_service(tmp_path) as service:
        service.append_event(an_event("pulse", data))
        data["rate"].append(61)
        service.current_event("pulse")["data"].clear()

        assert {"rate": [60]} == service.current_event("pulse")["data"]


def test_an_event_that_is_not_stored_has_a_number_and_is_current(tmp_path):
    """
    It leaves a gap in the file.
    """
    with a_service(tmp_path) as service:
        seqs = [
            service.append_event(an_event(store_permanently=stays))["seq"]
            for stays in (True, False, True)
        ]
        service.append_event(an_event("gone", store_permanently=False))

        assert [1, 2, 3] == seqs
        assert 4 == service.current_event("gone")["seq"]
    assert [1, 3] == [line["seq"] for line in stored(tmp_path / "site")]


def test_a_hook_gets_a_copy_of_the_event_and_of_the_request(tmp_path):
    """
    It is called in a thread, and one that fails or waits holds nobody up.
    """
    seen = []
    goes_on = threading.Event()

    def fail(_envelope, _request):
        goes_on.wait(PATIENCE_S)
        raise RuntimeError("boom")

    def hook(envelope, request):
        envelope["data"].clear()
        request.data["sky"] = "gone"
        seen.append((list(envelope), request.store_permanently))

    request = an_event(ts="2020-01-01T00:00:00Z")
    with a_service(tmp_path, post_event_hooks=[fail, hook]) as service:
        answer = service.append_event(request)
        eventually(lambda: seen)
        goes_on.set()

    assert {"sky": "clear"} == answer["data"] == request.data
    assert [(["seq", "ts", "stream", "type", "data", "meta"], True)] == seen


def test_a_second_writer_of_a_folder_is_refused(tmp_path):
    """
    It is told who has it.
    """
    with a_service(tmp_path), pytest.raises(CannotStart, match="is written by process"):
        a_service(tmp_path)
    a_service(tmp_path).close()


def test_a_service_that_is_forgotten_lets_its_folder_go(tmp_path):
    """
    PANOPTES's service has nothing that closes it.
    """
    service = a_service(tmp_path)
    service.append_event(an_event())
    del service

    a_service(tmp_path).close()


def test_a_file_in_the_place_of_the_site_folder_is_an_error_at_once(tmp_path):
    """
    As PANOPTES has it.
    """
    (tmp_path / "file").touch()

    with pytest.raises(FileExistsError):
        TelemetryService(tmp_path / "file")


def test_a_file_that_someone_removes_is_there_again_with_the_next_event(tmp_path):
    """
    With all that was in it.
    """
    path = tmp_path / "site" / DAY_FILE
    with a_service(tmp_path) as service:
        service.append_event(an_event())
        path.unlink()
        service.append_event(an_event())

    assert [1, 2] == [line["seq"] for line in lines_of(path)]


def test_many_who_post_at_once_get_numbers_without_a_gap(tmp_path):
    """
    Each has its own, in the order of its calls.
    """
    with a_service(tmp_path) as service:
        seqs = [[] for _ in range(4)]

        def post(mine):
            for number in range(50):
                mine.append(service.append_event(an_event(data=number))["seq"])

        threads = [threading.Thread(target=post, args=(mine,)) for mine in seqs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert all(mine == sorted(mine) for mine in seqs)
    assert list(range(1, 201)) == sorted(seq for mine in seqs for seq in mine)
    assert list(range(1, 201)) == [line["seq"] for line in lines_of(tmp_path / "site" / DAY_FILE)]


def test_a_line_is_the_json_that_python_would_write(tmp_path):
    """
    With compact separators.
    """
    with a_service(tmp_path) as service:
        service.append_event(
            an_event('a"\n\\\x00', {"": ["\U0001f600", -0.0, 1e16]}, meta={"x": 1})
        )

    line = (tmp_path / "site" / DAY_FILE).read_text().removesuffix("\n")
    assert json.dumps(json.loads(line), separators=(",", ":")) == line
