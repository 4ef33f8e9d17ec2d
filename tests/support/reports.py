"""What services report in a Redis, as tests ask for it."""

import contextlib
import json
import threading
import weakref
from typing import Any

import redis

from services.exporter.redis_snapshot import scrape_client
from services.exporter.report_board import ReportBoard
from services.exporter.report_listener import ReportListener
from vitalrig.clock import SystemClock
from vitalrig.errors import Unavailable
from vitalrig.redis_client import RedisAddress

_boards: weakref.WeakKeyDictionary[redis.Redis, ReportBoard] = weakref.WeakKeyDictionary()


def heard_in(client: redis.Redis) -> ReportBoard:
    """
    Listen in the Redis of *client* from the first call on, until the client is gone.
    """
    if client not in _boards:
        forget(client)
    return _boards[client]


def forget(client: redis.Redis) -> None:
    """
    Let go what was heard so far.
    """
    board, stop = ReportBoard(SystemClock()), threading.Event()
    at = client.connection_pool.connection_kwargs
    address = RedisAddress(port=at["port"], database=at.get("db", 0), password=at.get("password"))
    ReportListener(scrape_client(address), board, SystemClock()).start(stop)
    weakref.finalize(client, stop.set)
    _boards[client] = board


def camera_report(client: redis.Redis, prefix: str = "physiology") -> Any:
    """
    Give what the collector last said of a camera; empty before.
    """
    return _last(heard_in(client), "cameras", prefix)


def service_report(client: redis.Redis, instance: str) -> Any:
    """
    Give what a service instance last said of itself; empty before.
    """
    return _last(heard_in(client), "heartbeats", instance)


def _last(board: ReportBoard, kind: str, name: str) -> Any:
    with contextlib.suppress(Unavailable, KeyError):
        return json.loads(getattr(board, kind)[name.encode()].text)
    return {}
