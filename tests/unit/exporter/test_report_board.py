"""What was heard, until there is something newer."""

import pytest

from services.exporter import report_board
from services.exporter.report_board import ReportBoard
from vitalrig import redis_keys
from vitalrig.clock import ManualClock
from vitalrig.errors import Unavailable


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def board(clock):
    board = ReportBoard(clock)
    board.listening()
    return board


def hear(board, name, text=b"{}"):
    board.hear(f"{redis_keys.CAMERAS}{name}".encode(), text)


def test_the_last_report_of_a_name_counts(board):
    """
    The one before it says nothing any more.
    """
    hear(board, "a", b"1")
    hear(board, "a", b"2")

    assert {b"a": b"2"} == {name: heard.text for name, heard in board.cameras.items()}


def test_while_nothing_can_be_heard_there_is_no_report(board):
    """
    Neither before the first, nor when Redis is away: the page then says so.
    """
    hear(board, "a")
    board.deaf("Redis is away")

    with pytest.raises(Unavailable, match="Redis is away"):
        _ = board.cameras
    with pytest.raises(Unavailable, match="not listening yet"):
        _ = ReportBoard(ManualClock()).heartbeats


def test_only_so_many_names_are_kept_and_the_newest_are(board, monkeypatch):
    """
    Whoever reports under ever new names fills no memory.
    """
    monkeypatch.setattr(report_board, "MOST_NAMES", 3)
    for name in "abcd":
        hear(board, name)
    hear(board, "b")
    hear(board, "e")

    assert [b"d", b"b", b"e"] == list(board.cameras)


def test_a_report_as_long_as_a_book_is_none(board, monkeypatch):
    """
    It is kept as an empty one, which is refused and counted.
    """
    monkeypatch.setattr(report_board, "LONGEST_REPORT_BYTES", 10)
    hear(board, "a", b"x" * 11)

    assert b"" == board.cameras[b"a"].text


def test_who_was_silent_for_an_hour_is_forgotten(board, clock):
    """
    A camera that was taken away is not counted for ever.
    """
    hear(board, "a")
    clock.advance(3_601)
    hear(board, "b")

    assert [b"b"] == list(board.cameras)


def test_what_is_no_report_is_passed_over(board):
    """
    Other channels may begin as ours do.
    """
    board.hear(b"vitalrig:other", b"{}")

    assert {} == board.cameras == board.heartbeats
