"""
Beats of many threads are counted to the last one.
"""

import sys
import threading

import pytest

from vitalrig.heartbeat import Heartbeat


@pytest.fixture
def short_turns():
    """
    Threads take turns as often as they can.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def run_all(workers):
    """
    Run each of *workers* in a thread, all at once, and return what they raised.
    """
    failures = []
    ready = threading.Barrier(len(workers))

    def work(worker):
        try:
            ready.wait()
            worker()
        except BaseException as failure:  # noqa: BLE001 - whatever it is, the test tells
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_eight_threads_lose_no_beat(short_turns):
    """
    8 threads x 20,000 beats: count, sums and numbers of beats are exact, and nothing is raised.
    """
    hbt = Heartbeat(160_000, 1, (1, 2))

    def beater(name):
        def beat():
            for number in range(20_000):
                hbt.heartbeat((name, number), (0.5,), ((name,), (number, number + 1)))

        return beat

    failures = run_all([beater(name) for name in range(8)])

    assert [] == failures
    assert 160_000 == hbt.count
    assert 80_000.0 == hbt.get_global_count()
    assert (20_000 * 28, 160_000) == (hbt.get_global_count(0, 0), hbt.get_global_count(0, 1))
    records = hbt.get_records()
    assert list(range(160_000)) == [hbr.ident for hbr in records]
    for name in range(8):
        assert list(range(20_000)) == [hbr.tag[1] for hbr in records if hbr.tag[0] == name]


def test_a_reader_sees_whole_beats_only(short_turns):
    """
    While two threads beat, every record is one beat: fields, sums and number fit together.
    """
    hbt = Heartbeat(50, 1, (1, 2))
    reading = threading.Event()
    reading.set()
    seen = []

    def beat():
        number = 0
        while number < 15_000 or reading.is_set():
            hbt.heartbeat(number, (2,), ((3,), (0, 5)))
            number += 1

    def read():
        while len(seen) < 400:
            record = hbt.get_record()
            count = record.ident + 1
            seen.append(
                hbt.count >= count
                and (2 * count, 2 * min(count, 50)) == (record.time.glbl, record.time.wndw)
                and 3 * count == record.field_records[0].glbl
                and 5 * min(count, 50) == record.field_records[1].wndw
                if record.time.inst
                else record.tag == 0
            )
            rows = hbt.get_rows()
            seen.append([row[3] for row in rows] == [2 * (row[0] + 1) for row in rows])
            seen.append(hbt.get_window_rate() in {0, 0.5})
        reading.clear()

    failures = run_all([beat, beat, read, read])

    assert [] == failures
    assert hbt.count == hbt.get_global_count() // 2 >= 30_000
    assert all(seen)
