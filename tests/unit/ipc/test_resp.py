import collections
import contextlib
import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartspectra.ipc import RespReader, encode_command, normalize
from smartspectra.ipc.wire import codec
from smartspectra.ipc.wire.resp import RespError, RespProtocolError
from smartspectra.ipc.wire.resp_parser import NOTHING, HiredisParser, PlainParser

PARSERS = ["plain", "hiredis"]


@pytest.fixture(params=PARSERS)
def reading(request) -> Iterator[tuple[RespReader, socket.socket]]:
    """A reader with a short timeout, and the socket at the other end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0.02)
    before = codec.hiredis_module()
    codec.use_extras(request.param == "hiredis")
    try:
        yield RespReader(ours, max_bulk_bytes=1_000, max_array_elements=10), theirs
    finally:
        codec.use_extras(before is not None)
        ours.close()
        theirs.close()


def parser(kind: str, *, speaks_resp2: bool = True) -> PlainParser | HiredisParser:
    """A parser; that of hiredis leaves the reading to the other until RESP2 is certain."""
    if kind == "plain":
        return PlainParser(1_000, 100)
    made = HiredisParser(pytest.importorskip("hiredis"), 1_000, 100)
    if speaks_resp2:
        made.feed(written([b"message", b"c", b"p"]))
        made.get()
    return made


class Remark:
    """A value with attributes before it."""

    def __init__(self, attributes: dict, value: object) -> None:
        self.attributes = attributes
        self.value = value

    def __repr__(self) -> str:
        return f"Remark({self.attributes!r}, {self.value!r})"


def bare(value):
    """The value as it is to be read: attributes are dropped."""
    match value:
        case Remark():
            return bare(value.value)
        case list():
            return [bare(item) for item in value]
        case dict():
            return {key: bare(item) for key, item in value.items()}
        case RespError():
            return ("error", str(value))
    return value


def written(value) -> bytes:  # noqa: PLR0911
    """A reference writer of RESP."""
    match value:
        case Remark():
            return b"|" + written(value.attributes)[1:] + written(value.value)
        case RespError():
            text = str(value).encode()
            return b"!%d\r\n%b\r\n" % (len(text), text)
        case None:
            return b"_\r\n"
        case bool():
            return b"#t\r\n" if value else b"#f\r\n"
        case int():
            return b":%d\r\n" % value
        case float():
            return b",%s\r\n" % repr(value).encode()
        case bytes():
            return b"$%d\r\n%b\r\n" % (len(value), value)
        case list():
            return b"*%d\r\n" % len(value) + b"".join(map(written, value))
        case dict():
            pairs = b"".join(written(key) + written(item) for key, item in value.items())
            return b"%%%d\r\n" % len(value) + pairs
    raise TypeError(value)


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False).filter(lambda number: "e" not in repr(number))
    | st.binary(max_size=40)
)
replies = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.binary(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)
resp3_replies = st.recursive(
    scalars | st.builds(RespError, st.text(st.characters(codec="utf-8"), max_size=20)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.binary(max_size=5), inner, max_size=3)
        | st.builds(Remark, st.dictionaries(st.binary(max_size=5), inner, max_size=2), inner)
    ),
    max_leaves=10,
)
messages = st.builds(
    lambda channel, payload: [b"message", channel, payload],
    st.binary(max_size=10),
    st.binary(max_size=60),
)


def parse_in_cuts(kind: str, raw: bytes, cuts: list[int], *, speaks_resp2: bool = True) -> list:
    """Everything a parser gives when fed in these pieces."""
    made = parser(kind, speaks_resp2=speaks_resp2)
    edges = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    got = []
    for start, end in pairwise(edges):
        made.feed(raw[start:end])
        while (reply := made.get()) is not NOTHING:
            got.append(reply)
    return got


@pytest.mark.parametrize("kind", PARSERS)
@given(sent=st.lists(replies | messages, max_size=4), cuts=st.lists(st.integers(0, 10_000)))
@example(sent=[[b"message", b"", b"\r\n$5\r\n"]], cuts=[1, 2, 3, 4, 5, 6, 7, 8, 9])
@example(sent=[[b"message", b"c", b"p"], False, None, []], cuts=[])
def test_replies_read_the_same_however_the_bytes_are_cut(kind, sent, cuts):
    """
    What a reference writer wrote is read back, in any number of pieces, by both parsers.
    """
    assert sent == parse_in_cuts(kind, b"".join(map(written, sent)), cuts)


@pytest.mark.parametrize("kind", PARSERS)
@given(sent=st.lists(resp3_replies, max_size=4), cuts=st.lists(st.integers(0, 10_000)))
@example(sent=[Remark({}, Remark({b"a": [Remark({b"b": 1}, None)]}, [])), 1], cuts=[])
@example(sent=[[RespError("ERR\r\n!3"), Remark({b"a": RespError("")}, b"x")], 2], cuts=[3, 9])
def test_blob_errors_and_attributes_read_the_same_in_both_parsers(kind, sent, cuts):
    """
    RESP3's two odd types: an error in its place, and remarks that are left out.
    """
    raw = b"".join(map(written, sent))

    assert bare(sent) == bare(parse_in_cuts(kind, raw, cuts, speaks_resp2=False))


@given(messages=st.lists(messages, min_size=1), cuts=st.lists(st.integers(0, 10_000)))
def test_hiredis_takes_over_without_losing_a_byte(messages, cuts):
    """
    The first message says that it may, wherever the bytes around it are cut.
    """
    sent = [b"PONG", 1, *messages, [1, [2]], *messages]
    raw = b"".join(map(written, sent))

    assert sent == parse_in_cuts("hiredis", raw, cuts, speaks_resp2=False)


@pytest.mark.parametrize(("opening", "takes_over"), [(b"*", True), (b">", False)])
def test_hiredis_reads_only_what_is_certainly_resp2(opening, takes_over):
    """
    Pushed messages are RESP3, where types may come that hiredis does not know.
    """
    made = parser("hiredis", speaks_resp2=False)
    for first in (opening, b"*"):
        made.feed(first + written([b"message", b"c", b"p"])[1:])
        made.get()

    assert takes_over == (made._plain is None)


@given(raw=st.binary(max_size=200), cuts=st.lists(st.integers(0, 10_000), max_size=5))
@example(raw=b"*1\r\n*1\r\n!3\r\nERR\r\n", cuts=[])
@example(raw=b"|-1\r\n!-1\r\n", cuts=[])
def test_bytes_that_are_no_resp_raise_one_error_and_nothing_else(raw, cuts):
    """
    Garbage ends in RespProtocolError or waits for more; no other exception comes out.
    """
    for kind in PARSERS:
        with contextlib.suppress(RespProtocolError):
            parse_in_cuts(kind, raw, cuts)


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"+OK\r\n", b"OK"),
        (b":-9223372036854775808\r\n", -(2**63)),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"_\r\n", None),
        (b"#t\r\n", True),
        (b",1.5e3\r\n", 1500.0),
        (b",-inf\r\n", float("-inf")),
        (
            b"(3492890328409238509324850943850943825024385\r\n",
            b"3492890328409238509324850943850943825024385",
        ),
        (b"=7\r\ntxt:abc\r\n", b"abc"),
        (b"~2\r\n:1\r\n:1\r\n", [1, 1]),
        (b"%1\r\n+a\r\n*0\r\n", {b"a": []}),
        (b">2\r\n+a\r\n+b\r\n", [b"a", b"b"]),
    ],
)
def test_every_type_of_reply_reads_the_same_in_both_parsers(kind, raw, expected):
    """
    RESP2 and RESP3.
    """
    assert [expected] == parse_in_cuts(kind, raw, range(len(raw)))


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(
    "raw",
    [
        b":9223372036854775808\r\n",
        b":-12345678901234567890123\r\n",
        b":01\r\n",
        b"+a\nb\r\n",
        b"=3\r\ntxt\r\n",
        b"%1\r\n*0\r\n:1\r\n",
        b"#x\r\n",
        b",one\r\n",
        b"$-2\r\n",
    ],
)
def test_what_one_parser_refuses_the_other_refuses_too(kind, raw):
    """
    A wrong reply is wrong whatever is installed.
    """
    with pytest.raises(RespProtocolError):
        parse_in_cuts(kind, raw, [])


def test_a_long_stream_does_not_fill_the_parsers_buffer():
    """
    What was read is let go, also when a reply is always half there.
    """
    made = parser("plain")
    message = written([b"message", b"c", b"x" * 900])
    raw = message * 3_000
    for start in range(0, len(raw), 65_536):
        made.feed(raw[start : start + 65_536])
        while made.get() is not NOTHING:
            pass

    assert len(made._buffer) < 1_200_000


def test_a_command_is_an_array_of_bulk_strings():
    """
    Text goes as UTF-8, and lengths count bytes.
    """
    assert b"*2\r\n$3\r\nGET\r\n$2\r\n\xc3\xa4\r\n" == encode_command("GET", "ä")
    assert b"*1\r\n$2\r\n\xff\x00\r\n" == encode_command(b"\xff\x00")


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5))
def test_a_command_reads_back_as_what_was_sent(arguments):
    """
    encode_command and the reader are inverse.
    """
    assert [arguments] == parse_in_cuts("plain", encode_command(*arguments), [])


def test_normalize_turns_bytes_into_text_where_they_are_text():
    """
    At every depth; bytes that are not UTF-8 stay bytes.
    """
    reply = [b"message", [b"a", b"\xff"], {b"k": b"v"}, 3, None]

    assert ["message", ["a", b"\xff"], {"k": "v"}, 3, None] == normalize(reply)


def test_a_timeout_gives_none_and_keeps_the_half_that_came(reading):
    """
    The documented loop skips None and loses nothing.
    """
    reader, peer = reading
    message = written([b"message", b"c", b"payload"])

    peer.sendall(message[:20])
    assert reader.read() is None
    peer.sendall(message[20:])

    assert [b"message", b"c", b"payload"] == reader.read()


def test_the_end_of_the_stream_is_a_connection_error(reading):
    """
    Whoever reads must connect again.
    """
    reader, peer = reading
    peer.close()

    with pytest.raises(ConnectionError):
        reader.read()


def test_an_error_reply_is_raised_and_the_next_reply_still_comes(reading):
    """
    A refused command does not end the connection.
    """
    reader, peer = reading
    peer.sendall(b"-NOAUTH Authentication required.\r\n+PONG\r\n")

    with pytest.raises(RespError, match=r"NOAUTH Authentication required\."):
        reader.read()
    assert b"PONG" == reader.read()


def test_an_error_inside_an_array_is_an_object_in_its_place(reading):
    """
    The other elements of a transaction's reply are not lost.
    """
    reader, peer = reading
    peer.sendall(b"*2\r\n-ERR no\r\n:1\r\n")

    error, one = reader.read()

    assert isinstance(error, RespError)
    assert 1 == one


def test_a_push_reads_like_a_message(reading):
    """
    RESP3 connections push messages; the documented loop recognises them all the same.
    """
    reader, peer = reading
    peer.sendall(b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n{}\r\n")

    assert [b"message", b"c", b"{}"] == list(reader.read())


@pytest.mark.parametrize(
    "raw",
    [
        b"$1001\r\n" + b"x" * 1_001 + b"\r\n",
        b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1001\r\n" + b"x" * 1_001 + b"\r\n",
        b"*2\r\n:1\r\n*1\r\n$1001\r\n" + b"x" * 1_001 + b"\r\n",
        b"*11\r\n" + b":1\r\n" * 11,
        b"*1\r\n%11\r\n" + b"".join(b":%d\r\n:1\r\n" % n for n in range(11)),
    ],
    ids=["bulk", "message", "bulk within", "array", "map within"],
)
def test_one_more_than_the_limit_is_refused_and_the_limit_itself_is_not(reading, raw):
    """
    Both parsers count alike, at every depth, and stay refusing.
    """
    reader, peer = reading
    peer.sendall(b"$1000\r\n" + b"x" * 1_000 + b"\r\n" + b"*10\r\n" + b":1\r\n" * 10)
    assert [b"x" * 1_000, [1] * 10] == [reader.read(), reader.read()]

    peer.sendall(raw + b"+OK\r\n")
    for _ in range(2):
        with pytest.raises(RespProtocolError):
            reader.read()


def test_the_plain_parser_gives_nothing_after_an_error():
    """
    Half of a reply that was too deep is not taken for a reply.
    """
    made = parser("plain")
    made.feed(b"*1\r\n" * 65 + b":1\r\n:2\r\n")
    for _ in range(3):
        with pytest.raises(RespProtocolError, match="nested deeper"):
            made.get()


@pytest.mark.parametrize(
    "raw",
    [
        b"*9\r\n" * 60 + b"$900\r\n" + b"x" * 900 + b"\r\n" + b"$900\r\n" * 90,
        b"HTTP/1.1 400 Bad Request\r\n",
        b":12x\r\n",
        b"*?\r\n",
    ],
    ids=["deep and long", "http", "integer", "streamed"],
)
def test_what_is_no_resp_ends_the_connection(reading, raw):
    """
    Syntax is checked, and after an error nothing more is believed.
    """
    reader, peer = reading
    peer.sendall(raw + b"x" * 70_000)

    for _ in range(2):
        with pytest.raises(RespProtocolError):
            collections.deque(iter(reader.read, None))


def test_the_plain_parser_refuses_a_length_before_any_of_it_arrives():
    """
    A header that promises too much is enough.
    """
    for header in (b"$1001\r\n", b"*101\r\n", b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1001\r\n"):
        made = parser("plain")
        made.feed(header)
        with pytest.raises(RespProtocolError):
            made.get()


def test_everything_that_has_arrived_is_read_at_once(reading):
    """
    A burst can go to process_envelopes as one batch, and silence is an empty list.
    """
    reader, peer = reading
    peer.sendall(b"".join(written([b"message", b"c", b"%d" % n]) for n in range(5)) + b"*3\r\n")

    assert [b"0", b"1", b"2", b"3", b"4"] == [message[2] for message in reader.read_many()]
    assert [] == reader.read_many()
