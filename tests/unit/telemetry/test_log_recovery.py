"""What a log knows again after it ended, however it ended."""

import shutil

import pytest

from tests.support.telemetry_log import (
    DAY_FILE,
    NOON,
    Now,
    a_service,
    an_event,
    crashed,
    lines_of,
    stored,
)
from vitalrig.telemetry.log_checkpoint import CHECKPOINT_FILE


@pytest.fixture(params=["closed", "crashed", "checkpoint lost"])
def again(request, tmp_path):
    """Ends a service in one of these ways, and gives the next one."""

    def end(service, **more):
        if request.param == "crashed":
            crashed(service)
        else:
            service.close()
        if request.param == "checkpoint lost":
            (tmp_path / "site" / CHECKPOINT_FILE).unlink()
        return a_service(tmp_path, **more)

    return end


def test_numbers_go_on_where_they_were(tmp_path, again):
    """
    Over days and runs, and also where the newest was not stored.
    """
    service = a_service(tmp_path)
    service.append_event(an_event())
    service.start_run()
    service.append_event(an_event())
    service.append_event(an_event(store_permanently=False))

    with again(service, now_provider=Now(NOON.replace(day=18))) as service:
        assert 3 == service.last_seq
        assert 4 == service.append_event(an_event())["seq"]


def test_what_was_current_is_current_again(tmp_path, again):
    """
    The site's and the run's, but not what was posted as not current.
    """
    service = a_service(tmp_path)
    for kind in ("a", "b", "a", "ü"):
        service.append_event(an_event(kind, 10**30))
    service.append_event(an_event("b", 0, make_current=False))
    service.start_run()
    service.append_event(an_event("b", 1))
    service.append_event(an_event("a", 0, make_current=False, ts="2020-01-01T00:00:00Z", key="k"))
    before = service.current_snapshot()

    with again(service) as service:
        assert before == service.current_snapshot()
        service.stop_run()
        assert 10**30 == service.current_event("b")["data"]


def test_a_run_goes_on_after_a_restart(tmp_path, again):
    """
    With its folder, and so do recordings; what was stopped stays so.
    """
    service = a_service(tmp_path)
    service.start_run(run_id="old")
    service.append_event(an_event("old"))
    service.stop_run()
    run = service.start_run(run_dir="old", run_id="new", meta={"who": "me"})
    recording = service.start_recording_run("s", "cam")
    runs = service.runs()

    with again(service) as service:
        assert run == service.get_run()
        assert runs == service.runs()
        assert {"run_id": "new"} == service.append_event(an_event())["meta"]
        assert ["weather"] == list(service.current_snapshot()["current"])
        assert run == service.stop_run()
        assert recording == service.get_run()


def test_a_key_is_known_again(tmp_path, again):
    """
    What was kept before is not kept twice.
    """
    service = a_service(tmp_path)
    one = service.append_event(an_event(data={"a": [1]}, key="one"))
    some = service.append_events([an_event(data=n) for n in range(3)], key="some")

    with again(service) as service:
        assert one == service.append_event(an_event(data={"a": [1]}, key="one"))
        assert some == service.append_events([an_event(data=n) for n in range(3)], key="some")
    assert [1, 2, 3, 4] == [line["seq"] for line in stored(tmp_path / "site")]


def test_a_torn_end_of_any_length_is_set_aside(tmp_path):
    """
    At every byte of the last two lines: what is whole stays, and numbers have no gap.
    """
    with a_service(tmp_path) as service:
        for number in range(3):
            service.append_event(an_event(data=number))
    path = tmp_path / "site" / DAY_FILE
    (tmp_path / "site" / CHECKPOINT_FILE).unlink()
    whole = path.read_bytes()
    first = len(whole.splitlines(keepends=True)[0])

    for size in range(first, len(whole) + 1):
        folder = tmp_path / f"cut{size}"
        shutil.copytree(tmp_path / "site", folder / "site")
        (folder / "site" / DAY_FILE).write_bytes(whole[:size])
        kept = whole[:size].count(b"\n")
        with a_service(folder) as service:
            assert kept + 1 == service.append_event(an_event(data="next"))["seq"]
            torn = service.counts()["torn_ends"]
        file = folder / "site" / DAY_FILE
        half = whole[:size].rpartition(b"\n")[2]
        aside = file.with_name(file.name + ".torn")
        assert [*range(kept), "next"] == [line["data"] for line in lines_of(file)]
        assert (half + b"\n" if half else b"", bool(half)) == (
            aside.read_bytes() if half else b"", bool(torn),
        )  # fmt: skip
        shutil.rmtree(folder)


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_of_a_batch_that_is_not_whole_nothing_is_left(tmp_path, has_checkpoint):
    """
    Wherever it was cut, also where its events are in several files.
    """
    with a_service(tmp_path) as service:
        service.start_recording_run("s", "cam")
        service.append_event(an_event(data="before"))
    checkpoint = (tmp_path / "site" / CHECKPOINT_FILE).read_bytes()
    with a_service(tmp_path) as service:
        metas = [{"camera": "cam"}, {"camera": "other"}] * 2
        service.append_events(
            [an_event(data=n, meta=meta, make_current=n < 3) for n, meta in enumerate(metas)]
        )
    # The site file has 1 and 3, the recording's 0 and 2: written in the order of their numbers.
    site = tmp_path / "site" / DAY_FILE
    assert [1, 3] == [line["data"] for line in lines_of(site)]
    (tmp_path / "site" / CHECKPOINT_FILE).write_bytes(checkpoint if has_checkpoint else b"")
    site.write_bytes(site.read_bytes().splitlines(keepends=True)[0])

    with a_service(tmp_path) as service:
        assert 2 == service.counts()["torn_ends"]
        assert 2 == service.append_event(an_event(data="after", meta={"camera": "x"}))["seq"]
    assert ["before", "after"] == [line["data"] for line in stored(tmp_path / "site")]


def test_a_batch_that_is_whole_stays(tmp_path):
    """
    Also as the last one, and with events that are not stored.
    """
    stays = [True, False, True, False]
    with a_service(tmp_path) as service:
        service.append_events([an_event(store_permanently=each) for each in stays])
    (tmp_path / "site" / CHECKPOINT_FILE).unlink()

    with a_service(tmp_path) as service:
        assert (4, 0) == (service.last_seq, service.counts()["torn_ends"])


@pytest.mark.parametrize(
    "damage", [b"", b"\n", b"[]\n", b'["checkpoint",1,7]\n', b"\xff", b"[" * 9999]
)
def test_a_checkpoint_that_is_of_no_use_costs_time_only(tmp_path, damage):
    """
    All is read from the files.
    """
    with a_service(tmp_path) as service:
        kept = service.append_event(an_event())
    (tmp_path / "site" / CHECKPOINT_FILE).write_bytes(damage)

    with a_service(tmp_path) as service:
        assert (1, kept) == (service.last_seq, service.current_event("weather"))


def test_with_a_checkpoint_only_what_came_later_is_read(tmp_path):
    """
    However much there is.
    """
    with a_service(tmp_path) as service:
        for _ in range(20):
            service.append_event(an_event())
    service = a_service(tmp_path)
    service.append_event(an_event())
    crashed(service)

    with a_service(tmp_path) as service:
        assert 1 == service.counts()["recovered_events"]


def test_files_of_panoptes_are_taken_up(tmp_path):
    """
    Their numbers begin anew with each start; ours go on behind the greatest.
    """
    line = '{{"seq":{},"ts":"","stream":"site","type":"a","data":{},"meta":{{}}}}\n'
    (tmp_path / "site").mkdir()
    path = tmp_path / "site" / DAY_FILE
    path.write_text("".join(line.format(seq, seq) for seq in (1, 2, 3, 1, 2)))

    with a_service(tmp_path) as service:
        assert 4 == service.append_event(an_event())["seq"]
    assert [1, 2, 3, 1, 2, 4] == [line["seq"] for line in lines_of(path)]
