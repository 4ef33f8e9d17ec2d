"""The verifier sees what it is for: each kind of loss is made on purpose."""

import json
from dataclasses import replace

import pytest

from tests.support.verifier.check import check
from tests.support.verifier.entries import Entry, read, write
from tests.support.verifier.heard import broken_promises, differences, unrecorded
from tests.support.verifier.session_parts import lines_of, manifest_of
from tests.support.verifier.span import End, span_of

COMPLETE = {
    "state": "finished",
    "complete": True,
    "gaps": {"missing_envelopes": 0, "by_reason": {}},
    "unwritten_envelopes": 0,
    "rejected": {},
    "interruptions": 0,
    "verdict": "complete",
}


def manifest(counted=0, *, unknown=False, **more):
    """One that is not complete."""
    reasons = {"numbers skipped": {"count": 1, "missing_envelopes": counted}} if counted else {}
    if unknown:
        reasons["the server was restarted"] = {"count": 1, "missing_envelopes": 0}
    gaps = {"missing_envelopes": counted, "by_reason": reasons}
    return COMPLETE | {"complete": False, "gaps": gaps} | more


def envelope(channel, run, seq, **payload):
    document = {"type": channel, "timestamp": seq, "payload": payload or {"of": f"{run}:{seq}"}}
    return json.dumps(document).encode()


def metrics(run, first, last):
    return [
        Entry(run, seq, "edge_metrics", envelope("edge_metrics", run, seq))
        for seq in range(first, last + 1)
    ]


def state(run, seq, session=""):
    """A start if there is a session, else a stop."""
    payload = {"recording": bool(session)} | ({"session_id": session} if session else {})
    text = envelope("recording_state", run, seq, **payload)
    return Entry(run, seq, "recording_state", text)


RECORDED = [
    state("a", 1),
    *metrics("a", 2, 3),
    state("a", 4, "one"),
    *metrics("a", 5, 9),
    state("a", 10),
    *metrics("a", 11, 12),
]
LINES = [entry.envelope for entry in RECORDED[3:10]]
CUT = [*RECORDED[:9], state("b", 1), *metrics("b", 2, 3)]
TAKEN_UP = [*RECORDED[:9], state("b", 1, "one"), *metrics("b", 2, 3), state("b", 4), state("b", 5)]
RELAYED = [
    state("relay-1", 1, "one"),
    *metrics("relay-1", 2, 5),
    *[replace(entry, gap="away") for entry in metrics("relay-2", 1, 1)],
    *metrics("relay-2", 2, 3),
    state("relay-2", 4),
]


def lines(entries):
    return [entry.envelope for entry in entries]


def faults(entries=RECORDED, lines=LINES, told=COMPLETE, made=None):
    return check(span_of("one", entries, made), lines, told).faults


def test_a_session_that_is_whole_and_called_complete_is_right():
    """
    From its start to its stop, both included.
    """
    found = check(span_of("one", RECORDED), LINES, COMPLETE)

    assert ([], [], False) == (found.faults, found.missing, found.needless)


@pytest.mark.parametrize("lost", range(len(LINES)))
def test_a_line_that_is_lost_is_seen(lost):
    """
    Also the first and the last.
    """
    kept = LINES[:lost] + LINES[lost + 1 :]

    assert "called complete, and 1 are missing" in faults(lines=kept)


def test_a_doubled_line_is_seen():
    """
    However many lines lie between the two.
    """
    doubled = [*LINES[:-1], LINES[2], LINES[-1]]

    assert "line 7 is in the file more often than published" in faults(lines=doubled)


def test_the_same_bytes_published_twice_are_two_lines():
    """
    They have two numbers.
    """
    twice = replace(RECORDED[5], envelope=RECORDED[4].envelope)
    entries = [*RECORDED[:5], twice, *RECORDED[6:]]
    both = lines(entries[3:10])

    assert [] == faults(entries, both)
    assert faults(entries, [*both[:2], *both[3:]])


def test_an_entry_that_was_added_to_the_stream_again_is_one_line():
    """
    Redis was away before it could answer.
    """
    again = [*RECORDED[:6], RECORDED[4], RECORDED[5], *RECORDED[6:]]

    assert [] == faults(again)
    assert faults(again, [*LINES[:3], *LINES[1:]])


def test_lines_in_another_order_are_seen():
    """
    A recording is a sequence.
    """
    swapped = [*LINES[:2], LINES[3], LINES[2], *LINES[4:]]

    assert "line 4 is out of order" in faults(lines=swapped)


def test_a_line_of_another_time_is_seen():
    """
    What came after the stop is not of the session.
    """
    longer = [*LINES, RECORDED[10].envelope]

    assert "line 8 does not belong to the session" in faults(lines=longer)


def test_a_line_that_nobody_published_is_seen():
    """
    A torn one, say.
    """
    torn = [*LINES[:3], LINES[3][:20], *LINES[4:]]

    assert any("was never published" in fault for fault in faults(lines=torn))


def test_a_session_that_lacks_something_and_says_how_much_is_right():
    """
    A number that the stream does not hold, and one that the file does not.
    """
    holed = [entry for entry in RECORDED if entry.seq != 6]
    kept = [line for line in lines(holed[3:9]) if line != RECORDED[7].envelope]

    assert [] == faults(holed, kept, manifest(2))


@pytest.mark.parametrize("counted", [0, 1, 3])
def test_a_wrong_count_is_seen(counted):
    """
    Too few and too many.
    """
    kept = [LINES[0], *LINES[3:]]

    assert [f"{counted} counted as missing; it is 2, of which the stream proves 2"] == faults(
        lines=kept, told=manifest(counted)
    )


def test_more_than_is_proven_may_be_missing_only_if_the_manifest_says_so():
    """
    A server that was killed made more than it sent: gRPC had it, the stream never did.
    """
    made, kept = {"a": 11}, lines(CUT[3:9])

    assert ["2 missing without a word of it"] == faults(CUT, kept, manifest(), made)
    assert [] == faults(CUT, kept, manifest(unknown=True), made)
    assert [] == faults(CUT, kept, manifest(2), made)
    assert faults(CUT, kept, manifest(3, unknown=True), made)


def test_a_session_whose_server_ended_in_it_is_not_complete():
    """
    Another run's "nothing is recorded" is not the stop of this one.
    """
    kept = lines(CUT[3:9])

    assert End.CUT is span_of("one", CUT).end
    assert "called complete, but the run that recorded it ended in it, and no other took it up" in (
        faults(CUT, kept)
    )
    assert [] == faults(CUT, kept, manifest(unknown=True))


def test_a_session_that_is_taken_up_again_is_one():
    """
    The later run's stop is its stop, and what lies between belongs to it.
    """
    belong = lines(TAKEN_UP[3:13])

    assert End.STOPPED is span_of("one", TAKEN_UP).end
    assert [] == faults(TAKEN_UP, belong)
    assert "called complete, and 1 are missing" in faults(TAKEN_UP, [*belong[:-2], belong[-1]])
    assert "called complete, and 2 are missing" in faults(TAKEN_UP, belong, made={"a": 11})


def test_a_second_live_run_does_not_end_the_first_ones_recording():
    """
    Its stop is not the session's, and its lines are neither wanted nor wrong.
    """
    beside = [state("b", 1), *metrics("b", 2, 3)]
    entries = [*RECORDED[:6], *beside, *RECORDED[6:]]

    assert End.STOPPED is span_of("one", entries).end
    assert [] == faults(entries, LINES)
    assert [] == faults(entries, lines(entries[3:13]))
    assert "called complete, and 4 are missing" in faults(entries, LINES[:3])


def test_after_a_relay_was_away_nothing_is_called_complete():
    """
    What was published meanwhile has no number.
    """
    assert ["called complete, and a relay was away in it", "called complete in spite of that"] == (
        faults(RELAYED, lines(RELAYED))
    )
    assert [] == faults(RELAYED, lines(RELAYED), manifest(unknown=True))


def test_a_session_that_is_whole_and_not_called_complete_is_told():
    """
    It is not a fault, but tests that lose nothing ask for it.
    """
    assert check(span_of("one", RECORDED), LINES, manifest(unknown=True)).needless
    assert not check(span_of("one", CUT), LINES, manifest(unknown=True)).needless


def test_a_session_without_a_start_is_not_guessed():
    """
    The record began too late to say anything.
    """
    with pytest.raises(LookupError, match="no start of one"):
        span_of("one", RECORDED[5:])


def test_what_grpc_had_otherwise_is_seen():
    """
    The stream holds what was made, and not something else under its number.
    """
    assert [] == differences(RECORDED, {("a", 5): ("edge_metrics", 5)})
    assert ["the stream's a:5 is ('edge_metrics', 5), and gRPC's ('edge_metrics', 6)"] == (
        differences(RECORDED, {("a", 5): ("edge_metrics", 6)})
    )


def test_a_last_number_that_was_not_the_last_is_seen():
    """
    A run that names the one before it and its last number answers for that.
    """
    entries = [*CUT[:9], replace(CUT[9], follows="a:9")]

    assert [] == broken_promises(entries, {"a": 9})
    assert ["a:9 is not the last: 10 was made"] == broken_promises(entries, {"a": 10})
    assert ["a:8 is not the last: 9 was made"] == (
        broken_promises([*CUT[:9], replace(CUT[9], follows="a:8")], {})
    )


def test_what_a_relay_missed_is_seen_where_grpc_had_it():
    """
    Between the first and the last line of the file.
    """
    heard = {(entry.run, entry.seq): ("edge_metrics", entry.seq) for entry in RECORDED}

    assert 0 == unrecorded(heard, LINES)
    assert 2 == unrecorded(heard, [*LINES[:2], *LINES[4:]])


def test_a_record_is_read_as_it_was_written(tmp_path):
    """
    A round that failed can be looked at again, byte for byte.
    """
    odd = [*RECORDED, Entry("b", 1, "status", b'\xff\x00"\\', "1-2", "away", "a:12")]

    write(tmp_path / "stream", odd)

    assert odd == read(tmp_path / "stream")


def write_part(folder, stem, lines, told):
    (folder / f"metrics_{stem}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    (folder / f"metrics_{stem}_manifest.json").write_text(json.dumps(told))


def test_a_recording_that_went_on_in_other_files_is_one(tmp_path):
    """
    Its lines are those of all parts, and what one part lacks, all of it lacks.
    """
    write_part(tmp_path, "one", LINES[:3], COMPLETE)
    write_part(tmp_path, "one_part2", LINES[3:4], COMPLETE)
    write_part(tmp_path, "one_part3", LINES[4:], COMPLETE)

    told = manifest_of(tmp_path, "one")
    assert (LINES, []) == (lines_of(tmp_path, "one"), faults(lines=LINES, told=told))


def test_what_any_part_lacks_the_recording_lacks(tmp_path):
    """
    Counted losses are summed up; one of unknown size stays unknown beside them.
    """
    write_part(tmp_path, "one", LINES[:3], manifest(2))
    write_part(tmp_path, "one_part2", LINES[3:], manifest(unknown=True))

    told = manifest_of(tmp_path, "one")
    assert (False, 2) == (told["complete"], told["gaps"]["missing_envelopes"])
    assert [2, 0] == [gap["missing_envelopes"] for gap in told["gaps"]["by_reason"].values()]


def test_a_part_that_is_not_finished_keeps_the_recording_open(tmp_path):
    """
    Also when the first one is.
    """
    write_part(tmp_path, "one", LINES[:3], COMPLETE)
    write_part(tmp_path, "one_part2", LINES[3:], COMPLETE | {"state": "recording"})

    assert "recording" == manifest_of(tmp_path, "one")["state"]
