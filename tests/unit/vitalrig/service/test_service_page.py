"""A service's own page, without a network."""

import gzip

import pytest

from tests.support.exporting import samples
from vitalrig.clock import ManualClock
from vitalrig.errors import CannotStart
from vitalrig.metrics.service_catalogue import SERVICES
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.service_page import (
    ALIVE,
    READY,
    ServicePage,
    running_server,
    service_families,
)
from vitalrig.web.messages import Request

STEP = 'camera="ward",service="probe",step="written"'
WINDOW_RATE = "vitalrig_pipeline_heartbeat_window_rate_hertz"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def beats(clock):
    return ServiceHeartbeats("probe", "ward", clock)


@pytest.fixture
def health(tmp_path):
    health = Health(tmp_path / "health")
    health.ready()
    return health


@pytest.fixture
def page(beats, health):
    return ServicePage(lambda: service_families(beats), health)


def ask(page, query="", **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return page.answer(Request("GET", "/metrics", query, named))


def text_of(page):
    return ask(page).body.decode()


def test_a_step_is_on_the_page_with_count_time_and_bytes(page, beats, clock):
    """
    At once, not with the next report.
    """
    step = beats.step("written")
    for _ in range(4):
        clock.advance(0.5)
        step.beat(0.25, 100)
    text = text_of(page)

    assert {STEP: 4} == samples(text, "vitalrig_pipeline_heartbeats_total")
    assert {STEP: 1.0} == samples(text, "vitalrig_pipeline_heartbeat_busy_seconds_total")
    assert {STEP: 400} == samples(text, "vitalrig_pipeline_heartbeat_work_bytes_total")
    assert {STEP: 2.0} == samples(text, WINDOW_RATE)


def test_the_rates_of_a_step_that_stands_still_vanish(page, beats, clock):
    """
    They change with a beat only, and would look live for ever; its counters stay.
    """
    step = beats.step("written")
    for _ in range(30):
        clock.advance(0.1)
        step.beat()
    clock.advance(10.1)
    text = text_of(page)

    assert {} == samples(text, WINDOW_RATE)
    assert {STEP: 30} == samples(text, "vitalrig_pipeline_heartbeats_total")


@pytest.mark.parametrize("step_s", [-9, 3_600])
def test_a_clock_that_is_set_keeps_no_rate_of_a_step_that_stands_still(page, beats, clock, step_s):
    """
    And takes none of one that moves.
    """
    step = beats.step("written")
    for _ in range(30):
        clock.advance(0.1)
        step.beat()
    clock.jump_wall(step_s)
    clock.advance(9.9)
    moving = samples(text_of(page), WINDOW_RATE)
    clock.advance(0.2)

    assert ({STEP}, {}) == (set(moving), samples(text_of(page), WINDOW_RATE))


def test_a_step_that_is_slow_by_nature_keeps_its_rates(page, beats, clock):
    """
    A snapshot every half minute is not a standstill.
    """
    step = beats.step("written")
    for _ in range(3):
        clock.advance(30)
        step.beat()
    clock.advance(29)

    assert {STEP: pytest.approx(1 / 30)} == samples(text_of(page), WINDOW_RATE)


def test_a_counter_has_the_metric_that_the_exporter_gives_it(page, beats):
    """
    Also where a reason is in its name.
    """
    beats.count("backend_disconnects", 2)
    beats.count("pictures_skipped", 3)
    text = text_of(page)

    assert {'camera="ward",service="probe"': 2} == samples(text, "vitalrig_redis_disconnects_total")
    assert {'camera="ward",reason="skipped",service="probe"': 3} == samples(
        text, "vitalrig_pictures_lost_total"
    )


def test_every_metric_of_services_is_declared_on_the_page(page):
    """
    With its help, also before it has a sample.
    """
    text = text_of(page)

    assert [] == [each.name for each in SERVICES if f"# HELP {each.name} {each.help}" not in text]


def test_metrics_are_text_for_whoever_does_not_say(page):
    """
    curl shows what a person can read.
    """
    assert "text/plain; version=0.0.4; charset=utf-8" == ask(page).headers["Content-Type"]


def test_metrics_are_openmetrics_for_prometheus(page):
    """
    Headers are found whatever their case.
    """
    answer = ask(page, aCCEPT="application/openmetrics-text;version=1.0.0")

    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.body.endswith(b"# EOF\n")


def test_metrics_are_compressed_for_who_can_read_it(page):
    """
    The same page, a fraction of the bytes; caches are told that there are two.
    """
    plain = ask(page)
    packed = ask(page, Accept_Encoding="deflate, gzip;q=0.8")

    assert ("gzip", "Accept, Accept-Encoding") == (
        packed.headers["Content-Encoding"],
        packed.headers["Vary"],
    )
    assert plain.body == gzip.decompress(packed.body)
    assert str(len(packed.body)) == packed.headers["Content-Length"]


def test_some_metrics_can_be_asked_for(page):
    """
    As with other exporters: `?name[]=`, also more than once.
    """
    text = ask(page, "name[]=vitalrig_build_info&name[]=no_such").body

    assert [b"# HELP"] == [line[:6] for line in text.splitlines() if line.startswith(b"# HELP")]


@pytest.mark.parametrize("path", ALIVE)
def test_it_is_alive_as_long_as_it_answers(page, health, path):
    """
    Liveness is not readiness.
    """
    health.fail("redis", "away")

    assert 200 == page.answer(Request("GET", path)).status


@pytest.mark.parametrize("path", READY)
def test_readiness_names_what_fails(page, health, path):
    """
    As the health file does.
    """
    health.fail("redis", "Redis is away")
    failing = page.answer(Request("GET", path))
    health.ok("redis")

    assert (503, b"redis: Redis is away\n") == (failing.status, failing.body)
    assert 200 == page.answer(Request("GET", path)).status


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(page, method):
    """
    The page only tells.
    """
    answer = page.answer(Request(method, "/metrics"))

    assert (405, "GET, HEAD") == (answer.status, answer.headers["Allow"])


def test_another_path_is_not_found(page):
    """
    With a hint.
    """
    answer = page.answer(Request("GET", "/"))

    assert (404, b"try /metrics\n") == (answer.status, answer.body)


def test_a_page_that_cannot_be_made_is_an_error_of_ours(page, beats):
    """
    The service goes on, and the log says why.
    """
    beats.step("No Word")

    assert 500 == page.answer(Request("GET", "/metrics")).status


def test_a_port_that_is_taken_is_said(page):
    """
    By the setting's name, so that one knows what to change.
    """
    with (
        running_server(page.answer, "127.0.0.1", 0) as port,
        pytest.raises(CannotStart, match=f"metrics_port: 127.0.0.1:{port} .*in use"),
        running_server(page.answer, "127.0.0.1", port),
    ):
        pass
