"""Numbers prove what is missing."""

from hypothesis import given
from hypothesis import strategies as st

from services.collector.sequence import FINE, Sequence, Verdict


def after(*numbers, run="r"):
    sequence = Sequence()
    for number in numbers:
        sequence.see(run, number)
    return sequence


def test_the_next_number_is_fine():
    """
    The usual case.
    """
    assert FINE == after(1, 2).see("r", 3)


def test_a_number_seen_before_is_a_duplicate():
    """
    A batch that was sent twice is kept once.
    """
    assert Verdict(duplicate=True, missing=0) == after(1, 2).see("r", 2)


def test_skipped_numbers_are_missing():
    """
    Each of them was published and never came.
    """
    assert Verdict(duplicate=False, missing=3) == after(1, 2).see("r", 6)


def test_who_starts_in_mid_run_misses_nothing():
    """
    What came before was not asked for.
    """
    assert FINE == Sequence().see("r", 500)


def test_a_new_run_begins_at_one():
    """
    A restarted server owes its first envelopes too.
    """
    assert Verdict(duplicate=False, missing=2) == after(1, 2).see("another", 3)


@given(st.sets(st.integers(1, 300), min_size=1))
def test_what_came_and_what_is_missing_add_up_to_all(numbers):
    """
    published = kept + counted as missing, from the first that was heard.
    """
    sequence = Sequence()
    ordered = sorted(numbers)
    missing = sum(sequence.see("r", number).missing for number in ordered)

    assert ordered[-1] - ordered[0] + 1 == len(ordered) + missing
