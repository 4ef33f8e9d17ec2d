"""A rig that was there before: who may use it, and what is said where it cannot be used."""

import http.server
import threading
from functools import partial

import pytest
import redis

from tests.support.harness_scripts import first_line, hold, program
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from vitalrig.testing.harness_errors import HarnessError, NotReady
from vitalrig.testing.rig import Rig

USER = "user tester on >correct ~* &* +@all"


@pytest.fixture
def guarded(tmp_path):
    """A Redis that wants a password."""
    folder = tmp_path / "redis"
    folder.mkdir()
    users = tmp_path / "users.acl"
    users.write_text(f"user default on >secret ~* &* +@all\n{USER}\nuser weak on >weak -@all\n")
    server = RedisServer(folder)
    server.start(
        "--aclfile", str(users), login=partial(redis.Redis, port=server.port, password="secret")
    )
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("", "Redis wants a password: write redis://user:password@host:port"),
        ("tester:wrong@", "Redis refuses the password of user tester"),
        (":wrong@", "Redis refuses the password of user default"),
        ("weak:weak@", "user weak may not do what a test needs"),
    ],
)
def test_a_redis_that_refuses_is_told_in_one_line(guarded, login, words, harness_place):
    """
    With what to write, and without the password.
    """
    with pytest.raises(HarnessError, match=words) as raised:
        Rig.at(f"redis://{login}127.0.0.1:{guarded.port}")

    assert "\n" not in str(raised.value)
    assert "wrong" not in str(raised.value)


def test_a_password_reaches_the_services_by_a_file(guarded, harness_place):
    """
    A command line is seen by every user of the machine.
    """
    with Rig.at(f"redis://tester:correct@127.0.0.1:{guarded.port}") as rig:
        prefix = rig.take_prefix()

        assert rig.sessions_folder(prefix).is_relative_to(rig.folder)
        assert "correct" not in " ".join(rig.processes["collector-1"].command)
        assert 0o600 == (rig.folder / "redis_password").stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:6379", "has no scheme: write redis://"),
        ("http://127.0.0.1:6379", "begins with http://: write redis://"),
        ("redis://", "names no host"),
        ("redis://host:port", "no number where one belongs"),
        ("redis://host:6379/first", "no number where one belongs"),
    ],
)
def test_a_url_that_is_none_of_redis_is_told_in_one_line(url, words):
    """
    Before anything is asked.
    """
    with pytest.raises(HarnessError, match=words) as raised:
        Rig.at(url)

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("url", ["localhost:8317", "redis://localhost:1", "http://"])
def test_a_url_that_is_no_exporters_is_told_in_one_line(url):
    """
    The two URLs are easily mixed up.
    """
    with pytest.raises(HarnessError, match="the exporter's URL .* write http://host:port"):
        Rig.at("redis://127.0.0.1:1", url)


def test_a_host_that_does_not_answer_is_told_in_one_line(harness_place):
    """
    With the address, since it is the likely mistake.
    """
    port = free_port()

    with pytest.raises(HarnessError, match=f"127.0.0.1:{port}: Redis is away: ") as raised:
        Rig.at(f"redis://127.0.0.1:{port}")

    assert "\n" not in str(raised.value)


def test_something_else_that_answers_is_told_in_one_line(harness_place):
    """
    Such as the exporter, when the two URLs were mixed up.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(HarnessError, match=f"127.0.0.1:{server.server_port}: ") as raised:
            Rig.at(f"redis://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()

    assert "\n" not in str(raised.value)


def test_the_second_harness_on_a_rig_says_who_has_it(redis_server, harness_place):
    """
    Each would see the other's cameras come and go.
    """
    url = f"redis://127.0.0.1:{redis_server.port}"
    with program(hold(f"Rig.at({url!r})"), harness_place) as owner:
        first_line(owner)

        with pytest.raises(HarnessError, match=f"is used by process {owner.pid} on host .* since"):
            Rig.at(url)


def test_a_rig_whose_user_was_killed_is_free_at_once(redis_server, harness_place):
    """
    Nobody waits for a key to end that nobody renews.
    """
    url = f"redis://127.0.0.1:{redis_server.port}"
    with program(hold(f"Rig.at({url!r})"), harness_place) as owner:
        first_line(owner)
    with redis_server.client() as client:
        assert client.persist("vitalrig:testing:owner")

    with Rig.at(url) as rig:
        rig.wait_ready(PATIENCE_S)


def test_a_rig_that_was_left_is_free_at_once(redis_server, harness_place):
    """
    One run of tests after the other.
    """
    for _ in range(2):
        with Rig.at(f"redis://127.0.0.1:{redis_server.port}"):
            pass

    with redis_server.client() as client:
        assert not client.exists("vitalrig:testing:owner")


def test_the_workers_of_one_run_share_a_rig(redis_server, harness_place, monkeypatch):
    """
    Their cameras do not touch one another.
    """
    url, run = f"redis://127.0.0.1:{redis_server.port}", {"PYTEST_XDIST_TESTRUNUID": "run"}
    with program(hold(f"Rig.at({url!r})"), harness_place, **run) as owner:
        first_line(owner)
        monkeypatch.setenv("PYTEST_XDIST_TESTRUNUID", "run")

        with Rig.at(url) as mine:
            assert mine.take_prefix()


def test_a_rig_that_was_given_goes_on_when_its_user_has_ended(harness_place):
    """
    What the user started in it is gone, and no more.
    """
    with Rig.start_rig() as rig:
        rig.wait_ready(PATIENCE_S)
        with Rig.attach(rig.description) as user:
            user.wait_ready(PATIENCE_S)
            prefix = user.take_prefix()
            assert {"collector-1"} == set(user.processes)
            assert "collector ready" in user.logs("collector-1")
            assert user.sessions_folder(prefix) != user.sessions_folder("physiology")

        rig.wait_ready(PATIENCE_S)
        assert not user.folder.exists()


def test_a_part_of_a_given_rig_that_ended_is_told_with_its_log(harness_place):
    """
    How it ended knows only who has started it.
    """
    with Rig.start_redis() as rig:
        rig.wait_ready(PATIENCE_S)
        with Rig.attach(rig.description) as user:
            rig.processes["redis"].kill()

            with pytest.raises(
                NotReady, match="redis is not ready: .* started elsewhere"
            ) as raised:
                user.wait_ready(0.2)

    assert any("Ready to accept connections" in line for line in raised.value.log_lines)
