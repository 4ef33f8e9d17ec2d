"""Numbers and manifests that make no sense cost only themselves."""

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smartspectra.ipc.session import manifest
from smartspectra.ipc.session.moments import iso, moment_of
from tests.unit.ipc.making import START_US, collector, document, edge, lines, recording

ODD_US = 5 * 10**20
FIELDS = (
    "state",
    "started_at_ms",
    "wall_clock_moved_ms",
    "source",
    "gaps",
    "rejected",
    "torn_bytes",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.integers() | st.floats())
@example(10**400)
@example(float("nan"))
@example(253_402_300_800_000)
def test_a_stamp_that_is_no_date_is_unknown_rather_than_an_error(epoch_ms):
    """
    Whatever number comes from outside.
    """
    assert (moment_of(epoch_ms) is None) == (iso(epoch_ms) == "unknown")


def left_open(folder, name, *envelopes, told=None):
    """A session as a crash leaves it behind."""
    folder.mkdir(exist_ok=True)
    (folder / f"metrics_{name}.jsonl").write_bytes(b"".join(each + b"\n" for each in envelopes))
    if told is not None:
        (folder / f"metrics_{name}_manifest.json").write_text(json.dumps(told))


def test_a_session_with_an_impossible_start_is_finished_like_any_other(tmp_path):
    """
    A restart does not fail again and again because of a stamp.
    """
    sent = [recording(True, ODD_US), edge(START_US)]
    left_open(tmp_path, "odd", *sent)
    left_open(tmp_path, "usual", recording(True), edge(START_US))
    collector(tmp_path).stop()

    assert sent == lines(tmp_path / "metrics_odd.jsonl")
    for name in ("odd", "usual"):
        assert "finished" == document(tmp_path / f"metrics_{name}_manifest.json")["state"]


@settings(suppress_health_check=list(HealthCheck), deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
@example({"started_at_ms": 10**400})
@example({"source": ["camera"]})
def test_a_manifest_that_makes_no_sense_is_no_reason_not_to_finish_its_session(
    tmp_path_factory, told
):
    """
    It is read with nothing taken for granted.
    """
    folder = tmp_path_factory.mktemp("sessions")
    left_open(folder, "x", recording(True), edge(START_US), told={"state": "open"} | told)
    collector(folder).stop()

    finished = manifest.read(folder / "metrics_x_manifest.json")
    assert told.get("state") == "finished" or finished["envelopes"]["total"] == 2


def test_what_cannot_be_finished_at_start_does_not_stop_the_others(tmp_path, monkeypatch):
    """
    A start passes over whatever one session's files hold.
    """
    from smartspectra.ipc.session import recovery

    left_open(tmp_path, "bad", recording(True))
    left_open(tmp_path, "good", recording(True))
    finish = recovery.InterruptedSession.finish

    def refuse_one(session, *args):
        if session.session_id == "bad":
            raise OverflowError("something nobody thought of")
        finish(session, *args)

    monkeypatch.setattr(recovery.InterruptedSession, "finish", refuse_one)
    collector(tmp_path).stop()

    assert "finished" == document(tmp_path / "metrics_good_manifest.json")["state"]
    assert not (tmp_path / "metrics_bad.json").exists()
