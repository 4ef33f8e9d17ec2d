"""The guard before an ASGI application; that it works under uvicorn is shown elsewhere."""

import asyncio

import pytest

from vitalrig.web.asgi import application, guarded
from vitalrig.web.messages import response


def sent_by(app, **scope):
    """What an application sends."""
    sent = []

    async def send(message):
        sent.append(message)

    asked = {"path": "/api", "query_string": b"", "headers": [], **scope}
    asyncio.run(app(asked, None, send))
    return sent


async def inner(scope, _receive, send):
    await send({"type": f"inner {scope['type']}"})


def guard(verdict):
    return guarded(inner, lambda *_: verdict, lambda _: response(200, "ours"), ["/metrics"])


@pytest.mark.parametrize("verdict", ["no", "later"])
def test_no_websocket_is_opened_for_a_stranger(verdict):
    """
    It is refused before it is one.
    """
    assert [{"type": "websocket.close"}] == sent_by(guard(verdict), type="websocket")


@pytest.mark.parametrize("path", ["/api", "/metrics"])
def test_a_websocket_of_a_known_caller_is_the_applications(path):
    """
    Our pages have none.
    """
    assert [{"type": "inner websocket"}] == sent_by(guard("yes"), type="websocket", path=path)


def test_the_application_learns_when_it_starts_and_ends():
    """
    There is nobody to ask for a password then.
    """
    assert [{"type": "inner lifespan"}] == sent_by(guard("no"), type="lifespan")


def test_who_guesses_too_much_is_told_to_come_back():
    """
    As by our own server.
    """
    start, _ = sent_by(guard("later"), type="http", method="GET")

    assert (429, (b"retry-after", b"5")) == (start["status"], start["headers"][-1])


def test_what_is_not_http_is_not_served():
    """
    ASGI asks for an error.
    """
    with pytest.raises(NotImplementedError, match="websocket"):
        sent_by(application(lambda _: response(200, "ours")), type="websocket")
