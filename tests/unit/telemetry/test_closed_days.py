"""Files that nobody writes any more are compressed, and go when they are too old or too much."""

import gzip
import os
import time
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.telemetry_log import NOON, BrokenDisk, Now, a_service, an_event, crashed
from vitalrig.telemetry import log_keeper
from vitalrig.telemetry.event_retention import RetentionPolicy
from vitalrig.telemetry.event_sources import all_sources, falling, rising
from vitalrig.telemetry.log_checkpoint import CHECKPOINT_FILE

DAYS = 4


@pytest.fixture
def now():
    return Now()


@pytest.fixture
def service(tmp_path, now):
    """Four days with three events each, of which the second has a run."""
    with a_service(tmp_path, now_provider=now) as service:
        for day in range(DAYS):
            now.now = NOON.replace(day=17 + day)
            for number in range(3):
                service.append_event(an_event(data="x" * 100 * number))
            if day == 1:
                service.start_run(run_id="r")
                service.append_event(an_event())
                service.stop_run()
        close_old(service)
        for age, name in enumerate(["20", "19", "18", "17"]):
            path = service.site_dir / f"site_202603{name}.ndjson"
            os.utime(path, (time.time() - age * 86_400,) * 2)
        os.utime(service.site_dir / "r" / "telemetry.ndjson", (time.time() - 1.5 * 86_400,) * 2)
        yield service


def close_old(service):
    """Have closed what is not written any more, once it is synced."""

    def is_closed():
        service._keeper.look()
        service._thread.call(lambda: None)
        return len(service._log.files.paths()) <= 1

    eventually(is_closed)


def files(service):
    return sorted(
        str(source.path.relative_to(service.site_dir)) for source in all_sources(service.site_dir)
    )


def seqs(service):
    return [line.seq for line in rising(all_sources(service.site_dir), 0)]


ALL = list(range(1, 14))


def test_days_that_are_over_are_compressed_and_read_as_before(service):
    """
    Any gzip reads them; the day that is written and runs stay as they are.
    """
    plain = (service.site_dir / "site_20260317.ndjson").read_bytes()
    made = service.pack_closed_days()

    assert 3 == len(made)
    assert ["r/telemetry.ndjson", *(f"site_202603{day}.ndjson.gz" for day in (17, 18, 19)),
            "site_20260320.ndjson"] == files(service)  # fmt: skip
    assert plain == gzip.decompress(made[0].read_bytes())
    assert ALL == seqs(service)
    assert ALL == [line.seq for line in falling(all_sources(service.site_dir), 99)][::-1]
    assert [] == service.pack_closed_days()


def test_compressed_days_are_recovered_from_as_well(service, tmp_path, now):
    """
    Without a checkpoint.
    """
    service.pack_closed_days()
    crashed(service)
    (service.site_dir / CHECKPOINT_FILE).unlink(missing_ok=True)
    (service.site_dir / "site_20260320.ndjson").unlink()

    with a_service(tmp_path, now_provider=now) as again:
        assert 10 == again.current_event("weather")["seq"] == again.last_seq


@pytest.mark.parametrize("damage", ["flipped", "cut", "somebody else's, cut"])
def test_a_compressed_day_that_is_damaged_stops_no_log(service, tmp_path, now, damage):
    """
    The rest is recovered and read, and numbers go on.
    """
    service.pack_closed_days()
    crashed(service)
    (service.site_dir / CHECKPOINT_FILE).unlink(missing_ok=True)
    (service.site_dir / "site_20260320.ndjson").unlink()
    path = service.site_dir / "site_20260319.ndjson.gz"
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-9] ^= 255
    elif damage == "cut":
        del content[-20:]
    else:
        content = gzip.compress(gzip.decompress(content))[:-9]
    path.write_bytes(content)

    with a_service(tmp_path, now_provider=now) as again:
        ours = damage != "somebody else's, cut"
        seq = 11 if ours else 8
        assert seq == again.append_event(an_event("new"))["seq"]
        assert 6 == again.current_event("weather")["seq"]
        if not ours:
            assert [*range(1, 8), 8] == seqs(again)
        else:
            with pytest.raises(OSError):
                seqs(again)
        assert [seq] == [line.seq for line in rising(all_sources(again.site_dir), seq - 1)]


def test_a_day_that_comes_again_is_compressed_beside_the_first(service, now):
    """
    A clock that was set back writes the old day's file anew; nothing is lost.
    """
    service.pack_closed_days()
    now.now = NOON
    service.append_event(an_event())
    now.now = NOON.replace(day=21)
    service.append_event(an_event())
    close_old(service)

    made = {path.name for path in service.pack_closed_days()}
    assert {"site_20260317.2.ndjson.gz", "site_20260320.ndjson.gz"} == made
    assert [*ALL, 14, 15] == seqs(service)


def test_a_day_that_was_compressed_and_not_removed_yet_is_compressed_once(service):
    """
    A crash may come between the two.
    """
    plain = service.site_dir / "site_20260317.ndjson"
    content = plain.read_bytes()
    service.pack_closed_days()
    plain.write_bytes(content)

    assert ALL == seqs(service)
    assert ["site_20260317.ndjson.gz"] == [path.name for path in service.pack_closed_days()]
    assert 3 == sum(name.endswith(".gz") for name in files(service))
    assert ALL == seqs(service)


def test_a_full_disk_leaves_the_day_as_it_was(tmp_path, now):
    """
    It is compressed some other day.
    """
    disk = BrokenDisk()
    with a_service(tmp_path, now_provider=now, disk=disk) as service:
        service.append_event(an_event())
        now.now = NOON.replace(day=18)
        service.append_event(an_event())
        close_old(service)
        disk.before["write"] = fail
        with pytest.raises(OSError):
            service.pack_closed_days()
        disk.before.clear()

        assert ["site_20260317.ndjson", "site_20260318.ndjson"] == files(service)
        assert 1 == len(service.pack_closed_days())


def fail():
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("policy", "gone"),
    [
        (RetentionPolicy(), 0),
        (RetentionPolicy(max_age_s=2.5 * 86_400), 1),
        (RetentionPolicy(max_age_s=1.2 * 86_400), 3),
        (RetentionPolicy(max_age_s=0), 4),
        (RetentionPolicy(max_bytes=10**6), 0),
        (RetentionPolicy(max_bytes=1_800), 2),
        (RetentionPolicy(max_bytes=0), 4),
        (RetentionPolicy(min_free_bytes=1), 0),
        (RetentionPolicy(min_free_bytes=1 << 60), 4),
    ],
)
def test_the_oldest_files_go_and_never_one_that_is_written(service, policy, gone):
    """
    By age, by size, by the room that is left; a dry run only tells.
    """
    before = files(service)
    told = service.prune(policy, dry_run=True)
    assert before == files(service)

    assert told == service.prune(policy)
    oldest_first = ["site_20260317.ndjson", "site_20260318.ndjson", "r/telemetry.ndjson",
                    "site_20260319.ndjson"]  # fmt: skip
    assert [str(service.site_dir / name) for name in oldest_first[:gone]] == [
        each["file"] for each in told
    ]
    assert set(before) - set(oldest_first[:gone]) == set(files(service))
    service.append_event(an_event())
    assert 14 == seqs(service)[-1]


def test_a_full_disk_gets_room_and_compressed_days_are_read_on_it(tmp_path, now):
    """
    What goes is written down when it has made room; reading needs none.
    """
    disk = BrokenDisk()
    with a_service(tmp_path, now_provider=now, disk=disk) as service:
        for day in (17, 18, 19):
            now.now = NOON.replace(day=day)
            service.append_event(an_event())
        close_old(service)
        first, _ = service.pack_closed_days()
        disk.before["write"] = lambda: fail() if first.exists() else None

        assert [1, 2, 3] == seqs(service)
        assert [first] == [
            Path(each["file"])
            for each in service.prune(
                RetentionPolicy(
                    max_bytes=sum(path.stat().st_size for path in (service.site_dir).glob("site_*"))
                    - 1
                )
            )
        ]
        assert [(1, 1)] == service.removed_after(0)
        assert 4 == service.append_event(an_event())["seq"]


def test_readers_are_told_what_was_removed(service):
    """
    From which number to which, as far as they have not read it.
    """
    assert [] == service.removed_after(0)
    service.prune(RetentionPolicy(max_age_s=1.8 * 86_400))

    assert [(1, 6)] == service.removed_after(0)
    assert [(4, 6)] == service.removed_after(3)
    assert [] == service.removed_after(6)
    service.prune(RetentionPolicy(max_age_s=0))
    assert [(1, 10)] == service.removed_after(0)


def test_numbers_go_on_when_all_files_were_removed(service, tmp_path):
    """
    Also without a checkpoint.
    """
    service.prune(RetentionPolicy(max_age_s=0))
    crashed(service)
    (service.site_dir / CHECKPOINT_FILE).unlink(missing_ok=True)
    (service.site_dir / "site_20260320.ndjson").unlink()

    with a_service(tmp_path) as again:
        assert 14 == again.append_event(an_event())["seq"]


def test_the_file_of_a_run_that_goes_on_stays(service):
    """
    Also if the run's folder was given in another way, and nothing was written for long.
    """
    service.start_run(run_dir=service.site_dir.parent / "site" / "x" / ".." / "y")
    service.append_event(an_event())
    path = service.site_dir / "y" / "telemetry.ndjson"
    os.utime(path, (0, 0))

    service.prune(RetentionPolicy(max_age_s=0))

    assert path.exists()


def test_files_of_runs_outside_the_site_folder_are_not_removed(tmp_path):
    """
    They are their owner's.
    """
    with a_service(tmp_path, run_roots=[tmp_path / "mine"]) as service:
        service.start_run(run_dir=tmp_path / "mine" / "1")
        service.append_event(an_event())
        service.stop_run()
        service.append_event(an_event())
        close_old(service)

        assert [] == service.prune(RetentionPolicy(max_bytes=0))


def test_days_are_compressed_and_removed_without_being_asked(tmp_path, monkeypatch, now):
    """
    Once in a while, in a thread that holds nobody up.
    """
    monkeypatch.setattr(log_keeper, "TIDY_EVERY_S", 0.0)
    policy = RetentionPolicy(max_bytes=0)
    with a_service(tmp_path, now_provider=now, retention=policy, look_every_s=0.01) as service:
        service.append_event(an_event())
        now.now = NOON.replace(day=18)
        service.append_event(an_event())

        assert eventually(lambda: service.removed_after(0)) == [(1, 1)]
        assert ["site_20260318.ndjson"] == files(service)
