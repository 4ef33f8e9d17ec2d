"""What an earlier run left is kept, whatever the next one does under the same names."""

import json

import pytest

from smartspectra.ipc import MetricsCollector, StorageOptions
from smartspectra.ipc.session.recovery import is_unfinished
from smartspectra.ipc.storage.session_paths import SessionPaths
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    collector,
    config,
    document,
    edge,
    lines,
    names,
    recording,
)

VENDORS = {"output_jsonl_path": "metrics.jsonl", "output_json_path": "metrics_summary.json"}


def record(folder, *envelopes, storage=None, session_id="x", **more):
    made = MetricsCollector(config(folder, **more), storage)
    made.start()
    if session_id:
        made.set_session_id(session_id)
    made.process_envelopes(envelopes)
    made.stop()


def values(path):
    return document(path)["series"][EDGE]["eda.trace"]["timestamps"]


@pytest.mark.parametrize("append_mode", [True, False])
@pytest.mark.parametrize("session_id", ["x", None])
def test_a_summary_without_a_jsonl_is_kept_when_its_session_begins_again(
    tmp_path, caplog, append_mode, session_id
):
    """
    There is nothing to make it of again; the log says where it is now.
    """
    for number in range(3):
        record(
            tmp_path,
            edge(START_US + number),
            session_id=session_id,
            output_jsonl_path=None,
            append_mode=append_mode,
        )
    stem = "metrics_x" if session_id else "metrics"

    assert [[START_US + 2.0], [START_US], [START_US + 1.0]] == [
        values(tmp_path / f"{stem}{end}.json") for end in ("", "_old1", "_old2")
    ]
    for number in (1, 2):
        assert f"kept as {tmp_path / f'{stem}_old{number}.json'}" in caplog.text


def test_the_log_says_what_a_restart_with_the_same_id_set_aside(tmp_path, caplog):
    """
    Without append mode the earlier session is another one.
    """
    for number in range(2):
        record(tmp_path, edge(START_US + number))

    kept = tmp_path / "metrics_x_old1.jsonl"
    assert [edge(START_US)] == lines(kept)
    assert f"{tmp_path / 'metrics_x.jsonl'} is there from an earlier run; kept as {kept}" in (
        caplog.messages
    )


def test_a_summary_whose_jsonl_is_gone_is_kept_in_append_mode(tmp_path):
    """
    Appending to nothing would make a summary of nothing.
    """
    record(tmp_path, edge(START_US), append_mode=True)
    (tmp_path / "metrics_x.jsonl").unlink()
    record(tmp_path, edge(START_US + 1), append_mode=True)

    assert [START_US] == values(tmp_path / "metrics_x_old1.json")
    assert [START_US + 1] == values(tmp_path / "metrics_x.json")


def test_a_session_whose_jsonl_was_cut_short_is_not_complete_when_it_goes_on(tmp_path):
    """
    Its manifest counted more, and its summary, which tells of more, is kept.
    """
    record(tmp_path, *(edge(START_US + number) for number in range(5)), append_mode=True)
    path = tmp_path / "metrics_x.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    record(tmp_path, edge(START_US + 9), append_mode=True)

    assert 5 == len(values(tmp_path / "metrics_x_old1.json"))
    assert [START_US, START_US + 1, START_US + 9] == values(tmp_path / "metrics_x.json")
    assert (
        "(the JSONL was cut short after the recording): 3"
        in (document(tmp_path / "metrics_x_manifest.json")["verdict"])
    )


def vendors(folder, **more):
    return {key: folder / name for key, name in VENDORS.items()} | more


def test_a_summary_at_the_end_of_the_bases_name_is_left_out_of_a_sessions(tmp_path):
    """
    The base paths of the vendor's example give the files of the vendor's example.
    """
    made = MetricsCollector(config(None, **vendors(tmp_path)))
    made.start()
    made.process_envelope(edge(START_US))
    made.set_session_id("20251006_205619")
    made.process_envelopes([recording(True), edge(START_US), recording(False)])
    made.stop()

    assert [
        "metrics.jsonl",
        "metrics_20251006_205619.json",
        "metrics_20251006_205619.jsonl",
        "metrics_20251006_205619_manifest.json",
        "metrics_20251006_205619_snapshot_temp.json",
        "metrics_manifest.json",
        "metrics_summary.json",
        "metrics_summary_snapshot_temp.json",
    ] == names(tmp_path)


def test_an_option_keeps_all_of_the_bases_name(tmp_path):
    """
    The class's own page has it so.
    """
    record(
        None, edge(START_US), storage=StorageOptions(keep_summary_stem=True), **vendors(tmp_path)
    )

    assert "metrics_summary_x.json" in names(tmp_path)
    assert "metrics_x.json" not in names(tmp_path)


@pytest.mark.parametrize("keep", [False, True])
def test_a_session_by_the_other_spelling_is_not_taken_for_an_interrupted_one(tmp_path, keep):
    """
    It has a summary, and other makers leave no manifest.
    """
    base = SessionPaths(*vendors(tmp_path).values(), keep_summary_stem=keep)
    other = base.with_other_summary().for_session("x")
    other.jsonl.write_bytes(edge(START_US) + b"\n")
    ((_, paths),) = base.sessions()
    assert is_unfinished(paths, base, "x")
    other.summary.write_text(json.dumps({"meta": {}, "series": {}}))

    assert not is_unfinished(paths, base, "x")


def test_a_session_called_summary_does_not_take_the_bases_file(tmp_path):
    """
    Its summary then keeps all of the base's name.
    """
    made = MetricsCollector(config(None, **vendors(tmp_path)))
    made.start()
    made.process_envelope(edge(START_US))
    made.set_session_id("summary")
    made.process_envelopes([recording(True), edge(START_US + 1), recording(False)])
    made.stop()

    assert [START_US] == values(tmp_path / "metrics_summary.json")
    assert [START_US + 1] == values(tmp_path / "metrics_summary_summary.json")


def test_a_base_that_is_called_just_that_keeps_it(tmp_path):
    """
    Something has to be left of it.
    """
    paths = SessionPaths(None, tmp_path / "_summary.json").for_session("x")

    assert tmp_path / "_summary_x.json" == paths.summary


def test_an_open_collector_with_the_files_of_before_is_what_it_was(tmp_path):
    """
    In append mode a whole session just goes on.
    """
    for number in range(2):
        made = collector(tmp_path, append_mode=True)
        made.set_session_id("x")
        made.process_envelope(edge(START_US + number))
        made.stop()

    assert not [name for name in names(tmp_path) if "old" in name]
    assert document(tmp_path / "metrics_x_manifest.json")["complete"]
