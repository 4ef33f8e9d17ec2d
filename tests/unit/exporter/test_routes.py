"""What is at which path."""

import pytest

from services.exporter.catalogue import CATALOGUE
from services.exporter.request_counter import RequestCounter
from services.exporter.routes import PATHS, Web
from vitalrig.metrics.families import Families
from vitalrig.service.health import Health
from vitalrig.service.service_page import ServicePage
from vitalrig.web.messages import Request


def families(up):
    families = Families(CATALOGUE)
    families.add("vitalrig_redis_up", up)
    return families


def a_page(health):
    return ServicePage(lambda: families(1), health)


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
    targets = {"ward 2 & 3": lambda: families(0)}
    return Web(a_page(health), targets, requests, verdict=lambda *_: "yes")


def ask(web, path, query="", method="GET", **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return web.answer(Request(method, path, query, named))


def test_a_page_that_cannot_be_made_is_an_error_of_ours(health, requests):
    """
    The caller learns that it failed, the log why.
    """

    def broken():
        raise RuntimeError("broken")

    web = Web(a_page(health), {"ward": broken}, requests, verdict=lambda *_: "yes")
    answer = ask(web, "/probe", "target=ward")

    assert (500, False) == (answer.status, b"RuntimeError" in answer.body)


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


def test_the_landing_page_leads_to_everything(web):
    """
    Whoever opens the port in a browser finds the way, and is told what this is not.
    """
    page = ask(web, "/").body.decode()

    assert 'href="/metrics"' in page
    assert '<a href="/probe?target=ward%202%20%26%203">ward 2 &amp; 3</a>' in page
    assert "Not a medical device" in page


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_can_be_changed(web, path, method):
    """
    The exporter only tells.
    """
    answer = ask(web, path, method=method)

    assert (405, "GET, HEAD") == (answer.status, answer.headers["Allow"])


def test_a_stranger_is_told_nothing(health, requests):
    """
    Not even whether the path is there.
    """
    web = Web(
        a_page(health),
        {},
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
    web = Web(a_page(health), {}, requests, verdict=lambda *_: "later")
    answer = ask(web, "/metrics")

    assert (429, True) == (answer.status, int(answer.headers["Retry-After"]) > 0)


def test_requests_are_counted_by_known_paths_only(web, requests):
    """
    Who tries a thousand paths makes one series.
    """
    for path in ("/metrics", "/metrics", "/a", "/b"):
        ask(web, path)

    assert {("/metrics", "200"): 2, ("other", "404"): 2} == requests.counts()
