"""The log as a stream."""

import asyncio
import json
import logging
import subprocess
import sys
import threading

import pytest

from services.physiology_server.publishing.subscribers import Subscribers
from services.physiology_server.rpc import log_stream as logs
from services.physiology_server.rpc.log_stream import CHANNEL, LogStream
from tests.support.patience import PATIENCE_S


def record(text="camera away", **data):
    made = logging.LogRecord("a.logger", logging.WARNING, "file", 1, text, (), None)
    vars(made).update(data)
    return made


def streamed(*records, readers=True, in_thread=False):
    """What a reader gets of *records*, with what it missed."""

    async def scenario():
        hub = Subscribers(queue=10_000)
        handler = LogStream(hub, asyncio.get_running_loop())

        def emit():
            for one in records:
                handler.handle(one)

        if not readers:
            emit()
        with hub.subscribe(CHANNEL) as reader:
            if readers and in_thread:
                thread = threading.Thread(target=emit)
                thread.start()
                await asyncio.to_thread(thread.join)
            elif readers:
                emit()
            await asyncio.sleep(0)
            hub.close()
            got = []
            while (one := await reader.next()) is not None:
                got.append((json.loads(one[0].envelope)["payload"], one[1]))
            return got

    return asyncio.run(scenario())


def test_a_record_says_what_where_when_and_how_grave():
    """
    Its data follow the message.
    """
    ((payload, _),) = streamed(record(created=1_700_000_000.5, camera="bedside", tries=3))

    assert {
        "message": "camera away camera='bedside' tries=3",
        "timestamp": "1700000000500000",
        "level": "warning",
        "logger": "a.logger",
    } == payload


def test_an_error_is_named():
    """
    Without its traceback, which is in the log itself.
    """
    ((payload, _),) = streamed(record(exc_info=(ValueError, ValueError("no"), None)))

    assert "camera away error=ValueError('no')" == payload["message"]


def test_records_of_another_thread_come_in_order():
    """
    The analysis logs too.
    """
    got = streamed(*(record(str(number)) for number in range(20)), in_thread=True)

    assert [str(number) for number in range(20)] == [payload["message"] for payload, _ in got]


def test_without_readers_nothing_is_made():
    """
    Whoever comes later gets nothing from before.
    """
    assert [] == streamed(record(), readers=False)


def test_a_flood_loses_the_oldest_and_says_so():
    """
    The event loop was busy meanwhile.
    """
    got = streamed(*(record(str(number)) for number in range(logs.MOST_PENDING + 7)))

    assert ("7", 7) == (got[0][0]["message"], got[0][1])


def test_a_record_that_cannot_be_formatted_breaks_nothing(monkeypatch):
    """
    Logging never breaks what logs.
    """
    monkeypatch.setattr(logging, "raiseExceptions", False)
    bad = logging.LogRecord("a", logging.INFO, "file", 1, "%d", ("text",), None)

    assert ["good"] == [payload["message"] for payload, _ in streamed(bad, record("good"))]


@pytest.mark.parametrize("closed", [True, False])
def test_after_the_end_of_the_loop_a_record_is_dropped(closed):
    """
    Some threads outlive it.
    """
    loop = asyncio.new_event_loop()
    hub = Subscribers()
    with hub.subscribe(CHANNEL):
        handler = LogStream(hub, loop)
        if closed:
            loop.close()
        handler.handle(record())
    pending = len(handler._pending)
    loop.close()

    assert (0 if closed else 1) == pending


def test_grpcs_core_prints_no_line_between_those_of_the_log():
    """
    Each line of the log is JSON, also when a client speaks nonsense instead of TLS.
    """
    code = (
        "import services.physiology_server.app, grpc; "
        "credentials = grpc.ssl_channel_credentials(b'no certificate'); "
        "channel = grpc.secure_channel('127.0.0.1:1', credentials); "
        "channel.unary_unary('/a/b').future(b'', timeout=0.1).exception()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip

    assert (0, "", "") == (result.returncode, result.stdout, result.stderr)
