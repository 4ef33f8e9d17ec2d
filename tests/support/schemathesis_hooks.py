"""Gives each request of schemathesis a key of its own: one that was used is refused, rightly."""

from uuid import uuid4

import schemathesis

MAX_KEY_LENGTH = 200


@schemathesis.hook
def before_call(_context, case, _kwargs):
    headers = case.headers or {}
    for name in headers:
        if name.lower() == "idempotency-key" and is_valid(headers[name]):
            headers[name] = uuid4().hex
    events = case.body if isinstance(case.body, list) else [case.body]
    for event in events:
        if isinstance(event, dict) and is_valid(event.get("key")):
            event["key"] = uuid4().hex


def is_valid(key):
    return isinstance(key, str) and 0 < len(key) <= MAX_KEY_LENGTH
