"""Replies of any maker, filled by the names of their fields."""

import pytest
from google.protobuf import wrappers_pb2

from services.physiology_server.rpc.reply_builder import fill_facts
from tests.support.rpc import OTHER, Messages, compile_proto
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import status_pb2
from vitalrig.statuses import StatusCode

FACTS = {
    "status": StatusCode.UNAUTHORIZED,
    "status_timestamp_us": 7,
    "recording": True,
    "session_id": "first",
    "frames": 3,
    "done": True,
    "received": 5,
    "used": 4,
    "dropped": {"bad_picture": 1},
    "settling": [{"signal": "pulse", "remaining_s": 2.5}],
    "capabilities": ("eda", "upload"),
}


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return Messages(compile_proto(OTHER, tmp_path_factory.mktemp("other")), "acme.vitals")


def filled(message):
    fill_facts(message, FACTS)
    return message


def test_our_reply_has_every_fact():
    """
    Scalars, the status by its name, and what settles.
    """
    reply = filled(pb.StatusReply())

    assert (9, 7, True, "first", 3, ["pulse"]) == (
        reply.status,
        reply.status_timestamp_us,
        reply.recording,
        reply.session_id,
        reply.frames,
        [part.signal for part in reply.settling],
    )


def test_a_status_value_has_the_code_and_its_time():
    """
    Under the vendor's names for both.
    """
    assert status_pb2.StatusValue(value=9, timestamp=7) == filled(status_pb2.StatusValue())


def test_a_message_within_is_filled_too():
    """
    Some wrap the status.
    """
    assert 9 == filled(pb.StatusUpdate()).status.value


def test_a_plain_yes_says_that_it_is_done():
    """
    Where a reply is one boolean it means success.
    """
    assert filled(wrappers_pb2.BoolValue()).value


def test_a_code_that_an_enum_does_not_know_keeps_its_number(other):
    """
    It must not turn into 0, which says that all is well.
    """
    assert 9 == filled(other.State()).value


def test_counts_by_reason_go_into_a_map():
    """
    However many reasons there are.
    """
    assert {"bad_picture": 1} == dict(filled(pb.UploadReport()).dropped)


def test_words_go_into_a_list():
    """
    One after the other.
    """
    assert ["eda", "upload"] == list(filled(pb.ServerInfo()).capabilities)


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        (pb.StatusReply(), {"frames": "three", "recording": 1, "session_id": 5}),
        (pb.StatusReply(), {"frames": 2**63, "settling": "pulse"}),
        (pb.UploadReport(), {"dropped": 3}),
        (pb.Mat(), {"data": "text", "rows": True}),
    ],
    ids=["wrong types", "too large", "no map", "no bytes"],
)
def test_a_fact_that_a_field_cannot_hold_is_left_out(message, facts):
    """
    Another maker may mean something else by the same name.
    """
    assert (False, b"") == (fill_facts(message, facts), message.SerializeToString())
