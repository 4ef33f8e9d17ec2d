"""Numbers prove what is missing; runs of two servers are kept apart."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.collector.sequence_tracker import (
    RESTARTED,
    SILENCE_S,
    TAKEN_OVER,
    SequenceTracker,
    TrackedRun,
)
from services.collector.transport.base import ReceivedEnvelope
from vitalrig.clock import ManualClock

START_MS = 1_760_000_000_000


class Stream:
    """What servers write into one stream, by a clock that collector and Redis share."""

    def __init__(self) -> None:
        self.clock = ManualClock(wall_us=START_MS * 1_000)
        self.runs = SequenceTracker(self.clock)
        self._entries = 0

    def entry(self, run: str, seq: int, state: bool | None = None, **more) -> ReceivedEnvelope:
        self._entries += 1
        channel, envelope = "edge_metrics", f"{run}:{seq}".encode()
        if state is not None:
            document = {"type": "recording_state", "payload": {"recording": state}}
            channel, envelope = "recording_state", json.dumps(document).encode()
        entry_id = f"{self.clock.wall_us() // 1_000}-{self._entries}"
        return ReceivedEnvelope(
            "ward", channel, envelope, entry_id=entry_id, run=run, seq=seq, **more
        )

    def says(self, run: str, *numbers: int, **more) -> list[ReceivedEnvelope]:
        """Numbers that come a tenth of a second after each other."""
        taken = []
        for seq in numbers:
            self.clock.advance(0.1)
            taken += self.runs.take([self.entry(run, seq, **more)])
        return taken

    def silence(self, seconds: float) -> list[ReceivedEnvelope]:
        self.clock.advance(seconds)
        return self.runs.release()


def told(arrivals):
    return [(arrival.run, arrival.seq) for arrival in arrivals]


def holes(arrivals):
    return [
        (arrival.missing, arrival.gap) for arrival in arrivals if arrival.missing or arrival.gap
    ]


def test_a_number_seen_before_is_a_duplicate():
    """
    A batch that was sent twice is kept once.
    """
    stream = Stream()

    assert [("a", 1), ("a", 2), ("a", 3)] == told(stream.says("a", 1, 2, 2, 1, 3))
    assert 2 == stream.runs.duplicates


def test_skipped_numbers_are_missing():
    """
    Each of them was published and never came.
    """
    assert [(3, "")] == holes(Stream().says("a", 1, 2, 6))


def test_who_starts_in_mid_run_misses_nothing():
    """
    What came before was not asked for.
    """
    assert [] == holes(Stream().says("a", 500))


@given(st.lists(st.integers(1, 300), min_size=1))
def test_what_came_and_what_is_missing_add_up_to_all(numbers):
    """
    published = kept + counted as missing, from the first that was heard, whatever came twice.
    """
    sent = sorted(numbers)
    taken = Stream().says("a", *sent)

    assert sorted(set(numbers)) == [arrival.seq for arrival in taken]
    assert sent[-1] - sent[0] + 1 == len(taken) + sum(arrival.missing for arrival in taken)


def test_a_restart_is_a_gap_of_unknown_size():
    """
    What the run before had not sent died with it; the manifest says in how long a time.
    """
    stream = Stream()
    stream.says("a", 1, 2)
    stream.clock.advance(SILENCE_S + 2)
    first, second = stream.says("b", 1, 2)

    assert (0, RESTARTED, SILENCE_S + 2.1) == (first.missing, first.gap, first.gap_s)
    assert [] == holes([second])


def test_a_run_that_follows_the_last_number_proves_that_nothing_is_missing():
    """
    It goes on at once: who says so knows that the other run is over.
    """
    stream = Stream()
    stream.says("a", 1, 2)
    taken = stream.says("b", 1, follows="a:2") + stream.says("b", 2)

    assert ([("b", 1), ("b", 2)], []) == (told(taken), holes(taken))


def test_a_run_that_follows_a_later_number_proves_how_many_are_missing():
    """
    Exactly those that the run before gave and nobody got.
    """
    stream = Stream()
    stream.says("a", 1, 2)

    assert [(5, "")] == holes(stream.says("b", 1, follows="a:7"))


@pytest.mark.parametrize("follows", ["other:2", "a:1", "a:", "a:x", ":2", "2", "a:-1"])
def test_a_run_that_follows_something_else_proves_nothing(follows):
    """
    A run in between was never heard, or what is said cannot be.
    """
    stream = Stream()
    stream.says("a", 1, 2)
    stream.clock.advance(SILENCE_S)

    assert [(0, RESTARTED)] == holes(stream.says("b", 1, follows=follows))


def test_a_run_of_which_the_first_is_missing_proves_nothing_of_the_one_before():
    """
    Both holes are told.
    """
    stream = Stream()
    stream.says("a", 1, 2)
    stream.clock.advance(SILENCE_S)

    assert [(3, RESTARTED)] == holes(stream.says("b", 4))


def test_a_quick_restart_waits_until_the_run_before_has_been_silent():
    """
    Until then it might be a second server; nothing of it is lost by waiting.
    """
    stream = Stream()
    stream.says("a", 1, 2)
    early = stream.says("b", 1, 2)
    late = stream.silence(SILENCE_S)

    assert ([], [("b", 1), ("b", 2)]) == (told(early), told(late))
    assert [(0, RESTARTED)] == holes(late)


def test_a_quick_restart_that_goes_on_speaking_is_taken_after_the_silence():
    """
    Whatever it says meanwhile comes in its order.
    """
    stream = Stream()
    stream.says("a", 1, 2)

    assert [("b", number) for number in range(1, 81)] == told(stream.says("b", *range(1, 81)))


def test_a_backlog_is_judged_by_the_times_of_the_stream():
    """
    What was written long ago is read in a moment; the silence between was real.
    """
    stream = Stream()
    backlog = [stream.entry("a", 1)]
    stream.clock.advance(SILENCE_S)
    backlog += [stream.entry("b", 1), stream.entry("b", 2)]
    stream.clock.advance(3_600)

    assert [("a", 1), ("b", 1), ("b", 2)] == told(stream.runs.take(backlog))


def test_a_wall_clock_that_is_set_ends_no_run():
    """
    An hour that Redis's clock jumps is not a silence.
    """
    stream = Stream()
    stream.says("a", 1)
    stream.clock.jump_wall(3_600)
    taken = stream.says("b", 1) + stream.says("a", 2)

    assert ([("a", 2)], 1) == (told(taken), stream.runs.foreign)


def test_a_wall_clock_that_is_set_back_keeps_no_new_run_waiting():
    """
    The ids of Redis stand still meanwhile.
    """
    stream = Stream()
    stream.says("a", 1)
    stream.clock.jump_wall(-3_600)
    taken = [each for seq in range(1, 61) for each in stream.says("b", seq)]

    assert [("b", number) for number in range(1, 61)] == told(taken)


def test_of_two_servers_only_the_first_is_the_camera_s():
    """
    Numbers are counted per run: none is falsely missing, none is taken for another's.
    """
    stream = Stream()
    taken = []
    for seq in range(1, 101):
        taken += stream.says("a", seq) + stream.says("b", seq)

    assert [("a", seq) for seq in range(1, 101)] == told(taken)
    assert ([], 99, ["a", "b"]) == (holes(taken), stream.runs.foreign, stream.runs.conflict)


def test_what_the_second_server_says_ends_nothing():
    """
    Its first word is that it does not record.
    """
    stream = Stream()
    stream.says("a", 1, state=True)
    stream.says("b", 1, state=False)

    assert [("a", 2)] == told(stream.says("a", 2))


def test_when_the_first_server_falls_silent_the_second_goes_on_in_its_place():
    """
    What it said before is not the camera's; from the last word of the first on, nothing is lost.
    """
    stream = Stream()
    for seq in range(1, 11):
        stream.says("a", seq)
        stream.says("b", seq)
    taken = stream.says("b", *range(11, 71))

    assert [("b", seq) for seq in range(10, 71)] == told(taken)
    assert [(0, TAKEN_OVER)] == holes(taken)


def test_a_conflict_that_is_over_is_shown_no_more():
    """
    After some seconds.
    """
    stream = Stream()
    stream.says("a", 1)
    stream.says("b", 1)
    stream.says("a", 2)
    stream.clock.advance(60)

    assert [] == stream.runs.conflict


def test_a_server_that_begins_to_record_beside_one_that_does_not_is_taken():
    """
    Its recording is whole; the other one is then the second.
    """
    stream = Stream()
    stream.says("a", 1, 2)
    stream.says("b", 1)
    stream.says("a", 3)
    taken = stream.says("b", 2, state=True) + stream.says("a", 4) + stream.says("b", 3)

    assert [("b", 2), ("b", 3)] == told(taken)


def test_a_recording_that_began_beside_another_is_joined_when_that_is_over():
    """
    Its start was not taken when it was said; it is recalled before what is.
    """
    stream = Stream()
    stream.says("a", 1, state=True)
    stream.says("b", 1, state=True)
    stream.says("a", 2)
    recalled, *rest = stream.says("b", *range(2, 62))

    assert (True, "recording_state", "b") == (
        recalled.is_replayed_state,
        recalled.channel,
        recalled.run,
    )
    assert [("b", seq) for seq in range(2, 62)] == told(rest)


def test_what_is_of_no_run_goes_on_in_its_place():
    """
    Rubbish in the stream is neither held back for good nor dropped with a second server.
    """
    stream = Stream()
    stream.says("a", 1)
    stream.says("b", 1)
    stream.says("", 0)

    assert [("", 0), ("a", 2)] == told(stream.says("a", 2))


def test_silence_of_everything_in_a_conflict_ends_no_run():
    """
    Redis may be away from us.
    """
    stream = Stream()
    stream.says("a", 1)
    stream.says("b", 1)
    stream.says("a", 2)
    stream.says("b", 2)

    assert [] == stream.silence(SILENCE_S)


chains = st.lists(
    st.tuples(
        st.integers(1, 30),  # numbers that a run gave and sent
        st.integers(0, 30),  # numbers that it gave and did not send
        st.booleans(),  # whether the next run knows the last of them
        st.floats(0, 20),  # seconds of silence before it
    ),
    min_size=1,
    max_size=6,
)


def written(stream: Stream, chain) -> list[ReceivedEnvelope]:
    """SequenceTracker one after the other; all of it is in the stream before it is read."""
    entries, follows = [], ""
    for run, (sent, unsent, is_known, pause_s) in enumerate(chain):
        stream.clock.advance(pause_s)
        for seq in range(1, sent + 1):
            stream.clock.advance(0.1)
            entries.append(stream.entry(f"run{run}", seq, follows=follows if seq == 1 else ""))
        follows = f"run{run}:{sent + unsent}" if is_known else ""
    stream.clock.advance(3_600)
    return entries


def settled(stream: Stream) -> list[ReceivedEnvelope]:
    """What comes when nothing comes any more."""
    released = []
    while some := stream.silence(SILENCE_S):
        released += some
    return released


@settings(deadline=None)
@given(chains, st.lists(st.integers(1, 40), max_size=8))
@example([(1, 0, True, 0.0), (1, 2, False, 0.0), (1, 0, False, 0.0)], [])
def test_through_any_restarts_all_is_taken_once_and_every_loss_is_told(chain, batches):
    """
    What came is given in its order, however it is cut into batches.

    What a known end proves missing is counted exactly; every other restart is one gap of unknown
    size.
    """
    stream = Stream()
    rest = written(stream, chain)
    sent, taken = told(rest), []
    for size in [*batches, len(rest) + 1]:
        taken += stream.runs.take(rest[:size])
        rest = rest[size:]
    taken += settled(stream)

    known = [unsent for _, unsent, is_known, _ in chain[:-1] if is_known]
    assert sent == told(taken)
    assert (sum(known), len(chain) - 1 - len(known)) == (
        sum(arrival.missing for arrival in taken),
        len([arrival for arrival in taken if arrival.gap]),
    )


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3)), max_size=60))
def test_two_servers_are_kept_apart_however_they_take_turns(turns):
    """
    The first one's envelopes are all given, with no false hole, and none of the other's.
    """
    stream = Stream()
    numbers = {"a": 1, "b": 0}
    taken = stream.says("a", 1)
    for speaker in [each for run, count in turns for each in [*run * count, "a"]]:
        numbers[speaker] += 1
        taken += stream.says(speaker, numbers[speaker])

    assert [("a", seq) for seq in range(1, numbers["a"] + 1)] == told(taken)
    assert ([], numbers["b"]) == (holes(taken), stream.runs.foreign)


@settings(deadline=None)
@given(chains, st.integers(0, 100), st.integers(0, 100))
def test_what_a_disk_refused_comes_again_as_if_for_the_first_time(chain, at, taken):
    """
    Going back loses nothing, doubles nothing and counts nothing twice.
    """
    smooth, bumpy = Stream(), Stream()
    expected = smooth.runs.take(written(smooth, chain)) + settled(smooth)
    sent = written(bumpy, chain)
    first, place = bumpy.runs.take(sent[:at]), bumpy.runs.place
    refused = bumpy.runs.take(sent[at:])
    if taken < len(refused):
        bumpy.runs.go_back(place, refused, taken)
        refused_at = [each.entry_id for each in sent].index(refused[taken].entry_id)
        refused = refused[:taken] + bumpy.runs.take(sent[refused_at:])

    assert expected == first + refused + settled(bumpy)


def test_a_place_that_was_kept_goes_on():
    """
    A restart of the collector together with the server is seen as one of the server.
    """
    stream = Stream()
    last = stream.entry("a", 7)
    stream.clock.advance(SILENCE_S)
    place = TrackedRun("a", {"a": 7}, is_recording=True, heard_id=last.entry_id)
    runs = SequenceTracker(stream.clock, place)

    assert [(0, RESTARTED)] == holes(runs.take([stream.entry("b", 1)]))
