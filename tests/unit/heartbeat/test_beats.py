"""
A beat counts whole or not at all.
"""

import copy
import gc
import linecache
import pickle
import sys
import tracemalloc
from dataclasses import asdict
from fractions import Fraction
from math import inf, nan

import pytest

from vitalrig.heartbeat import Heartbeat

BAD = [
    ((0,), ((1,), (2, 3))),
    ((nan,), ((1,), (2, 3))),
    ((1,), ((nan,), (2, 3))),
    ((1,), ((1,), (2, inf))),
    ((1,), ((1,), (2, "a"))),
    ((1,), ((1,), ("a", "b"))),
    ((1,), ((1,), (2,))),
    ((1,), ((1,),)),
    ((1,), None),
    ((1,), 5),
    (None, None),
    (("a",), ((1,), (2, 3))),
    ((1,), ((1j,), (2, 3))),
]


def everything(hbt):
    return (hbt.count, [asdict(hbr) for hbr in hbt._window_buffer], hbt.get_rows())


@pytest.mark.parametrize(("time", "fields"), BAD)
@pytest.mark.parametrize("beats", [0, 1, 5, 512])
def test_a_refused_beat_changes_nothing(time, fields, beats):
    """
    All that can be read is as before, and the next good beat is as if there had been no bad one.
    """
    hearts = [Heartbeat(3, 1, (1, 2)) for _ in range(2)]
    for hbt in hearts:
        for number in range(beats):
            hbt.heartbeat(number, (2,), ((0.5,), (1, number)))
    tried, spared = hearts
    for _ in range(600):
        with pytest.raises((TypeError, ValueError)):
            tried.heartbeat("bad", time, fields)
    assert everything(spared) == everything(tried)

    for hbt in hearts:
        hbt.heartbeat("good", (2,), ((0.5,), (1, 2)))

    assert everything(spared) == everything(tried)


def test_an_iterator_that_fails_leaves_no_beat():
    """
    The error is the iterator's own.
    """

    def fields():
        yield (1,)
        raise LookupError("no second field")

    hbt = Heartbeat(2, 1, (1, 1))

    with pytest.raises(LookupError, match="no second field"):
        hbt.heartbeat(0, (1,), fields())
    assert 0 == hbt.count


class Interrupt:
    """
    Raises KeyboardInterrupt at the line of our code that is number *line* from now.

    Not where a ``with`` begins or ends: there, the interpreter takes no interrupts, and this would.
    """

    def __init__(self, line):
        self.left = line

    def __call__(self, frame, event, _):
        if "heartbeat" not in frame.f_globals.get("__package__", ""):
            return None
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and not line.strip().startswith("with "):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def test_an_interrupt_at_any_line_loses_no_beat_and_counts_none_twice():
    """
    Ctrl-C may come while beats settle or are read; what is read afterwards is right, and stays so.
    """

    def beat(hbt, numbers):
        for number in numbers:
            amount = [number * 0.3] if number % 50 == 0 else (number * 0.3,)
            hbt.heartbeat(number, (0.1 * number + 1,), ((0, number), amount))

    def beaten(count):
        hbt = pickle.loads(early)
        beat(hbt, range(512, count))
        return hbt

    def read(hbt):
        return hbt.get_rows(), hbt.get_record(-2), hbt.get_record().field_records

    early = Heartbeat(4, 1, (2, 1))
    beat(early, range(512))
    early.get_rows()
    early = pickle.dumps(early)
    expected = {count: everything(beaten(count)) for count in (767, 768)}
    usual = sys.gettrace()
    # With beat 767 all that wait settle, and old ones are let go of.
    for act in (read, lambda hbt: beat(hbt, [767])):
        interrupts = 0
        interrupted = True
        while interrupted:
            hbt = beaten(767)
            interrupted = False
            sys.settrace(Interrupt(interrupts + 1))
            try:
                act(hbt)
            except KeyboardInterrupt:
                interrupted = True
                interrupts += 1
            finally:
                sys.settrace(usual)
            assert expected[hbt.count] == everything(hbt)
            beat(hbt, range(hbt.count, 768))
            assert expected[768] == everything(hbt)
        assert interrupts > 100


def test_a_beat_in_the_middle_of_a_read_does_not_wait():
    """
    A signal handler may beat though it has interrupted a reader that holds the lock.
    """
    hbt = Heartbeat(4)
    with hbt._ring.lock:
        for number in range(2_000):
            hbt.heartbeat(number, (1,))

    assert 2_000 == hbt.count == hbt.get_global_count()


def test_a_subclass_may_have_a_beat_of_its_own():
    """
    Which calls that of its base.
    """

    class Twice(Heartbeat):
        def heartbeat(self, tag, time, fields=None):
            super().heartbeat(tag, time, fields)
            super().heartbeat(tag, time, fields)

    hbt = Twice(2)
    hbt.heartbeat(0, (1,))

    assert 2 == hbt.count


def test_what_the_caller_does_with_its_values_later_does_not_matter():
    """
    A list that is used again for the next beat belongs to the caller.
    """
    hbt = Heartbeat(2, 1, (1,))
    time, field = [1], [5]
    hbt.heartbeat(0, time, [field])
    time[0], field[0] = 7, "x"
    hbt.heartbeat(1, time, ((6,),))

    assert [1] == hbt.get_value(-1)
    assert [5] == hbt.get_value(-1, 0)
    assert 11 == hbt.get_global_count(0, 0)


def test_values_of_changing_types_are_kept_as_they_came():
    """
    Columns change between arrays and lists as needed, and no value changes its type.
    """
    kinds = [1, 2.5, 2**70, True, Fraction(1, 3), -1.5, 3]
    hbt = Heartbeat(40)
    reported = []
    for number in range(3_000):
        # Long runs of one type, with all types in between.
        value = kinds[number % 7] if number % 1_000 < 20 else kinds[number // 1_000]
        reported.append(value if value > 0 else -value)
        hbt.heartbeat(str(number), (reported[-1],))
        if number % 97 == 0 or 990 < number % 1_000:
            last = reported[-40:]
            assert [(type(value), value) for value in last] == [
                (type(value), value) for value in hbt.get_window_values()
            ]
            assert sum(map(Fraction, last)) == pytest.approx(hbt.get_window_count(), rel=1e-15)


def test_the_length_is_the_number_of_beats_in_the_window():
    """
    And an empty heartbeat is still something: ``if hbt:`` asks whether there is one.
    """
    hbt = Heartbeat(2)
    lengths = [len(hbt)]
    for number in range(3):
        hbt.heartbeat(number, (1,))
        lengths.append(len(hbt))

    assert [0, 1, 2, 2] == lengths
    assert bool(Heartbeat(2))


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda hbt: pickle.loads(pickle.dumps(hbt))], ids=["copy", "pickle"]
)
def test_a_copy_goes_on_by_itself(clone):
    """
    Beats of the copy are not the original's.
    """
    hbt = Heartbeat(3, 1, (1,))
    for number in range(5):
        hbt.heartbeat(number, (0.1,), ((number,),))
    before = everything(hbt)
    other = clone(hbt)
    assert before == everything(other)

    other.heartbeat(5, (0.1,), ((5,),))

    assert before == everything(hbt)
    assert (6, 15) == (other.count, other.get_global_count(0, 0))


@pytest.mark.parametrize("reads", [True, False], ids=["read at once", "read at the end"])
def test_memory_is_bounded_by_the_window(reads):
    """
    Three times as many beats take no more memory, tags included.
    """
    hbt = Heartbeat(500, 1, (1,))

    def beat(numbers):
        for number in numbers:
            hbt.heartbeat(f"tag {number:9}", (0.1 * number + 1,), ((number,),))
            if reads:
                hbt.get_window_rate()
        hbt.get_record()
        gc.collect()  # empties the interpreter's own store of used tuples, too
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = beat(range(5_000))
        late = beat(range(5_000, 15_000))
    finally:
        tracemalloc.stop()

    assert late < 1.3 * early
