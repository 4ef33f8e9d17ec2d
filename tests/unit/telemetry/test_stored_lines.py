"""Events that are read back from all files, as a query wants them."""

import json
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_S
from tests.support.telemetry_log import NOON, BrokenDisk, Now, a_service, an_event
from vitalrig.telemetry.event_line import parsed
from vitalrig.telemetry.event_query import EventQuery
from vitalrig.telemetry.line_filter import LineFilter

texts = st.sampled_from(["a", "b.c", "ü", 'q"', "", "*", "a\\"])
moments = st.one_of(
    st.none(),
    st.integers(-3_000, 3_000).map(lambda us: NOON + timedelta(microseconds=us)),
    st.just(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    st.just(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=3)))),
)
stamps = st.sampled_from(
    ["2026-03-17T12:00:00.000Z", "2026-03-17T12:00:00.001Z", "2026-03-17T11:59:59.999Z",
     "2026-03-17T13:00:00.000+01:00", "2026-03-17T12:00:00Z", "2026-03-17 12:00:00.0Z",
     "2026-03-17T12:00:00.0005Z"]
)  # fmt: skip


@given(
    st.builds(
        EventQuery, since=moments, until=moments, types=st.lists(texts, max_size=2).map(tuple),
        run=st.none() | texts, camera=st.none() | texts,
    ),
    st.fixed_dictionaries(
        {"seq": st.integers(1, 9), "ts": stamps, "stream": st.sampled_from(["site", "run"]),
         "type": texts, "data": texts,
         "meta": st.dictionaries(st.sampled_from(["camera", "run_id"]), texts)}
    ),
)  # fmt: skip
def test_a_line_is_wanted_as_its_event_is(query, event):
    """
    Though most lines are not read to their ends.
    """
    line = json.dumps(event, separators=(",", ":")).encode()

    assert query.matches(event) == LineFilter(query).wants(line)


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b'{"seq":1}', b'{"seq":1,"ts":"x","type":"a"}'])
def test_a_line_of_somebody_else_s_is_wanted_or_not(line):
    """
    It breaks nothing.
    """
    LineFilter(EventQuery(types=("a",), since=NOON, camera="c")).wants(line)


@pytest.fixture
def service(tmp_path):
    with a_service(tmp_path, now_provider=Now()) as service:
        for number in range(1, 10):
            service.append_event(an_event("a.b" if number % 2 else "c", number))
        yield service


def data(lines):
    return [parsed(line)["data"] for line in lines]


def test_lines_are_as_they_are_in_the_files(service):
    """
    Compact, and with nothing behind them but a newline.
    """
    service.append_events([an_event(data="x" * n, make_current=False) for n in range(3)])

    lines = list(service.read_lines(EventQuery(after_seq=9)))
    assert all(line.endswith(b"}\n") for line in lines)
    assert ["", "x", "xx"] == data(lines)


def test_a_run_is_read_by_its_id_also_where_ids_repeat(service):
    """
    All runs with that id, and nothing of another one in the same folder.
    """
    for run_dir, run_id, number in (("x", "one", 1), ("x", "two", 2), ("y", "one", 3)):
        service.start_run(run_dir=run_dir, run_id=run_id)
        service.append_event(an_event(data=number, meta={"camera": "cam"}))
        service.stop_run()
    service.append_event(an_event(data=4, meta={"run_id": "one", "camera": "cam"}))

    assert [1, 3] == data(service.read_lines(EventQuery(run="one")))
    assert [4, 3, 2] == data(service.read_lines(EventQuery(camera="cam", backwards=True, limit=3)))


def test_what_is_not_answered_yet_is_not_read(tmp_path):
    """
    It may be taken back.
    """
    disk, hangs, goes_on = BrokenDisk(), threading.Event(), threading.Event()
    with a_service(tmp_path, disk=disk, fsync="always") as service:
        service.append_event(an_event(data=1))

        def hang():
            hangs.set()
            assert goes_on.wait(PATIENCE_S)

        disk.before["sync"] = hang
        waiting = service.submit(an_event(data=2))
        assert hangs.wait(PATIENCE_S)
        assert [1] == data(service.read_lines(EventQuery()))
        assert [1] == data(service.read_lines(EventQuery(until_seq=9, backwards=True)))
        goes_on.set()
        waiting.result(PATIENCE_S)
        assert [1, 2] == data(service.read_lines(EventQuery()))


@pytest.mark.parametrize("backwards", [False, True])
def test_however_many_events_are_read_in_little_memory(tmp_path, backwards):
    """
    Also those of compressed days.
    """
    now = Now()
    with a_service(tmp_path, now_provider=now) as service:
        for day in (17, 18):
            now.now = NOON.replace(day=day)
            for _ in range(10):
                service.append_events([an_event(data="x" * 10_000) for _ in range(100)])
        service._log.files.close_all_but((), unsynced=True)
        assert 1 == len(service.pack_closed_days())
        tracemalloc.start()
        try:
            count = sum(1 for _ in service.read_lines(EventQuery(backwards=backwards)))
            most_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert 2_000 == count
    assert most_bytes < 4_000_000
