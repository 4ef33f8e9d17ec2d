"""Our pages under an ASGI server such as uvicorn, alone or beside another application."""

import asyncio
from collections.abc import Awaitable, Callable, Container, MutableMapping
from functools import partial
from typing import Any

from vitalrig.web.basic_auth import Verdict
from vitalrig.web.messages import Request, Response
from vitalrig.web.security import refusal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def application(answer: Callable[[Request], Response]) -> Application:
    """
    Serve what a function answers; it is called in a thread.
    """

    async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])  # ASGI asks for an error
        await _send(await asyncio.to_thread(answer, _request(scope)), send)

    return serve


def guarded(
    inner: Application,
    verdict: Callable[[str, str], Verdict],
    pages: Callable[[Request], Response],
    paths: Container[str],
) -> Application:
    """
    Let only callers who may ask reach an application, and serve pages of ours beside it.

    Args:
        inner: The application, such as FastAPI's.
        verdict: Whether an `Authorization` header from an address is good enough.
        pages: Answers *paths*, such as those of health and metrics.
        paths: They never reach the application.
    """
    own = application(pages)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await inner(scope, receive, send)
            return
        request = _request(scope)
        authorization = request.header("Authorization")
        ask = partial(verdict, authorization, request.address)
        # Only to look at a password takes long.
        refused = refusal(await asyncio.to_thread(ask) if authorization else ask())
        if refused is None:
            chosen = own if request.path in paths and scope["type"] == "http" else inner
            await chosen(scope, receive, send)
        elif scope["type"] == "http":
            await _send(refused, send)
        else:
            await send({"type": "websocket.close"})

    return serve


def _request(scope: Scope) -> Request:
    return Request(
        scope.get("method", "GET"),
        (scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]},
        (scope.get("client") or ("",))[0],
    )


async def _send(reply: Response, send: Send) -> None:
    headers = [
        (name.lower().encode("latin-1"), text.encode("latin-1"))
        for name, text in reply.headers.items()
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
