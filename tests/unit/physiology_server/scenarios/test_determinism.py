"""The same scenario and seed give the same bytes, at any speed; only the wall clock differs."""

import asyncio
import json
from pathlib import Path

import pytest

from services.physiology_server.captures.paced_capture import PacedCapture
from services.physiology_server.captures.session_capture import SessionCapture
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.scenarios.capture_id import capture_id
from services.physiology_server.scenarios.compare import first_difference, main, without_wall_clock
from services.physiology_server.scenarios.scenario_file import load_scenario, scenario_of
from services.physiology_server.sources.replay_source import ReplaySource
from vitalrig.clock import ManualClock, SystemClock
from vitalrig.service.heartbeats import ServiceHeartbeats

ROOT = Path(__file__).parents[4]
CONFIG = ROOT / "config" / "scenarios"
SESSION = ROOT / "tests" / "golden" / "session" / "metrics_golden.jsonl"
RECORDING = ROOT / "samples" / "data" / "rest_ppg_resp_40hz.csv"

EVERYTHING = {
    "name": "everything",
    "duration_s": 2.5,
    "timeline": [
        {"at_s": 0.2, "do": "record", "session": "all"},
        {"at_s": 0.2, "for_s": 2, "do": "malformed", "share": 0.2},
        {"at_s": 0.3, "for_s": 2, "do": "duplicates", "share": 0.2},
        {"at_s": 0.4, "for_s": 2, "do": "late", "by_s": 0.2, "share": 0.2},
        {"at_s": 0.5, "for_s": 0.2, "do": "subject_leaves"},
        {"at_s": 0.8, "for_s": 0.2, "do": "motion"},
        {"at_s": 1.0, "for_s": 0.3, "do": "dropouts", "share": 0.5},
        {"at_s": 1.2, "for_s": 0.5, "do": "slow_core", "by_s": 0.3},
        {"at_s": 1.4, "for_s": 0.3, "do": "clock_reset", "by_s": -60},
        {"at_s": 1.8, "for_s": 0.2, "do": "restart"},
        {"at_s": 2.1, "for_s": 0.3, "do": "apnea"},
    ],
}


def blank(run):
    return list(without_wall_clock(run.lines))


def test_at_any_speed_the_same_scenario_gives_the_same_jsonl(play_async):
    """
    In real time, a hundred times faster and as fast as it goes, on the machine's own clock.
    """
    scenario = scenario_of(EVERYTHING, "everything")

    async def all_speeds():
        return await asyncio.gather(
            *(
                play_async(scenario, speed=speed, clock=SystemClock())
                for speed in (1.0, 100.0, float("inf"))
            )
        )

    real, faster, fastest = asyncio.run(all_speeds())

    assert len(real.lines) > 80
    assert blank(real) == blank(faster) == blank(fastest)


@pytest.mark.parametrize("name", ["bad_day", "malformed", "wrap_32_bit"])
def test_a_shipped_scenario_is_the_same_again(name, play):
    """
    To the byte, with the same clock; also one turn of that which has no end.
    """
    scenario = load_scenario(CONFIG / f"{name}.yml").model_copy(update={"loop": False})
    one, other = (play(scenario) for _ in range(2))

    assert one.lines == other.lines


def test_what_is_cut_is_cut_at_the_same_place_on_another_day(play):
    """
    Also where nothing but metadata is left, whose length goes with the wall clock.
    """
    events = [
        {"at_s": 0, "do": "subject_leaves"},
        {"at_s": 0, "do": "malformed", "share": 1.0, "kinds": ["truncated", "not_utf8"]},
    ]
    scenario = scenario_of({"name": "x", "duration_s": 4, "timeline": events}, "x.yml")
    one, other = (
        play(scenario, clock=ManualClock(wall_us=wall_us))
        for wall_us in (1_760_000_000_000_000, 1_760_086_423_456_789)
    )

    assert blank(one) == blank(other)


def test_another_seed_is_another_run(play):
    """
    Other signals, and other envelopes damaged.
    """
    scenario = load_scenario(CONFIG / "malformed.yml")

    one, other = (play(scenario, seed=seed) for seed in (1, 2))

    assert set(map(len, one.lines)) != set(map(len, other.lines))
    assert first_difference(one.lines, other.lines) is not None


def test_frame_and_envelope_effects_are_the_same_on_a_recording(play):
    """
    A CSV goes through the same timeline, twice alike.
    """
    document = EVERYTHING | {"timeline": EVERYTHING["timeline"][:-1]}
    scenario = scenario_of(document, "everything")
    clock = ManualClock()
    beats = ServiceHeartbeats("test", clock=clock)

    def recording():
        source = ReplaySource.from_csv(RECORDING, loop=False)
        return PacedCapture(source, clock, beats, DroppedFrames(beats), speed=float("inf"))

    one, other = (play(scenario, clock=clock, make_capture=recording) for _ in range(2))

    assert one.lines == other.lines
    assert {"replay"} == {e["payload"]["source"] for e in one.of("edge_metrics") if "payload" in e}
    assert "NO_FACES_FOUND" in one.statuses()


def test_envelope_effects_are_the_same_on_a_recorded_session(play):
    """
    It is played through the graph, restarted in the middle, and ends with its file.
    """
    events = [
        {"at_s": 1, "for_s": 1, "do": "duplicates", "share": 0.5},
        {"at_s": 2, "for_s": 1, "do": "restart"},
        {"at_s": 3, "for_s": 1, "do": "clock_reset", "by_s": -60},
    ]
    scenario = scenario_of({"name": "x", "timeline": events}, "x.yml")

    def session():
        return SessionCapture(SESSION, ManualClock(), float("inf"))

    one, other = (play(scenario, make_capture=session) for _ in range(2))

    assert one.lines == other.lines
    assert ["PROCESSING_NOT_STARTED", "OK"] * 2 + ["PROCESSING_NOT_STARTED"] == one.statuses()
    assert 120 == len({o.envelope for o in one.outgoings if o.channel == "edge_metrics"})
    assert set(SESSION.read_bytes().splitlines()[1:30]) <= set(one.lines)


def test_only_wall_clock_stamps_are_taken_out(play):
    """
    A value that differs by the last digit is found, with the number of its line.
    """
    lines = play(load_scenario(CONFIG / "late.yml")).lines
    at = next(n for n, line in enumerate(lines) if b'"upper_trace"' in line)
    document = json.loads(lines[at])
    document["payload"]["breathing"]["upper_trace"][0]["value"] += 1e-7
    changed = [*lines]
    changed[at] = json.dumps(document, separators=(",", ":")).encode()

    assert at + 1 == first_difference(lines, changed)[0]


def test_a_stamp_that_is_off_by_a_frame_is_found(play):
    """
    Distances between stamps are compared.
    """
    lines = play(load_scenario(CONFIG / "late.yml")).lines
    stamp = next(line for line in lines[400:] if b"edge" in line[:20])[35:51]
    changed = [line.replace(stamp, b"%d" % (int(stamp) + 1)) for line in lines]

    assert first_difference(lines, changed) is not None


def test_a_missing_line_is_found(play):
    """
    Shorter is not the same.
    """
    lines = play(load_scenario(CONFIG / "late.yml")).lines

    assert len(lines) == first_difference(lines, lines[:-1])[0]


@pytest.mark.parametrize(("cut", "status"), [(0, 0), (1, 1)])
def test_two_files_can_be_compared_by_hand(cut, status, play, tmp_path, capsys):
    """
    The exit status says whether they differ.
    """
    lines = play(load_scenario(CONFIG / "malformed.yml")).lines
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_bytes(b"\n".join(lines))
    other.write_bytes(b"\n".join(lines[: len(lines) - cut]))

    assert status == main(str(one), str(other))
    assert ("same" in capsys.readouterr().out) == (status == 0)


def test_a_run_is_called_the_same_when_it_is_the_same():
    """
    `metadata.id` depends on what decides the frames: seed, rates, scenario.
    """
    late, dark = (load_scenario(CONFIG / f"{name}.yml") for name in ("late", "too_dark"))
    ids = {
        capture_id(facts, scenario)
        for facts in ({"seed": 1, "fps": 30.0}, {"seed": 2, "fps": 30.0})
        for scenario in (None, late, dark)
    }

    assert 6 == len(ids)
    assert capture_id({"fps": 30.0, "seed": 1}, late) == capture_id({"seed": 1, "fps": 30.0}, late)
