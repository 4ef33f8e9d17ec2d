"""What waits to be sent."""

import asyncio

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.publishing.outbox import Outbox
from tests.support.patience import PATIENCE_S
from vitalrig.clock import ManualClock


def an_outbox(max_envelopes, *names):
    outbox = Outbox(max_envelopes)
    for name in names:
        outbox.put(Outgoing("edge_metrics", name))
    return outbox


def a_picture(name):
    return Outgoing("frame", name, b"jpeg")


def numbers(batch):
    return [numbered.seq for numbered in batch]


def names(batch):
    return [numbered.outgoing.envelope for numbered in batch]


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
    outbox.put(Outgoing("edge_metrics", b"b"))

    assert 0 == outbox.lost


def test_a_picture_uses_up_no_number():
    """
    Pictures may be left out; a hole in the numbers would look like a loss.
    """
    outbox = an_outbox(9, b"a")
    outbox.put(a_picture(b"p"))
    outbox.put(Outgoing("edge_metrics", b"b"))

    assert [1, 2, 0] == numbers(outbox.take(9))


def test_a_newer_picture_replaces_one_that_waits():
    """
    A backend that was away gets what is to be seen now.
    """
    outbox = an_outbox(9)
    outbox.put(a_picture(b"old"))
    outbox.put(a_picture(b"new"))

    assert ([b"new"], 1) == (names(outbox.take(9)), outbox.pictures_replaced)


def test_a_picture_that_came_during_a_sending_is_sent_next():
    """
    What was sent was the one before it.
    """
    outbox = an_outbox(9)
    outbox.put(a_picture(b"old"))
    outbox.take(9)
    outbox.put(a_picture(b"new"))
    outbox.done()

    assert ([b"new"], 0) == (names(outbox.take(9)), outbox.pictures_replaced)


def test_after_a_failed_sending_the_newest_picture_is_taken():
    """
    Envelopes are repeated, pictures are not.
    """
    outbox = an_outbox(9, b"a")
    outbox.put(a_picture(b"old"))
    outbox.take(9)
    outbox.put(a_picture(b"new"))

    assert [b"a", b"new"] == names(outbox.take(9))


def test_a_picture_that_was_sent_is_not_given_again():
    """
    Also when nothing else waits.
    """
    outbox = an_outbox(9)
    outbox.put(a_picture(b"p"))
    outbox.take(9)
    outbox.done()

    assert [] == outbox.take(9)


def test_a_picture_alone_ends_the_waiting():
    """
    A source without metrics, such as an empty room, still has a picture.
    """

    async def run():
        outbox = an_outbox(9)
        outbox.put(a_picture(b"p"))
        await asyncio.wait_for(outbox.wait(), PATIENCE_S)
        return True

    assert asyncio.run(run())


def test_pictures_push_no_envelope_out_of_a_full_outbox():
    """
    Measurements come first.
    """
    outbox = an_outbox(2, b"a", b"b")
    outbox.put(a_picture(b"p"))

    assert ([1, 2, 0], 0) == (numbers(outbox.take(9)), outbox.lost)


def test_an_envelope_knows_when_it_was_put_in():
    """
    From this the time until it is sent is measured.
    """
    clock = ManualClock(monotonic_s=7.0)
    outbox = Outbox(9, clock)
    outbox.put(Outgoing("edge_metrics", b"a"))
    clock.advance(1.5)
    outbox.put(Outgoing("edge_metrics", b"b"))

    assert [7.0, 8.5] == [numbered.put_at_s for numbered in outbox.take(9)]


def test_a_picture_that_came_during_a_sending_ends_the_next_waiting():
    """
    It is not forgotten until something else comes.
    """

    async def run():
        outbox = an_outbox(9, b"a")
        outbox.take(9)
        outbox.put(a_picture(b"new"))
        outbox.done()
        await asyncio.wait_for(outbox.wait(), PATIENCE_S)
        return True

    assert asyncio.run(run())
