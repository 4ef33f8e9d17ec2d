import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartspectra.ipc import BadEnvelope, Envelope
from smartspectra.ipc.wire import codec
from smartspectra.ipc.wire.channels import KINDS, Channels
from smartspectra.ipc.wire.codec import DEEPEST, standard_library_only
from smartspectra.ipc.wire.envelope import recording_of, session_id_of, timestamp_us

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def reason_of(raw) -> str:
    """Why it is refused; ``accepted`` if it is not."""
    try:
        Envelope.parse(raw)
    except BadEnvelope as exc:
        return exc.reason
    return "accepted"


@given(st.binary() | st.text() | json_values.map(json.dumps))
@example(b'{"type":"core_metrics","timestamp":Infinity,"payload":{}}')
@example(b'{"type":"core_metrics","timestamp":1e999,"payload":{}}')
@example(b'{"type":"core_metrics","timestamp":' + b"9" * 5_000 + b',"payload":{}}')
@example(b'{"type":"core_metrics","timestamp":' + b"9" * 400 + b',"payload":{}}')
@example(b"[" * 100_000)
@example("\ud800")
def test_whatever_arrives_is_an_envelope_or_refused(raw):
    """
    No bytes on a channel raise anything but BadEnvelope, and its reason fits a counter.
    """
    assert reason_of(raw).isidentifier()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\xff", "not_utf8"),
        (b"{", "not_json"),
        (b"[" * 100_000, "too_deep"),
        (b"42", "not_an_object"),
        (b'{"payload":{}}', "no_type"),
        (b'{"type":7,"payload":{}}', "no_type"),
        (b'{"type":"core_metrics"}', "no_payload"),
        (b'{"type":"edge_metrics","payload":[]}', "no_payload"),
    ],
)
def test_what_is_no_envelope_is_refused_with_its_reason(raw, reason):
    """
    The reasons are the keys under which rejected messages are counted.
    """
    with pytest.raises(BadEnvelope) as caught:
        Envelope.parse(raw)

    assert reason == caught.value.reason


@pytest.mark.parametrize(("opened", "closed"), [(b'{"a":', b"}"), (b"[", b"]")])
def test_a_message_that_is_nested_beyond_reason_is_refused_whatever_is_installed(opened, closed):
    """
    So that nothing that writes, shows or logs one has to fear how deep it is.
    """

    def nested(levels):
        inner = opened * (levels - 1) + b"1" + closed * (levels - 1)
        return b'{"type":"status","timestamp":1,"payload":' + inner + b"}"

    def outcomes(raw):
        with_extras = reason_of(raw)
        with standard_library_only():
            return with_extras, reason_of(raw)

    assert ("accepted", "accepted") == outcomes(nested(DEEPEST))
    assert ("too_deep", "too_deep") == outcomes(nested(DEEPEST + 1))


@given(json_values.map(json.dumps) | st.text() | st.binary())
@example('{"type":"\\ud800","timestamp":1,"payload":{}}')
@example('{"type":"core_metrics","timestamp":NaN,"payload":{"a":NaN}}')
@example('{"a":18446744073709551616,"b":-0,"c":1e400,"d":-0.0}')
@example(b"\xef\xbb\xbf{}")
def test_with_and_without_extras_the_same_messages_are_envelopes(raw):
    """
    What is accepted must not depend on what is installed, nor what it says.
    """

    def outcome():
        try:
            return repr(Envelope.of(json_like(Envelope.parse(raw))))
        except BadEnvelope as exc:
            return exc.reason

    def json_like(parsed):
        # Integers beyond 64 bits may come as floats; as numbers they are the same.
        text = json.dumps([parsed.type, parsed.timestamp_us, parsed.payload])
        values = json.loads(text, parse_int=lambda digits: float(digits) + 0.0)
        return {"type": values[0], "timestamp": values[1], "payload": values[2]}

    with_extras = outcome()
    with codec.standard_library_only():
        assert with_extras == outcome()


@pytest.mark.parametrize(
    "stamp",
    [
        1_759_779_683,
        1_759_779_683_000,
        1_759_779_683_000_000,
        1_759_779_683_000_000_000,
        "1759779683000000",
        1_759_779_683.0,
        "1759779683.0",
    ],
)
def test_a_time_of_any_unit_is_microseconds(stamp):
    """
    Seconds, milliseconds, microseconds and nanoseconds differ by their size.
    """
    assert 1_759_779_683_000_000 == timestamp_us(stamp)


def test_nanoseconds_lose_nothing_above_a_microsecond():
    """
    Large integers do not pass through a float.
    """
    assert 1_759_779_683_578_333 == timestamp_us(1_759_779_683_578_333_001)


@pytest.mark.parametrize("stamp", [None, True, "now", "", [], {}, float("nan"), 10**400, "1e999"])
def test_a_time_that_is_none_is_none(stamp):
    """
    A wrong stamp costs no envelope.
    """
    assert timestamp_us(stamp) is None


@pytest.mark.parametrize("on", [True, 1, 1.0, "start", "Started", "recording", "on", " ON "])
@pytest.mark.parametrize("key", ["recording", "is_recording", "active", "value", "state", None])
def test_every_way_to_say_on_is_understood(on, key):
    """
    The vendor's form is not public, so all plausible ones are read.
    """
    assert recording_of(on if key is None else {"timestamp": "5", key: on}) is True


@pytest.mark.parametrize("off", [False, 0, "stop", "stopped", "idle", "off", "OFF"])
@pytest.mark.parametrize("key", ["recording", "is_recording", "active", "value", "state", None])
def test_every_way_to_say_off_is_understood(off, key):
    """
    As for on.
    """
    assert recording_of(off if key is None else {key: off}) is False


@pytest.mark.parametrize("payload", [None, {}, [], 7, "perhaps", {"recording": {}}, {"state": "x"}])
def test_what_says_neither_on_nor_off_is_none(payload):
    """
    A recording is neither begun nor ended by a guess.
    """
    assert recording_of(payload) is None


def test_an_explicit_flag_outweighs_a_word():
    """
    Servers that send both mean the flag.
    """
    assert recording_of({"state": "idle", "recording": True}) is True


def test_a_recording_state_may_have_its_flag_beside_the_type():
    """
    Without a payload, the envelope itself is what says on or off.
    """
    parsed = Envelope.parse(b'{"type":"recording_state","timestamp":5,"recording":true}')

    assert recording_of(parsed.payload) is True


def test_a_session_id_is_text_or_none():
    """
    Anything else in its place is ignored.
    """
    assert "one" == session_id_of({"session_id": "one"})
    assert session_id_of({"session_id": 7}) is None
    assert session_id_of(True) is None


def test_a_dumped_envelope_has_the_documented_keys_in_their_order():
    """
    Exactly type, timestamp, payload, on one compact line.
    """
    line = Envelope("status", 5, {"value": "OK"}).dump()

    assert b'{"type":"status","timestamp":5,"payload":{"value":"OK"}}' == line


def test_channels_are_the_prefix_and_the_kind():
    """
    The names are the documented ones, and there are five.
    """
    channels = Channels("rig")

    assert (
        "rig:core_metrics",
        "rig:edge_metrics",
        "rig:status",
        "rig:frame",
        "rig:recording_state",
    ) == (channels.core, channels.edge, channels.status, channels.frame, channels.recording_state)
    assert [channels.of(kind) for kind in KINDS] == [
        "rig:core_metrics",
        "rig:edge_metrics",
        "rig:status",
        "rig:frame",
        "rig:recording_state",
    ]
