"""Exports appear whole, and never in the place of another by mistake."""

import contextlib

import pytest

from vitalrig.errors import BadRequest
from vitalrig.sessions.store.atomic_output import atomic_output


def test_a_file_appears_when_it_is_finished(tmp_path):
    """
    Nobody sees half of it.
    """
    path = tmp_path / "made.csv"
    with atomic_output(path) as partial:
        partial.write_text("half")
        during = path.exists()

    assert (False, "half", ["made.csv"]) == (
        during, path.read_text(), [each.name for each in tmp_path.iterdir()],
    )  # fmt: skip


def test_a_failure_leaves_nothing(tmp_path):
    """
    Neither the file nor its beginning.
    """
    with contextlib.suppress(RuntimeError), atomic_output(tmp_path / "made.csv") as partial:
        partial.write_text("half")
        raise RuntimeError

    assert [] == list(tmp_path.iterdir())


def test_a_failure_leaves_what_was_there(tmp_path):
    """
    Also if it was to be replaced.
    """
    path = tmp_path / "made.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_output(path, force=True):
        raise RuntimeError

    assert "old" == path.read_text()


def test_a_file_that_is_there_is_not_replaced(tmp_path):
    """
    The message says how to do that if it is meant.
    """
    path = tmp_path / "made.csv"
    path.write_text("old")
    with pytest.raises(BadRequest, match="--force"), atomic_output(path):
        pass

    assert "old" == path.read_text()


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path):
    """
    Two exports at once cost one of them a message.
    """
    path = tmp_path / "made.csv"
    both = contextlib.ExitStack()
    both.enter_context(atomic_output(path)).write_text("new")
    path.write_text("old")
    with pytest.raises(BadRequest, match="meanwhile"):
        both.close()

    assert "old" == path.read_text()


def test_a_file_that_is_there_is_replaced_if_that_is_meant(tmp_path):
    """
    In one step.
    """
    path = tmp_path / "made.csv"
    path.write_text("old")
    with atomic_output(path, force=True) as partial:
        partial.write_text("new")

    assert "new" == path.read_text()


def test_a_folder_that_is_not_there_is_made(tmp_path):
    """
    Who names it wants it.
    """
    path = tmp_path / "exports" / "today" / "made.csv"
    with atomic_output(path) as partial:
        partial.write_text("all")

    assert "all" == path.read_text()
