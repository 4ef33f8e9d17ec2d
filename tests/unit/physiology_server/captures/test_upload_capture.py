"""Uploaded pictures: each one used or counted, once."""

import asyncio
import contextlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.physiology_server.captures.capture import CapturedFrame, NoFrame
from services.physiology_server.captures.upload_capture import UploadCapture, UploadQueue
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.transforms import Transform
from tests.support.clips import Brightness
from tests.support.patience import PATIENCE_S
from vitalrig.clock import ManualClock
from vitalrig.errors import InvalidState
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.statuses import StatusCode


def picture(level=100):
    # Read only, as what comes off the wire is.
    return np.frombuffer(bytes([level]) * (12 * 16 * 3), np.uint8).reshape(12, 16, 3)


class Receiver:
    """Takes what the capture yields, as the frame loop does."""

    def __init__(self, *, make_analysis=Brightness, **how):
        self.clock = ManualClock()
        self.drops = DroppedFrames(ServiceHeartbeats("physiology_server"))
        self.uploads = UploadQueue(self.drops, opens_within_s=0)
        self.shots = []
        self.idles = asyncio.Queue()
        self.capture = UploadCapture(
            self.uploads, self.clock, make_analysis, lambda: len(self.shots), **how
        )
        self.running = True

    async def run(self):
        async with contextlib.aclosing(self.capture.items()) as items:
            async for item in items:
                if not self.running:
                    break
                if isinstance(item, CapturedFrame):
                    self.shots.append(item)
                else:
                    self.idles.put_nowait(item)

    @contextlib.asynccontextmanager
    async def receiving(self):
        task = asyncio.create_task(self.run())
        await asyncio.sleep(0)
        try:
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def with_receiver(script, **how):
    """Run *script* while a receiver takes pictures, and give both results."""
    receiver = Receiver(**how)

    async def run():
        async with receiver.receiving(), asyncio.timeout(PATIENCE_S):
            return await script(receiver)

    return asyncio.run(run()), receiver


def test_an_uploaded_picture_is_measured():
    """
    The client is told so by None, and the stamp is the wall clock at the first picture.
    """

    async def script(receiver):
        return [await receiver.uploads.put(picture(50 + n), n * 40_000) for n in range(3)]

    answers, receiver = with_receiver(script)

    assert [None] * 3 == answers
    assert [50, 51, 52] == [shot.frame.signals.pulse for shot in receiver.shots]
    start_us = receiver.clock.wall_us()
    assert [0, 40_000, 80_000] == [shot.stamp_us - start_us for shot in receiver.shots]
    assert [0.0, 0.04, 0.08] == [shot.frame.time_s for shot in receiver.shots]


def test_the_rate_is_that_of_the_client_s_times():
    """
    Whatever `fps` is set to.
    """

    async def script(receiver):
        for n in range(20):
            await receiver.uploads.put(picture(), n * 40_000)

    _, receiver = with_receiver(script, fps=60.0)

    assert pytest.approx(25.0) == receiver.capture.fps


def test_uploads_wait_for_the_receiver_and_are_no_camera():
    """
    None is left out because somebody is slow; and the kind is told to whoever sees the numbers.
    """
    capture = Receiver().capture

    assert ("upload", True) == (capture.kind, capture.waits)


def test_without_a_running_graph_a_picture_is_refused():
    """
    The client learns that it must start the graph.
    """
    receiver = Receiver()

    assert "not_started" == asyncio.run(receiver.uploads.put(picture(), 0))
    assert 1 == receiver.drops.by_reason["not_started"]


@pytest.mark.parametrize(
    "bad",
    [None, np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)],
    ids=["none", "grey", "empty"],
)
def test_what_is_no_picture_is_refused_and_the_next_one_used(bad):
    """
    One mistake costs one frame, whose number is missing then.
    """

    async def script(receiver):
        return [
            await receiver.uploads.put(bad, 0),
            await receiver.uploads.put(picture(), 40_000),
        ]

    answers, receiver = with_receiver(script)

    assert ["bad_picture", None] == answers
    assert [1] == [shot.frame.index for shot in receiver.shots]


def test_a_stamp_that_does_not_rise_is_refused():
    """
    Time never goes back for whoever reads the results.
    """

    async def script(receiver):
        return [await receiver.uploads.put(picture(), stamp) for stamp in (0, 40_000, 40_000, 0)]

    answers, receiver = with_receiver(script)

    assert [None, None, "time_not_rising", "time_not_rising"] == answers
    assert 2 == receiver.drops.by_reason["time_not_rising"]


def test_a_picture_is_turned_as_the_settings_say():
    """
    Clients upload what their camera gives.
    """

    async def script(receiver):
        await receiver.uploads.put(picture(), 0)

    _, receiver = with_receiver(script, transform=Transform.CW90)

    assert (16, 12, 3) == receiver.shots[0].picture().shape


def test_while_one_client_uploads_another_is_told_to_wait():
    """
    Two cameras mixed into one signal would be nonsense.
    """

    async def script(receiver):
        with receiver.uploads.claim() as first:
            answer = await first.put(picture(), 0)
            with pytest.raises(InvalidState, match="another client uploads"):
                await receiver.uploads.put(picture(), 0)
            with pytest.raises(InvalidState), receiver.uploads.claim():
                pass
        return answer, await receiver.uploads.put(picture(), 0)

    answers, _ = with_receiver(script)

    assert (None, None) == answers


def test_a_second_picture_at_the_same_time_is_refused():
    """
    Also for clients that upload one picture a call.
    """

    async def script(receiver):
        first = asyncio.create_task(receiver.uploads.put(picture(), 0))
        await asyncio.sleep(0)
        with pytest.raises(InvalidState):
            await receiver.uploads.put(picture(), 40_000)
        return await first

    assert None is with_receiver(script)[0]


def test_the_next_client_begins_its_own_count_and_a_new_analysis():
    """
    Its stamps may begin at zero again, and nothing of the first is left.
    """
    made = []

    def make(fps):
        made.append(Brightness(fps))
        return made[0]

    async def script(receiver):
        answers = []
        for _ in range(2):
            with receiver.uploads.claim() as uploader:
                answers += [await uploader.put(picture(), stamp) for stamp in (0, 40_000)]
            receiver.clock.advance(10)
        return answers

    answers, receiver = with_receiver(script, make_analysis=make)

    assert [None] * 4 == answers
    assert [0.0, 0.04, 10.0, 10.04] == [shot.frame.time_s for shot in receiver.shots]
    assert 1 == made[0].resets


def test_without_pictures_the_loop_turns_and_then_the_status_says_so():
    """
    The last status of a client that has gone is not shown for ever.
    """

    async def script(receiver):
        await receiver.uploads.put(picture(), 0)
        first = await receiver.idles.get()
        receiver.clock.advance(3)
        return first, await receiver.idles.get()

    idles, _ = with_receiver(script)

    assert (NoFrame(None), NoFrame(StatusCode.PROCESSING_NOT_STARTED)) == idles


def test_a_picture_in_hand_when_the_graph_stops_is_not_called_used():
    """
    The graph has thrown it away, so it is counted.
    """

    async def script(receiver):
        receiver.running = False
        return await receiver.uploads.put(picture(), 0)

    answer, receiver = with_receiver(script)

    assert "not_started" == answer
    assert ([], 1) == (receiver.shots, receiver.drops.total)


def test_a_picture_that_was_worked_on_when_the_server_ends_is_not_counted_as_dropped():
    """
    The loop may be cancelled between the frame and the next one, while it waits for room.
    """
    worked_on = asyncio.Event()

    class Blocked(Receiver):
        async def run(self):
            async with contextlib.aclosing(self.capture.items()) as items:
                async for item in items:
                    self.shots.append(item)
                    worked_on.set()
                    await asyncio.Event().wait()

    receiver = Blocked()

    async def run():
        async with receiver.receiving() as task, asyncio.timeout(PATIENCE_S):
            answer = asyncio.create_task(receiver.uploads.put(picture(), 0))
            await worked_on.wait()
            task.cancel()
            return await answer

    assert None is asyncio.run(run())
    assert 0 == receiver.drops.total


def test_a_client_that_goes_away_blocks_nobody():
    """
    Its picture was not taken, so it is counted, and the next client's is used.
    """
    receiver = Receiver()

    async def run():
        with receiver.uploads.opened():
            gone = asyncio.create_task(receiver.uploads.put(picture(), 0))
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.wait([gone])
        async with receiver.receiving(), asyncio.timeout(PATIENCE_S):
            return await receiver.uploads.put(picture(), 0)

    assert None is asyncio.run(run())
    assert {"queue_full": 1} == dict(receiver.drops.by_reason)


STEPS = ("good", "bad", "late", "cancel", "cancel_later", "stop", "start")


@settings(max_examples=25)
@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=15))
@example(["start", "good", "cancel", "good", "cancel_later", "good", "late", "bad"])
@example(["start", "good", "stop", "good", "start", "stop"])
def test_every_picture_is_accounted_for_exactly_once(steps):
    """
    Whatever clients do, and whenever the graph stops: used and dropped are all that came.
    """
    receiver = Receiver()
    turns = {"cancel": 1, "cancel_later": 3, "stop": 1}

    async def run():
        uploaded, stamp_us = 0, 0
        async with asyncio.timeout(PATIENCE_S), contextlib.AsyncExitStack() as running:
            for step in steps:
                if step == "start":
                    await running.aclose()
                    await running.enter_async_context(receiver.receiving())
                    continue
                stamp_us += 0 if step == "late" else 40_000
                put = asyncio.create_task(
                    receiver.uploads.put(None if step == "bad" else picture(), stamp_us)
                )
                uploaded += 1
                for _ in range(turns.get(step, 0)):
                    await asyncio.sleep(0)
                if step == "stop":
                    await running.aclose()
                elif step in turns:
                    put.cancel()
                await asyncio.wait([put])
        return uploaded

    assert asyncio.run(run()) == len(receiver.shots) + receiver.drops.total
