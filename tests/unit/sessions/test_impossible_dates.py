"""Dates of foreign numbers: one that is none is unknown, and costs nothing else."""

import json
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from smartspectra.ipc.session.moments import UNKNOWN
from tests.support.sessions import EDGE, START_US, a_session, every, recorded, samples
from vitalrig.cli.app import app
from vitalrig.errors import BadRequest, VitalrigError
from vitalrig.sessions.exports import export_csv, export_edf, export_parquet, export_xdf
from vitalrig.sessions.plotting import plot
from vitalrig.sessions.reading.open import open_session
from vitalrig.sessions.reading.words import date_and_time, length
from vitalrig.sessions.store import catalogue

NANOSECONDS = 1_760_000_000_000_000_000
COMMANDS = {
    "list": ["list"],
    "list for programs": ["list", "--json"],
    "show": ["show", "odd"],
    "verify": ["verify"],
    "plot": ["plot", "odd", "--output", "plot.png"],
    "export": ["export", "odd", "-f", "csv", "-f", "parquet", "-f", "edf", "-f", "xdf"],
}


def odd_session(folder, started_at_ms, timestamps):
    columns = {
        "timestamps": timestamps,
        "values": [float(number) for number in range(len(timestamps))],
        "relative_us": timestamps,
    }
    document = {
        "meta": {"session_id": "odd", "started_at_ms": started_at_ms, "duration_seconds": 5.0},
        "series": {EDGE: {"eda.trace": columns}},
    }
    (folder / "metrics_odd.json").write_text(json.dumps(document))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("started_at_ms", [NANOSECONDS, float("nan"), "soon"])
def test_one_session_with_an_impossible_date_costs_no_other(
    tmp_path, monkeypatch, started_at_ms, command
):
    """
    Its date is unknown; it is shown, checked, drawn and exported, as are its neighbours.
    """
    recorded(tmp_path, "good")
    odd_session(tmp_path, started_at_ms, every(2e5, 30).tolist())
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["sessions", *COMMANDS[command], "--sessions-folder", "."])

    assert (0, "") == (done.exit_code, done.stderr)
    if command in ("list", "verify"):
        assert "good" in done.stdout
    if command == "list":
        assert UNKNOWN in done.stdout or started_at_ms == "soon"


def test_a_person_sees_no_word_of_an_impossible_date(tmp_path):
    """
    The program itself, with all that its packages may complain of.
    """
    odd_session(tmp_path, NANOSECONDS, every(2e5, 30).tolist())
    done = subprocess.run(
        [
            sys.executable, "-m", "vitalrig.cli", "sessions", *COMMANDS["export"],
            "--sessions-folder", ".",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(anything)
@example(10**400)
@example(-1)
@example(253_402_300_800_000)
def test_whatever_a_file_says_is_a_moment_and_a_length_or_unknown(value):
    """
    And never an error.
    """
    assert date_and_time(value)
    assert length(value)


@given(
    st.dictionaries(
        st.sampled_from(
            ["started_at_ms", "stopped_at_ms", "source", "samples", "envelopes", "redis_prefix",
             "state", "complete", "verdict", "session_id", "bytes", "sha256", "gaps"]
        ),
        anything,
    ),
    st.dictionaries(
        st.sampled_from(
            ["started_at_ms", "duration_seconds", "total_samples", "jsonl_envelopes_written",
             "source", "redis_prefix", "session_id", "stopped_at_ms"]
        ),
        anything,
    ),
)  # fmt: skip
def test_whatever_manifest_and_summary_say_the_session_is_listed_and_checked(
    tmp_path_factory, facts, meta
):
    """
    JSON that is none of ours costs at most its own session, by name.
    """
    from vitalrig.cli import sessions_tables as tables
    from vitalrig.sessions.verification.verify import verify

    folder = tmp_path_factory.mktemp("odd")
    files = recorded(folder, "odd", count=3)
    files.manifest.write_text(json.dumps(json.loads(files.manifest.read_text()) | facts))
    summary = json.loads(files.summary.read_text())
    files.summary.write_text(json.dumps(summary | {"meta": summary["meta"] | meta}))
    (found,) = catalogue.find(folder)

    assert tables.of_entries([catalogue.entry(found)]).row_count == 1
    assert verify(found).name == "odd"
    try:
        session = open_session(found)
    except VitalrigError:
        return
    assert session.name


STAMPS = {
    "none": [float("nan")] * 30,
    "nanoseconds": [NANOSECONDS + number * 2e8 for number in range(30)],
    "beyond all numbers": [1e300 + number for number in range(30)],
    "at the calendar's ends": [-6.2e16, 0.0, 2.534e17],
    "some": [*every(2e5, 30), 1e300],
}


@pytest.mark.parametrize("stamps", STAMPS.values(), ids=STAMPS)
@pytest.mark.parametrize("write", [export_csv, export_parquet, export_xdf])
def test_samples_with_impossible_times_are_exported(tmp_path, stamps, write):
    """
    With what is known of them.
    """
    session = a_session({(EDGE, "eda.trace"): samples(stamps, range(len(stamps)))})
    write.export(session, tmp_path / "made")

    assert (tmp_path / "made").stat().st_size > 0


@pytest.mark.parametrize("stamps", STAMPS.values(), ids=STAMPS)
def test_samples_with_impossible_times_leave_a_plot(tmp_path, stamps):
    """
    Of all others.
    """
    session = a_session({(EDGE, "eda.trace"): samples(stamps, range(len(stamps)))})
    plot.save(session, tmp_path / "made.png")

    assert (tmp_path / "made.png").exists()


def test_a_time_that_is_none_is_an_empty_cell(tmp_path):
    """
    Rather than a number that was made up.
    """
    stamps = [START_US, float("nan")]
    session = a_session({(EDGE, "eda.trace"): samples(stamps, [0.5, 0.25])})
    export_csv.export(session, tmp_path / "made.csv")
    rows = (tmp_path / "made.csv").read_text().splitlines()

    assert [str(START_US), ""] == [row.split(",")[3] for row in rows[1:]]


@pytest.mark.parametrize("name", ["none", "nanoseconds", "beyond all numbers"])
def test_edf_says_why_it_cannot_hold_samples_without_a_date(tmp_path, name):
    """
    And what can.
    """
    session = a_session({(EDGE, "eda.trace"): samples(STAMPS[name], range(30))})

    with pytest.raises(BadRequest, match="possible date; export to csv"):
        export_edf.export(session, tmp_path / "made.edf")
