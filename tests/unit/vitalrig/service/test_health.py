"""The health file and its probe."""

from vitalrig.clock import ManualClock
from vitalrig.service.health import Health, probe


def probed(path, clock, max_age_s=15):
    return probe(f"file:{path}?max_age_s={max_age_s}", clock)


def ready(path, clock):
    health = Health(path, clock)
    health.ready()
    return health


def test_a_service_that_has_not_started_is_not_healthy(tmp_path):
    """
    Nobody waits for a service that only looks alive.
    """
    clock = ManualClock()
    Health(tmp_path / "h", clock).write()

    assert ["start: not ready yet"] == probed(tmp_path / "h", clock)


def test_a_ready_service_is_healthy(tmp_path):
    """
    No news is good news, if it is fresh.
    """
    clock = ManualClock()
    ready(tmp_path / "h", clock).write()

    assert [] == probed(tmp_path / "h", clock)


def test_a_failing_check_is_named_with_its_reason(tmp_path):
    """
    The probe's output says what to look at.
    """
    clock = ManualClock()
    health = ready(tmp_path / "h", clock)
    health.fail("redis", "connection refused")
    health.write()

    assert ["redis: connection refused"] == probed(tmp_path / "h", clock)


def test_a_check_that_passes_again_is_forgotten(tmp_path):
    """
    Health follows the present.
    """
    clock = ManualClock()
    health = ready(tmp_path / "h", clock)
    health.fail("redis", "connection refused")
    health.write()
    health.ok("redis")
    health.write()

    assert [] == probed(tmp_path / "h", clock)


def test_a_loop_that_stands_still_is_not_healthy(tmp_path):
    """
    A wedged process cannot say so itself; its old file does.
    """
    clock = ManualClock()
    ready(tmp_path / "h", clock).write()
    clock.advance(16)

    assert ["loop: stands still for 16 s (at most 15 s)"] == probed(tmp_path / "h", clock)


def test_a_wall_clock_that_jumps_changes_nothing(tmp_path):
    """
    Health is measured on the clock that does not jump.
    """
    clock = ManualClock()
    ready(tmp_path / "h", clock).write()
    clock.jump_wall(-86_400)

    assert [] == probed(tmp_path / "h", clock)


def test_no_file_is_not_healthy(tmp_path):
    """
    A service that never ran fails the probe.
    """
    assert ["health file:"] == [line[:12] for line in probed(tmp_path / "h", ManualClock())]


def test_rubbish_in_the_file_is_not_healthy(tmp_path):
    """
    The probe answers whatever it finds.
    """
    (tmp_path / "h").write_text("[1]")

    assert [f"health file: {tmp_path / 'h'} holds no health"] == probed(
        tmp_path / "h", ManualClock()
    )


def test_a_folder_that_cannot_be_written_to_does_not_stop_the_service(tmp_path):
    """
    Health is about the service, not the other way round.
    """
    (tmp_path / "file").write_text("")
    health = ready(tmp_path / "file" / "h", ManualClock())

    health.write()

    assert {} == health.failing


def test_a_service_is_not_asked_through_a_proxy(monkeypatch):
    """
    The proxy that a container is given does not know the container itself.
    """
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.handle_request).start()

        assert [] == probe(f"http://127.0.0.1:{server.server_port}/-/healthy")
