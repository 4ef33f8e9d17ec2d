"""A Redis that can keep nothing more: the rig goes on being seen, and nothing of it is lost."""

import contextlib
import time

import pytest
import redis

from services.collector.app import build as build_collector
from services.collector.settings import Settings as CollectorSettings
from services.exporter.app import build as build_exporter
from services.exporter.settings import Settings as ExporterSettings
from services.physiology_server.app import build as build_server
from services.physiology_server.settings import Settings as ServerSettings
from tests.support.asked import Asked
from tests.support.collecting import finished, lines, small_disk
from tests.support.eventually import eventually
from tests.support.exporting import samples
from tests.support.redis_server import RedisServer
from tests.support.rpc import connected
from tests.support.running import a_watchdog, load, running
from vitalrig.unkept import Unkept

CAMERA = 'camera="physiology"'
LIMIT_S = 5.0
SERVERS_COUNT = 'camera="physiology",service="physiology_server",step="frames_in"'


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def redis_on_it(disk, tmp_path):
    """A Redis on the disk of the session files, as in the rig without containers."""
    folder = tmp_path / "disk" / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(redis_on_it):
    with redis_on_it.client() as client:
        yield client


@pytest.fixture
def sessions(tmp_path):
    return tmp_path / "disk" / "sessions"


@pytest.fixture
def server(redis_on_it, tmp_path):
    settings = load(ServerSettings, redis_on_it, port=0, autostart=True)
    return build_server(settings, a_watchdog(tmp_path, "server"))


@pytest.fixture
def asked(redis_on_it, server, sessions, tmp_path):
    """A whole rig, and its page."""
    settings = load(CollectorSettings, redis_on_it, sessions_folder=sessions)
    collector = build_collector(settings, a_watchdog(tmp_path, "collector"))
    watching = load(
        ExporterSettings, redis_on_it, port=0, sessions_folder=sessions, stale_after_s=LIMIT_S
    )
    exporter = build_exporter(watching, a_watchdog(tmp_path, "exporter"))
    with running(server), running(collector), running(exporter):
        asked = Asked(exporter)
        asked.page_with(CAMERA)
        asked.page_with(SERVERS_COUNT)
        yield asked


def refuse_writes(client):
    """Write until Redis says that it cannot."""

    def refused():
        with contextlib.suppress(redis.exceptions.ConnectionError):
            try:
                client.set("ballast", b"x" * 10_000)
            except redis.ResponseError as exc:
                return str(exc)
        return ""

    return eventually(refused)


def fill_disk(client, disk):
    disk.fill()


def fill_memory(client, disk):
    client.config_set("maxmemory", 1)


@pytest.mark.parametrize(
    ("fill", "said"), [(fill_disk, "MISCONF"), (fill_memory, "maxmemory")], ids=["disk", "memory"]
)
def test_a_redis_that_can_keep_nothing_more_still_carries_reports(asked, client, disk, fill, said):
    """
    What each service does and what the collector sees stay on the page, just when one needs them.
    """
    fill(client, disk)
    assert said in refuse_writes(client)
    counted = samples(asked.page(), "vitalrig_pipeline_heartbeats_total")[SERVERS_COUNT]

    def goes_on():
        page = asked.page()
        return samples(page, "vitalrig_pipeline_heartbeats_total")[SERVERS_COUNT] > counted + 100

    assert eventually(goes_on, within_s=30)
    assert CAMERA in samples(asked.page(), "vitalrig_recording_active")


@pytest.mark.parametrize("fill", [fill_disk, fill_memory], ids=["disk", "memory"])
def test_what_redis_refuses_to_keep_is_published_and_kept_later(asked, client, disk, fill):
    """
    Under the number that it has in the stream, once there is room again.
    """
    fill(client, disk)
    refuse_writes(client)
    with client.pubsub() as listener:
        listener.subscribe("physiology:unkept")
        message = eventually(lambda: listener.get_message(ignore_subscribe_messages=True))
    shown = Unkept.parse(message["data"])
    make_room(client, disk)

    def kept():
        entries = client.xrevrange("physiology:envelopes", count=200)
        return [
            fields[b"envelope"]
            for _, fields in entries
            if (fields[b"run"], fields[b"seq"]) == (shown.run.encode(), b"%d" % shown.seq)
        ]

    assert [shown.envelope] == eventually(kept)


def make_room(client, disk):
    disk.make_room()
    client.config_set("maxmemory", 0)


@pytest.mark.parametrize("fill", [fill_disk, fill_memory], ids=["disk", "memory"])
def test_with_redis_and_sessions_on_one_full_disk_numbers_stay_live(
    asked, server, sessions, client, disk, fill
):
    """
    Who watches a patient goes on seeing, also that recording waits, and nothing of it is lost.

    That is how the rig without containers is laid out.
    """
    with connected(f"127.0.0.1:{server.port}") as control:
        control.set_recording(True, "first")
        eventually(lambda: lines(sessions) and newest_sample_s(asked.page()))
        fill(client, disk)
        refuse_writes(client)
        refused_at_s = newest_sample_s(asked.page())
        page = eventually(lambda: a_page_of_after(asked, refused_at_s + 2 * LIMIT_S))
        make_room(client, disk)
        eventually(lambda: a_page_of_after(asked, time.time() - 1))
        control.set_recording(False)
    told = finished(sessions)

    assert valid_signals(page)
    assert {CAMERA: 1} == samples(page, "vitalrig_recording_paused")
    assert (True, 0) == (told["complete"], told["gaps"]["missing_envelopes"])


def newest_sample_s(page):
    return max(samples(page, "vitalrig_last_sample_timestamp_seconds").values(), default=0.0)


def a_page_of_after(asked, moment_s):
    """The page, once it shows a sample that was taken after *moment_s*."""
    page = asked.page()
    return page if newest_sample_s(page) > moment_s else ""


def valid_signals(page):
    states = samples(page, "vitalrig_signal_state")
    return [labels for labels, is_so in states.items() if is_so and '"valid"' in labels]
