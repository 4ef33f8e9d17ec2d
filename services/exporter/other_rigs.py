"""The pages of other rigs: what is reported in their Redis."""

import redis

from services.exporter.redis_snapshot import scrape_client
from services.exporter.report_board import ReportBoard
from services.exporter.report_listener import ReportListener
from services.exporter.scrape_page import ScrapePage
from services.exporter.settings import Settings, Target, limits_of
from services.exporter.sources.base import Source
from services.exporter.sources.cameras import CameraSource
from services.exporter.sources.heartbeats import HeartbeatSource
from services.exporter.sources.redis_server import RedisSource
from vitalrig.clock import Clock
from vitalrig.redis_client import RedisAddress
from vitalrig.secret_files import first_line


def other_rigs(settings: Settings, clock: Clock) -> dict[str, tuple[ScrapePage, ReportListener]]:
    """
    Make the page of each target by its name, and who listens there for it.

    Raises:
        BadSettings: If a password file cannot be read.
    """
    rigs = {}
    for name, target in settings.probe_targets.items():
        client, board = _client(name, target), ReportBoard(clock)
        sources: tuple[Source, ...] = (
            CameraSource(limits_of(settings)),
            HeartbeatSource(settings.stale_after_s),
            RedisSource(client),
        )
        page = ScrapePage(sources, board, settings.max_cameras, clock)
        rigs[name] = page, ReportListener(client, board, clock)
    return rigs


def _client(name: str, target: Target) -> redis.Redis:
    key, file = f"probe_targets: {name}: password_file", target.password_file
    password = first_line(file, key) if file else None
    return scrape_client(
        RedisAddress(target.host, target.port, target.database, target.username, password)
    )
