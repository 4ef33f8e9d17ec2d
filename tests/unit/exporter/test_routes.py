"""What is at which path."""

import gzip

import pytest

from services.exporter.catalogue import CATALOGUE
from services.exporter.request_counter import RequestCounter
from services.exporter.routes import PATHS, Web, accepts_gzip
from vitalrig.metrics.families import Families
from vitalrig.service.health import Health
from vitalrig.service.service_page import ALIVE, READY
from vitalrig.web.messages import Request


class FixedPage:
    """A page that always says the same."""

    def __init__(self, up):
        self.up = up

    def families(self):
        families = Families(CATALOGUE)
        families.add("vitalrig_redis_up", self.up)
        return families


class BrokenPage:
    """A page that cannot be made."""

    def families(self):
        raise RuntimeError("broken")


@pytest.fixture
def health(tmp_path):
    health = Health(tmp_path / "health")
    health.ready()
    return health


@pytest.fixture
def requests():
    return RequestCounter(PATHS)


@pytest.fixture
def web(health, requests):
    targets = {"ward 2 & 3": FixedPage(0)}
    return Web(FixedPage(1), targets, health, requests, verdict=lambda *_: "yes")


def ask(web, path, query="", method="GET", **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return web.answer(Request(method, path, query, named))


def test_metrics_are_text_for_whoever_does_not_say(web):
    """
    curl shows what a person can read.
    """
    answer = ask(web, "/metrics")

    assert (200, "text/plain; version=0.0.4; charset=utf-8") == (
        answer.status,
        answer.headers["Content-Type"],
    )
    assert b"vitalrig_redis_up 1.0\n" in answer.body


def test_metrics_are_openmetrics_for_prometheus(web):
    """
    Headers are found whatever their case.
    """
    answer = ask(web, "/metrics", aCCEPT="application/openmetrics-text;version=1.0.0")

    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.body.endswith(b"# EOF\n")


def test_metrics_are_compressed_for_who_can_read_it(web):
    """
    The same page, a fraction of the bytes; caches are told that there are two.
    """
    plain = ask(web, "/metrics")
    packed = ask(web, "/metrics", Accept_Encoding="deflate, gzip;q=0.8")

    assert ("gzip", "Accept, Accept-Encoding") == (
        packed.headers["Content-Encoding"],
        packed.headers["Vary"],
    )
    assert plain.body == gzip.decompress(packed.body)
    assert str(len(packed.body)) == packed.headers["Content-Length"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [("gzip", True), ("", False), ("gzip;q=0", False), ("br, GZIP ; q=0.5", True), ("*", False)],
)
def test_gzip_is_for_who_accepts_it(header, expected):
    """
    q=0 means no.
    """
    assert expected == accepts_gzip(header)


def test_some_metrics_can_be_asked_for(web):
    """
    As with other exporters: `?name[]=`, also more than once.
    """
    answer = ask(web, "/metrics", "name[]=vitalrig_redis_memory_used_bytes&name[]=no_such")

    assert b"vitalrig_redis_up" not in answer.body


def test_another_rig_is_found_by_its_name(web):
    """
    The name is the caller's choice, the address the operator's.
    """
    assert b"vitalrig_redis_up 0.0\n" in ask(web, "/probe", "target=ward+2+%26+3").body


@pytest.mark.parametrize(
    "query",
    ["", "target=", "target=10.0.0.1:6379", "target=redis://x", "target=a&target=b", "&" * 500],
    ids=["nothing", "empty", "address", "url", "two", "flood"],
)
def test_a_caller_cannot_choose_an_address(web, query):
    """
    An exporter that connects to wherever it is told is a way into the network.
    """
    assert 400 == ask(web, "/probe", query).status


@pytest.mark.parametrize("path", ALIVE)
def test_the_process_is_alive_even_if_something_fails(web, health, path):
    """
    Liveness is not readiness: a restart would not mend Redis.
    """
    health.fail("redis", "away")

    assert (200, b"ok\n") == (ask(web, path).status, ask(web, path).body)


@pytest.mark.parametrize("path", READY)
def test_readiness_names_what_fails(web, health, path):
    """
    And is back when it passes.
    """
    health.fail("redis", "Redis is away")
    failing = ask(web, path)
    health.ok("redis")

    assert (503, b"redis: Redis is away\n") == (failing.status, failing.body)
    assert 200 == ask(web, path).status


def test_the_landing_page_leads_to_everything(web):
    """
    Whoever opens the port in a browser finds the way, and is told what this is not.
    """
    page = ask(web, "/").body.decode()

    assert 'href="/metrics"' in page
    assert '<a href="/probe?target=ward%202%20%26%203">ward 2 &amp; 3</a>' in page
    assert "Not a medical device" in page


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_nothing_can_be_changed(web, method):
    """
    The exporter only tells.
    """
    answer = ask(web, "/metrics", method=method)

    assert (405, "GET, HEAD") == (answer.status, answer.headers["Allow"])


def test_a_path_that_is_not_there_is_not_found(web):
    """
    With a hint, not with a stack.
    """
    assert 404 == ask(web, "/etc/passwd").status


def test_a_stranger_is_told_nothing(health, requests):
    """
    Not even whether the path is there.
    """
    web = Web(
        FixedPage(1),
        {},
        health,
        requests,
        verdict=lambda header, _: {"right": "yes", "guess": "later"}.get(header, "no"),
    )

    statuses = [ask(web, path).status for path in ("/metrics", "/-/healthy", "/nothing")]

    assert [401] * 3 == statuses
    assert "WWW-Authenticate" in ask(web, "/metrics").headers
    assert 200 == ask(web, "/metrics", Authorization="right").status


def test_who_guesses_too_much_is_told_to_come_back(health, requests):
    """
    With how long to wait.
    """
    web = Web(FixedPage(1), {}, health, requests, verdict=lambda *_: "later")
    answer = ask(web, "/metrics")

    assert (429, True) == (answer.status, int(answer.headers["Retry-After"]) > 0)


def test_a_page_that_cannot_be_made_is_an_error_of_ours(health, requests):
    """
    The caller learns that it failed, the log why.
    """
    web = Web(BrokenPage(), {}, health, requests, verdict=lambda *_: "yes")

    assert (500, False) == (
        ask(web, "/metrics").status,
        b"RuntimeError" in ask(web, "/metrics").body,
    )


def test_requests_are_counted_by_known_paths_only(web, requests):
    """
    Who tries a thousand paths makes one series.
    """
    for path in ("/metrics", "/metrics", "/a", "/b"):
        ask(web, path)

    assert {("/metrics", "200"): 2, ("other", "404"): 2} == requests.counts()
