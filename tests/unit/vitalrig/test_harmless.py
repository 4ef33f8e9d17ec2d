"""Text from outside, where it is shown."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vitalrig.harmless import harmless, harmless_cell


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x9b31m", r"\x9b31m"),
        ("evil\u202egnp.exe", r"evil\u202egnp.exe"),
        ("a\u2028b", r"a\u2028b"),
        ("half \ud800", r"half \ud800"),
        ("a\0b\x14c\x15d", r"a\x00b\x14c\x15d"),
    ],
    ids=["escapes", "line breaks", "one-letter escape", "turned", "separator", "half", "EDF's"],
)
def test_what_does_harm_is_written_out(text, shown):
    """
    So that one still sees what was sent.
    """
    assert shown == harmless(text)


@pytest.mark.parametrize("text", ["Gesicht zu groß", "Käse 🧀", "می\u200cشود", "心拍", r"C:\x"])
def test_other_text_stays_as_it_is(text):
    """
    In whatever script; emoji and joiners of letters are text.
    """
    assert text == harmless(text) == harmless_cell(text)


@given(st.text())
@example("".join(map(chr, range(0x300))))
def test_whatever_comes_is_one_line_that_can_be_written(text):
    """
    Nothing in it moves a cursor, begins a line or fails to encode.
    """
    shown = harmless(text)

    assert shown.encode().decode() == shown
    assert [shown] == (shown.splitlines() or [""])
    assert not {"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, shown))
    assert shown == harmless(shown)


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-1", "@SUM(A1)", "=HYPERLINK('x')"])
def test_a_cell_is_no_formula(text):
    """
    A spreadsheet runs what begins with one of these, and takes what begins otherwise for text.
    """
    assert f"'{text}" == harmless_cell(text)


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n=1"])
def test_a_cell_hides_no_formula_behind_what_is_not_seen(text):
    """
    Some spreadsheets pass over blanks before they look.
    """
    assert harmless_cell(text).lstrip()[0] not in "=+-@"
