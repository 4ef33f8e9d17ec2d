"""Uploaded pictures: understood, or refused without an exception."""

import dataclasses

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.physiology_server.rpc.message_shapes import Mat
from services.physiology_server.rpc.uploaded_pictures import picture_of

COLOUR = Mat(rows=2, cols=3, element_type=16, element_size=3, data=bytes(range(18)))
GREY = Mat(rows=2, cols=3, element_type=0, element_size=1, data=bytes(range(6)))


def test_a_colour_picture_is_taken_as_it_is():
    """
    Row by row, red before green before blue.
    """
    picture = picture_of(COLOUR)

    assert ((2, 3, 3), [15, 16, 17]) == (picture.shape, picture[1, 2].tolist())


def test_a_grey_picture_has_three_equal_colours():
    """
    What measures it expects colours.
    """
    picture = picture_of(GREY)

    assert ((2, 3, 3), [4, 4, 4]) == (picture.shape, picture[1, 1].tolist())


def test_a_picture_without_a_type_is_taken_for_colour():
    """
    Some messages have rows, columns and bytes alone.
    """
    plain = dataclasses.replace(COLOUR, element_type=None, element_size=None)

    assert np.array_equal(picture_of(COLOUR), picture_of(plain))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0}, {"rows": -2}, {"cols": -3}, {"rows": -2, "cols": -3}, {"data": b""},
        {"data": bytes(17)}, {"data": bytes(19)}, {"element_type": 24}, {"element_size": 4},
        {"element_type": 0}, {"rows": 2**31 - 1, "cols": 2**31 - 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_picture_that_contradicts_itself_is_refused(change):
    """
    Its size, its type and its bytes must agree.
    """
    assert picture_of(dataclasses.replace(COLOUR, **change)) is None


NUMBERS = st.integers(-(2**31), 2**31 - 1) | st.integers(-2, 20)


@given(st.builds(Mat, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.binary(max_size=40)))
@example(Mat(0, 0, 16, 3, b""))
def test_nothing_that_a_client_sends_raises(mat):
    """
    A bad frame costs itself alone.
    """
    picture = picture_of(mat)

    assert picture is None or (mat.rows, mat.cols, 3) == picture.shape
