"""What is shown while Redis keeps nothing more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalrig.errors import BadMessage
from vitalrig.unkept import Unkept

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=" \n"), max_size=9)


@given(words, words, st.integers(0, 2**63), st.binary())
def test_what_is_published_is_what_is_understood(channel, run, seq, envelope):
    """
    Byte for byte, whatever the envelope holds.
    """
    unkept = Unkept(channel, run, seq, envelope)

    assert unkept == Unkept.parse(unkept.packed())


@given(st.binary())
def test_whatever_comes_is_understood_or_refused(raw):
    """
    Nothing on the channel can end who listens.
    """
    try:
        Unkept.parse(raw)
    except BadMessage:
        return


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"a b 1", b"a b x\n{}", b"a 1\n{}", b"a b -1\n", "a b \u0661\n".encode()]
)
def test_what_makes_no_sense_is_refused(raw):
    """
    An envelope by itself, a number that is none.
    """
    with pytest.raises(BadMessage):
        Unkept.parse(raw)
