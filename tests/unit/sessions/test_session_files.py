"""Which files make up one session."""

from pathlib import Path

import pytest

from vitalrig.sessions.store.session_files import group

FOLDER = Path("sessions")


def grouped(*names):
    sessions, strangers = group(FOLDER, names)
    return {session.name: sorted(path.name for path in session.all()) for session in sessions}, [
        path.name for path in strangers
    ]


def test_the_files_of_a_session_belong_together():
    """
    By the stem of the JSONL.
    """
    names = [
        "metrics_first.json",
        "metrics_first.jsonl",
        "metrics_first.jsonl.torn",
        "metrics_first_manifest.json",
        "metrics_first_snapshot_temp.json",
    ]

    assert ({"first": names}, []) == grouped(*names)


@pytest.mark.parametrize(
    ("jsonl", "summary", "name"),
    [
        ("metrics_first.jsonl", "metrics_summary_first.json", "first"),
        ("metrics.jsonl", "metrics_summary.json", "metrics"),
        ("metrics_first.jsonl", "metrics_first.json", "first"),
    ],
)
def test_both_documented_names_of_a_summary_are_found(jsonl, summary, name):
    """
    Made from a base of its own, or named after the JSONL.
    """
    assert ({name: sorted([jsonl, summary])}, []) == grouped(jsonl, summary)


def test_a_summary_of_its_own_base_keeps_its_snapshot():
    """
    A snapshot is named after the summary, a manifest after the JSONL.
    """
    names = [
        "metrics_first.jsonl",
        "metrics_first_manifest.json",
        "metrics_summary_first.json",
        "metrics_summary_first_snapshot_temp.json",
    ]

    assert ({"first": names}, []) == grouped(*names)


def test_two_sessions_whose_names_begin_alike_stay_apart():
    """
    ``first`` is not part of ``first_old1``.
    """
    names = ["metrics_first.json", "metrics_first.jsonl", "metrics_first_old1.jsonl"]

    assert {
        "first": ["metrics_first.json", "metrics_first.jsonl"],
        "first_old1": ["metrics_first_old1.jsonl"],
    } == grouped(*names)[0]


def test_a_summary_alone_is_a_session():
    """
    A licensee may keep nothing else.
    """
    assert ({"first": ["metrics_first.json"]}, []) == grouped("metrics_first.json")


def test_what_is_no_file_of_a_session_is_a_stranger():
    """
    Exports, and what a repair kept, are none.
    """
    names = [
        "metrics_first.jsonl",
        "metrics_first.edf",
        "metrics_first.json.before_repair",
        "metrics_first.json.before_repair_2",
        ".metrics.jsonl.lock",
        "notes.txt",
        "other.csv",
    ]

    assert ({"first": ["metrics_first.jsonl"]}, ["notes.txt", "other.csv"]) == grouped(*names)
