"""The exporter as it is run: real HTTP, real TLS, real Redis."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
import urllib.error
from pathlib import Path

import pytest
import yaml

from services.exporter.app import build as build_exporter
from services.exporter.redis_snapshot import TIMEOUT_S
from services.exporter.settings import Settings
from tests.support.asked import Asked
from tests.support.certificates import a_certificate
from tests.support.eventually import eventually
from tests.support.exporting import a_camera, a_report, samples
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.running import a_watchdog, load, running
from vitalrig import redis_keys
from vitalrig.clock import ManualClock, SystemClock
from vitalrig.errors import BadSettings, CannotStart
from vitalrig.service.service_settings import ServiceSettings
from vitalrig.web.http_server import REQUEST_S, HttpServer
from vitalrig.web.messages import Request, response

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def make(redis_server, tmp_path):
    """Make an exporter with settings of a test's own."""

    def make(clock=None, **more):
        sessions = tmp_path / "sessions"
        sessions.mkdir(exist_ok=True)
        settings = load(Settings, redis_server, port=0, sessions_folder=sessions, **more)
        return build_exporter(settings, a_watchdog(tmp_path, "exporter"), clock)

    return make


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


def put(client, name="physiology", listeners=1, clock=SystemClock()):  # noqa: B008  it has no state
    """Let a collector and a server report, now, to so many exporters."""
    report = a_report(clock, instance=name, facts={"source": "synthetic", "camera": name})
    for channel, document in (
        (f"{redis_keys.HEARTBEATS}physiology_server@{name}", report),
        (f"{redis_keys.CAMERAS}{name}", a_camera(clock)),
    ):
        text = json.dumps(document)
        eventually(lambda: client.publish(channel, text) >= listeners)  # noqa: B023


def test_a_running_exporter_shows_the_rig(make, client):
    """
    The person, the server, Redis, the disk, and the exporter's own scrapes.
    """
    exporter = make()
    with running(exporter):
        asked = Asked(exporter)
        put(client)
        page = asked.page_with('beats_per_minute{camera="physiology"}')

    assert {'camera="physiology"': 71.5} == samples(page, "vitalrig_pulse_rate_beats_per_minute")
    sources = ("exporter", "cameras", "heartbeats", "redis", "disk", "files")
    assert {f'source="{source}"': 1 for source in sources} == samples(
        page, "vitalrig_exporter_source_up"
    )
    assert 'code="200",path="/metrics"' in samples(page, "vitalrig_exporter_http_requests_total")


def test_a_stopped_source_is_gone_with_the_first_scrape_after_its_limit(make, client):
    """
    Its series disappear; they do not stay as they were.
    """
    clock = ManualClock()
    exporter = make(clock, stale_after_s=0.6, breath_stale_after_s=0.6)
    with running(exporter):
        asked = Asked(exporter)
        put(client, clock=clock)
        clock.advance(0.5)
        before = asked.page_with('beats_per_minute{camera="physiology"}')
        clock.advance(0.2)
        after = asked.page()

    assert 'camera="physiology"' in before
    assert 'camera="physiology"' not in after


def test_a_redis_that_hangs_does_not_hang_the_page(make, client, redis_server):
    """
    It says what it cannot see, after half of a scrape's patience at most.
    """
    config = yaml.safe_load((CONFIG / "prometheus" / "prometheus.yml").read_text())
    patience_s = float(config["global"]["scrape_timeout"].removesuffix("s"))
    exporter = make()
    with running(exporter):
        asked = Asked(exporter)
        redis_server.freeze()
        try:
            page = asked.page()
        finally:
            redis_server.thaw()
        back = eventually(lambda: samples(asked.page(), "vitalrig_redis_up")[""] == 1)

    assert ({"": 0}, True) == (samples(page, "vitalrig_redis_up"), back)
    assert TIMEOUT_S <= patience_s / 2


def test_readiness_follows_redis_and_liveness_does_not(make, redis_server):
    """
    A restart of the exporter would not bring Redis back.
    """
    exporter = make()
    with running(exporter):
        asked = Asked(exporter)
        assert eventually(lambda: asked.status("/-/ready") == 200)
        redis_server.stop()

        assert eventually(lambda: asked.status("/-/ready") == 503)
        assert 200 == asked.status("/-/healthy") == asked.status("/healthz")


def test_another_rig_is_shown_by_its_name(make, client, redis_server):
    """
    Its cameras and its Redis, and not what is on this machine.
    """
    targets = {
        "there": {"host": "127.0.0.1", "port": redis_server.port},
        "gone": {"host": "127.0.0.1", "port": free_port()},
    }
    exporter = make(probe_targets=json.dumps(targets))
    with running(exporter):
        asked = Asked(exporter)
        put(client, "ward-2", listeners=2)
        there = asked.page_with("ward-2", "/probe?target=there")
        gone = asked.page("/probe?target=gone")
        refused = asked.status(f"/probe?target=127.0.0.1:{redis_server.port}")

    assert {'camera="ward-2"': 71.5} == samples(there, "vitalrig_pulse_rate_beats_per_minute")
    assert {} == samples(there, "vitalrig_recording_filesystem_avail_bytes")
    assert ({"": 0}, 400) == (samples(gone, "vitalrig_redis_up"), refused)


def test_another_collectors_snapshot_is_shown_without_redis(make, redis_server, tmp_path):
    """
    A camera of the vendor's own collector, while Redis is not even there.
    """
    redis_server.stop()
    now_us = SystemClock().wall_us()
    columns = {"timestamps": [now_us], "values": [64.5], "relative_us": [0]}
    snapshot = {
        "meta": {"updated_at_ms": now_us // 1000, "session_id": "patient-7"},
        "series": {"ward-2:core_metrics": {"pulse.strict": columns}},
    }
    (tmp_path / "metrics_a_snapshot_temp.json").write_text(json.dumps(snapshot))
    exporter = make(snapshot_files=tmp_path / "*_snapshot_temp.json")
    with running(exporter):
        asked = Asked(exporter)
        page = eventually(lambda: page if "ward-2" in (page := asked.page()) else "")

    assert {'camera="ward-2"': 64.5} == samples(page, "vitalrig_pulse_rate_beats_per_minute")
    assert "patient-7" not in page


def test_head_gives_the_length_and_no_body(make):
    """
    Some probes ask with HEAD.
    """
    exporter = make()
    with running(exporter):
        Asked(exporter)
        connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=PATIENCE_S)
        connection.request("HEAD", "/")
        reply = connection.getresponse()
        body = reply.read()
        connection.close()

    assert (200, b"", True) == (reply.status, body, int(reply.headers["Content-Length"]) > 0)


def test_tls_protects_the_page(make, tmp_path):
    """
    With the certificate it is read; in the clear it is not.
    """
    a_certificate(tmp_path)
    (tmp_path / "web.yml").write_text(
        "tls_server_config: {cert_file: server.crt, key_file: server.key}"
    )
    exporter = make(web_config_file=tmp_path / "web.yml")
    context = ssl.create_default_context(cafile=tmp_path / "server.crt")
    with running(exporter):
        asked = Asked(exporter, "https", context)
        with pytest.raises(OSError):
            Asked(exporter).page()

        assert "vitalrig_redis_up 1.0" in asked.page()


def test_a_client_without_a_certificate_is_not_let_in(make, tmp_path):
    """
    Where the file asks for one.
    """
    for name in ("server", "prometheus"):
        a_certificate(tmp_path, name)
    (tmp_path / "web.yml").write_text(
        "tls_server_config: {cert_file: server.crt, key_file: server.key, "
        "client_ca_file: prometheus.crt, client_auth_type: RequireAndVerifyClientCert}"
    )
    exporter = make(web_config_file=tmp_path / "web.yml")
    stranger = ssl.create_default_context(cafile=tmp_path / "server.crt")
    known = ssl.create_default_context(cafile=tmp_path / "server.crt")
    known.load_cert_chain(tmp_path / "prometheus.crt", tmp_path / "prometheus.key")
    with running(exporter):
        with pytest.raises(OSError):
            Asked(exporter, "https", stranger).page()

        assert "vitalrig_redis_up" in Asked(exporter, "https", known).page()


def test_a_password_protects_the_page(make, tmp_path):
    """
    The whole way, with a real bcrypt.
    """
    bcrypt = pytest.importorskip("bcrypt")
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(f'basic_auth_users: {{prometheus: "{hashed}"}}')
    exporter = make(web_config_file=tmp_path / "web.yml")
    with running(exporter):
        asked = Asked(exporter)
        refused = asked.status("/metrics")
        allowed = asked.get("/metrics", Authorization="Basic cHJvbWV0aGV1czpzZWNyZXQ=")

    assert (401, 200) == (refused, allowed[0])


def test_wrong_guesses_do_not_keep_the_right_scraper_out(make, tmp_path):
    """
    Two dozen at once, and more behind them, with a real bcrypt as slow as people choose it.
    """
    bcrypt = pytest.importorskip("bcrypt")
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(11)).decode()
    (tmp_path / "web.yml").write_text(f'basic_auth_users: {{prometheus: "{hashed}"}}')
    exporter = make(web_config_file=tmp_path / "web.yml")
    with running(exporter):
        asked = Asked(exporter)
        right = {"Authorization": "Basic cHJvbWV0aGV1czpzZWNyZXQ="}
        asked.get("/metrics", **right)
        done = threading.Event()

        def guess():
            while not done.is_set():
                with contextlib.suppress(urllib.error.URLError):
                    asked.status("/metrics", Authorization="Basic cHJvbWV0aGV1czpndWVzcw==")

        guessers = [threading.Thread(target=guess) for _ in range(24)]
        for guesser in guessers:
            guesser.start()
        try:
            statuses = [asked.status("/metrics", **right) for _ in range(20)]
        finally:
            done.set()
            for guesser in guessers:
                guesser.join()

    assert [200] * 20 == statuses


def test_a_taken_port_is_said(make, redis_server, tmp_path):
    """
    With status 3, not with a stack.
    """
    settings = load(Settings, redis_server, port=redis_server.port, sessions_folder=tmp_path)
    exporter = build_exporter(settings, a_watchdog(tmp_path))

    with pytest.raises(CannotStart, match="cannot be listened on"):
        exporter.run(threading.Event())


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ('{"a": {"host": "x", "password_file": "/none"}}', "a: password_file: /none"),
        ('{"a": {"port": 1}}', "host"),
        ('{"a": {"host": "x", "hots": "y"}}', "hots"),
        ("a", "probe_targets"),
    ],
    ids=["no password", "no host", "unknown key", "no JSON"],
)
def test_targets_that_cannot_work_stop_the_exporter(make, targets, said):
    """
    The message names the target or the key.
    """
    with pytest.raises(BadSettings, match=said):
        make(probe_targets=targets)


def test_a_rig_of_the_example_configuration_can_be_built(redis_server, tmp_path):
    """
    config/exporter.yml is what the rig runs with.
    """
    settings, unknown = Settings.load(["--config=config/exporter.yml"], {})

    assert isinstance(settings, ServiceSettings)
    assert [] == unknown


# The server by itself: callers who mean ill or are merely slow.


class Held:
    """An application that answers when it is let go."""

    def __init__(self):
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)

    def answer(self, request: Request):
        self.entered.release()
        self.go.wait(PATIENCE_S)
        return response(200, "ok")


@pytest.fixture
def serve():
    servers = []

    def serve(answering, max_requests=2, clock=None):
        server = HttpServer(
            ("127.0.0.1", 0), answering, lambda: None, max_requests, clock or SystemClock()
        )
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return server

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), 5)


def everything(sock):
    """All that comes until the other side closes."""
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_beyond_its_limit_callers_are_told_to_come_back(serve):
    """
    A flood of requests makes no flood of threads, and the first are still answered.
    """
    held = Held()
    server = serve(held.answer, max_requests=2)
    first = [connect(server) for _ in range(2)]
    for sock in first:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        held.entered.acquire(timeout=PATIENCE_S)
    with connect(server) as late:
        late.sendall(b"GET / HTTP/1.0\r\n\r\n")
        refused = everything(late)
    held.go.set()
    answers = [everything(sock) for sock in first]
    for sock in first:
        sock.close()

    assert b"503" in refused
    assert b"Retry-After" in refused
    assert all(b"200" in text for text in answers)


@pytest.mark.parametrize("callers", [40, 300])
@pytest.mark.parametrize("sent", [b"", b"GET / HT"], ids=["silent", "slow"])
def test_callers_who_dawdle_keep_nobody_out(serve, sent, callers):
    """
    However many they are, and although they come again: who asks properly is answered.
    """
    server = serve(lambda _: response(200, "ok"), max_requests=2)
    with contextlib.ExitStack() as stack:
        for number in range(callers):
            sock = stack.enter_context(connect(server))
            with contextlib.suppress(OSError):  # one that made room for another
                sock.sendall(sent)
            if number % 10 == 9:
                with connect(server) as proper:
                    proper.sendall(b"GET / HTTP/1.0\r\n\r\n")

                    assert b"200 OK" in everything(proper)


def test_callers_who_do_not_read_keep_nobody_out(serve):
    """
    An answer that is made and not taken holds no place.
    """
    large = response(200, b"x" * 20_000_000)
    server = serve(lambda _: large, max_requests=2)
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            sock = stack.enter_context(connect(server))
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert sock.recv(12) == b"HTTP/1.0 200"


def test_a_slot_is_free_again_after_each_request(serve):
    """
    Whatever the callers did: ask, say nothing, or speak nonsense.
    """
    server = serve(lambda _: response(200, "ok"), max_requests=1)
    for sent in (b"GET / HTTP/1.0\r\n\r\n", b"", b"\x16\x03\x01\x00\r\n\r\n", b"GET\r\n\r\n") * 2:
        with connect(server) as sock:
            sock.sendall(sent)
            with contextlib.suppress(OSError):  # who is turned away is gone already
                sock.shutdown(socket.SHUT_WR)
            everything(sock)

    def answered():
        with connect(server) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return b"200" in everything(sock)

    assert eventually(answered)


def test_a_caller_who_dawdles_is_cut_off(serve):
    """
    However busily: a byte now and then does not keep a thread for ever.
    """
    clock = ManualClock()
    server = serve(lambda _: response(200, "ok"), clock=clock)
    with connect(server) as sock:
        sock.sendall(b"GET / HT")
        eventually(lambda: len(server.callers))
        clock.advance(21)
        sock.settimeout(REQUEST_S / 2)  # sooner than silence alone would end it

        assert b"" == everything(sock)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"x" * 10_000 + b" HTTP/1.0\r\n\r\n", b"414"),
        (b"GET / HTTP/1.0\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
        (b"GET / HTTP/1.0\r\na: " + b"b" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET http://[/ HTTP/1.0\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
    ids=["long line", "many headers", "long header", "no url", "no request"],
)
def test_a_request_that_makes_no_sense_is_refused(serve, sent, status):
    """
    With a status, and without holding more of it than a page of text.
    """
    server = serve(lambda _: response(200, "ok"))
    with connect(server) as sock:
        sock.sendall(sent)
        try:
            reply = everything(sock)
        except ConnectionResetError:
            reply = b""

    # What is not read when a connection is closed may take the answer with it.
    line = reply.split(b"\r\n")[0]
    assert status in line or (b"" == line and len(sent) > 4_096)
