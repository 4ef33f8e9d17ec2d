"""What waits to be sent."""

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.outbox import Outbox


def an_outbox(max_envelopes, *names):
    outbox = Outbox(max_envelopes)
    for name in names:
        outbox.put(Outgoing("c", name))
    return outbox


def numbers(batch):
    return [numbered.seq for numbered in batch]


def test_envelopes_are_numbered_from_one_in_order():
    """
    A hole in the numbers is then a proven loss.
    """
    assert [1, 2, 3] == numbers(an_outbox(9, b"a", b"b", b"c").take(9))


def test_what_was_taken_is_given_again_until_it_was_sent():
    """
    A failed sending loses nothing.
    """
    outbox = an_outbox(9, b"a", b"b")
    outbox.take(1)

    assert [1] == numbers(outbox.take(1))


def test_what_was_sent_is_not_given_again():
    """
    A successful sending repeats nothing.
    """
    outbox = an_outbox(9, b"a", b"b")
    outbox.take(1)
    outbox.done()

    assert [2] == numbers(outbox.take(1))


def test_a_full_outbox_loses_the_oldest_and_counts_it():
    """
    A bounded memory is paid for in the open.
    """
    outbox = an_outbox(2, b"a", b"b", b"c")

    assert ([2, 3], 1) == (numbers(outbox.take(9)), outbox.lost)


def test_what_is_being_sent_is_never_counted_as_lost():
    """
    The batch in flight may well have arrived.
    """
    outbox = an_outbox(1, b"a")
    outbox.take(1)
    outbox.put(Outgoing("c", b"b"))

    assert 0 == outbox.lost
