"""Smaller bodies for callers that can unpack them."""

import gzip

import pytest

from vitalrig.web.compression import SMALLEST_TO_COMPRESS_BYTES, accepts_gzip, compressed
from vitalrig.web.messages import Request, response

WANTS_GZIP = Request("GET", "/", headers={"accept-encoding": "gzip"})


@pytest.mark.parametrize(
    ("header", "expected"),
    [("gzip", True), ("", False), ("gzip;q=0", False), ("br, GZIP ; q=0.5", True), ("*", False)],
)
def test_gzip_is_for_who_accepts_it(header, expected):
    """
    q=0 means no.
    """
    assert expected == accepts_gzip(header)


def test_a_large_body_is_compressed_and_its_length_is_right():
    """
    Other headers stay.
    """
    reply = response(200, b"x" * SMALLEST_TO_COMPRESS_BYTES, headers={"Vary": "Accept-Encoding"})
    packed = compressed(reply, WANTS_GZIP)

    assert reply.body == gzip.decompress(packed.body)
    assert packed.headers == reply.headers | {
        "Content-Encoding": "gzip",
        "Content-Length": str(len(packed.body)),
    }


def test_a_small_body_stays_as_it_is():
    """
    It would become longer.
    """
    reply = response(200, "ok\n")

    assert reply == compressed(reply, WANTS_GZIP)
