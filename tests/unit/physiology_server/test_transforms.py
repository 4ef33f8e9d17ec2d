"""How pictures are turned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from services.physiology_server.transforms import Transform, parse

pictures = npst.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 5), st.just(3)))
transforms = st.sampled_from(list(Transform))

INVERSE = {transform: transform for transform in Transform} | {
    Transform.CW90: Transform.CCW90,
    Transform.CCW90: Transform.CW90,
}

ALIASES = {
    "none": "none None NONE OFF off Unspecified_EnumEnd",
    "cw90": "clockwise90 cw90 CLOCKWISE90 CW90 ClockWise90 90",
    "ccw90": "counterclockwise90 ccw90 COUNTERCLOCKWISE90 CCW90 CounterClockWise90",
    "rotate180": "rotate180 180 ROTATE180 rot180 cw180",
    "mirror_horizontal": "mirror_horizontal mirror_h MIRROR_HORIZONTAL MH mh",
    "mirror_vertical": "mirror_vertical mirror_v MIRROR_VERTICAL MV mv",
}


@pytest.mark.parametrize(
    ("canonical", "alias"),
    [(canonical, alias) for canonical, names in ALIASES.items() for alias in names.split()],
)
def test_every_name_of_the_vendor_s_parser_is_understood(canonical, alias):
    """
    A command line written for the vendor's server works.
    """
    assert canonical == str(parse(alias))


@pytest.mark.parametrize(
    ("canonical", "value"), [("none", None), ("none", False), ("cw90", 90), ("rotate180", 180)]
)
def test_what_yaml_makes_of_a_name_is_understood(canonical, value):
    """
    `input_transform_mode: off` need not be put in quotes.
    """
    assert canonical == str(parse(value))


@pytest.mark.parametrize("name", ["", "cw91", "mirror", True, 0])
def test_an_unknown_name_is_refused_with_those_that_there_are(name):
    """
    In the vendor's words, and with more help than it gives.
    """
    with pytest.raises(ValueError, match="unknown value for enumeration.*ccw90.*rot180.*mv"):
        parse(name)


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (Transform.NONE, ["ab", "cd"]),
        (Transform.CW90, ["ca", "db"]),
        (Transform.CCW90, ["bd", "ac"]),
        (Transform.ROTATE180, ["dc", "ba"]),
        (Transform.MIRROR_HORIZONTAL, ["ba", "dc"]),
        (Transform.MIRROR_VERTICAL, ["cd", "ab"]),
    ],
    ids=str,
)
def test_each_transform_does_what_its_name_says(transform, expected):
    """
    Clockwise is to the right at the top; a horizontal mirror exchanges left and right.
    """
    corners = np.array([[*b"ab"], [*b"cd"]], np.uint8)

    assert expected == [bytes(row).decode() for row in transform.apply(corners)]


@given(pictures, transforms)
def test_a_transform_is_undone_by_its_inverse(picture, transform):
    """
    A quarter turn back, or the same half turn or mirror again.
    """
    assert np.array_equal(picture, INVERSE[transform].apply(transform.apply(picture)))


@given(pictures)
def test_two_quarter_turns_are_a_half_turn_and_so_are_both_mirrors(picture):
    """
    The transforms agree with each other.
    """
    half = Transform.ROTATE180.apply(picture)
    turned = Transform.CW90.apply(Transform.CW90.apply(picture))
    mirrored = Transform.MIRROR_VERTICAL.apply(Transform.MIRROR_HORIZONTAL.apply(picture))

    assert np.array_equal(half, turned)
    assert np.array_equal(half, mirrored)


@given(pictures, transforms)
def test_no_transform_copies_the_picture(picture, transform):
    """
    At 30 pictures a second a copy less counts.
    """
    assert np.shares_memory(picture, transform.apply(picture))
