"""`vitalrig sessions export` and `plot`, as people and programs call them."""

import json

import edfio
import pandas as pd
import pyarrow.parquet as pq
import pytest
import pyxdf

READERS = {
    "csv": lambda path: pd.read_csv(path).series.nunique(),
    "parquet": lambda path: len(set(pq.read_table(path).column("series").to_pylist())),
    "xdf": lambda path: len(pyxdf.load_xdf(path)[0]) - 1,
    "edf": lambda path: len(edfio.read_edf(path).signals),
}


@pytest.mark.parametrize(("to", "series"), [("csv", 18), ("parquet", 18), ("xdf", 20), ("edf", 16)])
def test_export_makes_a_file_beside_the_session(folder, sessions, to, series):
    """
    Named after it, in a format that others read.

    Two channels have two series of the same name; breaths and blinks are not signals.
    """
    result = sessions("export", "golden", "--format", to)

    assert (0, series) == (result.exit_code, READERS[to](folder / f"metrics_golden.{to}"))


def test_export_makes_several_files_at_once(tmp_path, sessions):
    """
    Into a folder of one's choice.
    """
    sessions("export", "golden", "-f", "csv", "-f", "xdf", "--output", tmp_path)

    assert ["metrics_golden.csv", "metrics_golden.xdf"] == sorted(
        path.name for path in tmp_path.glob("metrics_golden.*")
    )


def test_export_never_replaces_a_file_by_mistake(folder, sessions):
    """
    Unless --force is given.
    """
    path = folder / "metrics_golden.csv"
    path.write_text("mine")
    refused = sessions("export", "golden", "-f", "csv")
    kept = path.read_text()
    forced = sessions("export", "golden", "-f", "csv", "--force")

    assert (1, "mine", 0, True) == (
        refused.exit_code, kept, forced.exit_code, path.read_text() != "mine",
    )  # fmt: skip
    assert "--force" in refused.stderr


def test_export_of_two_formats_into_one_file_is_refused(tmp_path, sessions):
    """
    The second would replace the first.
    """
    result = sessions("export", "golden", "-f", "csv", "-f", "xdf", "--output", tmp_path / "a.csv")

    assert (1, True) == (result.exit_code, "folder" in result.stderr)


def test_plot_makes_a_picture(tmp_path, sessions):
    """
    Where it is asked for.
    """
    result = sessions("plot", "golden", "--output", tmp_path / "metrics_plot.png")

    assert (0, b"\x89PNG") == (
        result.exit_code, (tmp_path / "metrics_plot.png").read_bytes()[:4],
    )  # fmt: skip


def test_one_format_that_cannot_be_made_costs_no_other(tmp_path, folder, sessions):
    """
    A file that is there is not replaced, and the next is made.
    """
    (folder / "metrics_golden.csv").write_text("mine")
    result = sessions("export", "golden", "-f", "csv", "-f", "xdf")

    assert (1, True) == (result.exit_code, "--force" in result.stderr)
    assert (folder / "metrics_golden.xdf").exists()


def test_a_cell_that_a_spreadsheet_would_run_is_text(tmp_path, sessions, folder):
    """
    A series may be called whatever its sender likes.
    """
    summary = folder / "metrics_golden.json"
    document = json.loads(summary.read_text())
    of_edge = document["series"]["physiology:edge_metrics"]
    of_edge["=cmd|' /C calc'!A1"] = next(iter(of_edge.values()))
    summary.write_text(json.dumps(document))
    sessions("export", "golden", "--output", tmp_path / "made.csv")
    text = (tmp_path / "made.csv").read_text()

    assert "'=cmd|" in text
    assert '"=cmd' not in text
    assert ",=cmd" not in text


@pytest.mark.parametrize(
    ("name", "begins"), [("p.png", b"\x89PNG"), ("p.pdf", b"%PDF"), ("p.svg", b"<?xml")]
)
def test_a_plot_is_what_its_name_ends_with(tmp_path, sessions, name, begins):
    """
    A PNG called .pdf is opened by no reader of PDF.
    """
    result = sessions("plot", "golden", "--output", tmp_path / name)

    assert 0 == result.exit_code
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_plot_of_no_known_kind_is_refused(tmp_path, sessions):
    """
    With the kinds that there are.
    """
    result = sessions("plot", "golden", "--output", tmp_path / "p.doc")

    assert (1, True) == (result.exit_code, ".png, .pdf, .svg" in result.stderr)


@pytest.mark.parametrize("to", ["csv", "parquet", "edf", "xdf"])
def test_an_export_is_what_its_name_ends_with(tmp_path, sessions, to):
    """
    Without being told twice.
    """
    result = sessions("export", "golden", "--output", tmp_path / f"made.{to}")

    assert 0 == result.exit_code
    assert (tmp_path / f"made.{to}").exists()


def test_an_export_that_is_called_something_else_is_refused(tmp_path, sessions):
    """
    Both before anything is written.
    """
    other = sessions("export", "golden", "-f", "csv", "--output", tmp_path / "made.edf")
    none = sessions("export", "golden")

    assert (1, 1, []) == (other.exit_code, none.exit_code, list(tmp_path.glob("made*")))
    assert "does not end with .csv" in other.stderr
    assert "name a --format" in none.stderr


def test_an_export_makes_the_folder_that_it_is_told(tmp_path, sessions):
    """
    With all above it.
    """
    result = sessions(
        "export", "golden", "-f", "csv", "-f", "xdf", "--output", tmp_path / "a" / "b"
    )

    assert 0 == result.exit_code
    assert ["metrics_golden.csv", "metrics_golden.xdf"] == sorted(
        path.name for path in (tmp_path / "a" / "b").iterdir()
    )
