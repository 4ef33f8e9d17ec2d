"""Streams and pub/sub side by side."""

import pytest

from services.collector.transport.auto import PATIENCE_S, AutoTransport
from services.collector.transport.resume_points import LastRead
from tests.support.collecting import heard_by
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from vitalrig.clock import ManualClock
from vitalrig.errors import Unavailable


def test_what_was_heard_is_not_lost_when_a_stream_cannot_be_read(client, monkeypatch):
    """
    Redis goes away between the two: what one camera published is given by the next call.
    """
    clock, heard = ManualClock(), []
    transport = AutoTransport(client, dict.fromkeys(["physiology", "ward"], LastRead()), clock)
    published, streamed = Publishing(client, stream=False), Publishing(client, "ward")
    streamed.edge()

    def has_heard():
        clock.advance(PATIENCE_S)
        heard.extend(each.envelope for each in transport.read() if each.prefix == "physiology")
        return heard

    transport.read()
    heard_by(client, 1)
    published.edge()
    eventually(has_heard)
    published.edge(3)

    def refuse():
        raise Unavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(transport._stream, "read", refuse)
        with pytest.raises(Unavailable):
            eventually(transport.read)
    eventually(lambda: has_heard()[1:])

    assert published.published == heard
