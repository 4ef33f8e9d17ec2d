"""TLS and passwords from the web config file."""

import base64
import importlib.util
import os

import pytest

from tests.support.certificates import a_certificate
from vitalrig.errors import BadSettings
from vitalrig.web.security import WebSecurity

needs_bcrypt = pytest.mark.skipif(
    importlib.util.find_spec("bcrypt") is None, reason="the package bcrypt is not installed"
)


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def hashed(password):
    import bcrypt

    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "web.yml"


def allows(security, header=""):
    return security.verdict(header, "192.0.2.1") == "yes"


def users(path, **passwords):
    lines = [f'  {user}: "{hashed(password)}"' for user, password in passwords.items()]
    path.write_text("\n".join(["basic_auth_users:", *lines]))
    return path


def test_without_a_file_everybody_may_ask_in_the_clear():
    """
    The port is bound to this machine by default.
    """
    security = WebSecurity(None)

    assert (None, True) == (security.context(), allows(security))


def test_an_empty_file_asks_for_nothing(path):
    """
    As with Prometheus's exporters.
    """
    path.write_text("")
    security = WebSecurity(path)

    assert (None, True) == (security.context(), allows(security))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("basic_auth_user: {}", "basic_auth_user"),
        ("tls_server_config: {cert_file: a}", "key_file"),
        ("tls_server_config: {cert_file: a, key_file: b}", "No such file"),
        ("tls_server_config: {cert_file: a, key_file: b, min_version: TLS10}", "min_version"),
        ("[", "web.yml"),
        ("- a", "web.yml"),
    ],
    ids=["unknown key", "no key file", "no such files", "old TLS", "no YAML", "a list"],
)
def test_a_file_that_cannot_work_stops_the_exporter(path, text, said):
    """
    An exporter that was meant to be locked never starts open.
    """
    path.write_text(text)

    with pytest.raises(BadSettings, match=said):
        WebSecurity(path)


def test_a_file_that_is_not_there_stops_the_exporter(path):
    """
    A typing mistake in its name does not open the door.
    """
    with pytest.raises(BadSettings, match="No such file"):
        WebSecurity(path)


def test_without_bcrypt_passwords_stop_the_exporter(path, monkeypatch):
    """
    And the message says which package is missing.
    """
    monkeypatch.setitem(__import__("sys").modules, "bcrypt", None)
    path.write_text('basic_auth_users: {prometheus: "$2y$10$abc"}')

    with pytest.raises(BadSettings, match="needs the Python package bcrypt"):
        WebSecurity(path)


@needs_bcrypt
def test_only_the_right_password_opens(path):
    """
    Known user and right password, and nothing else.
    """
    security = WebSecurity(users(path, prometheus="secret", other="else"))
    tried = [
        basic("prometheus", "secret"), basic("prometheus", "wrong"), basic("nobody", "secret"),
        basic("nobody", "else"), basic("", ""), "", "Basic !!!", "Bearer secret", "Basic",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(), basic("prometheus", "x" * 100),
        basic("prometheus", "secret\0"),
    ]  # fmt: skip

    assert [True] + [False] * 11 == [
        security.verdict(header, f"192.0.2.{number}") == "yes"
        for number, header in enumerate(tried)
    ]


@needs_bcrypt
def test_a_password_that_was_taken_away_opens_no_more(path):
    """
    Without a restart, and whatever was remembered.
    """
    security = WebSecurity(users(path, prometheus="secret"))
    was = allows(security, basic("prometheus", "secret"))
    users(path, prometheus="another one")

    assert (True, False, True) == (
        was,
        allows(security, basic("prometheus", "secret")),
        allows(security, basic("prometheus", "another one")),
    )


@needs_bcrypt
def test_a_user_who_was_taken_away_opens_no_more(path):
    """
    Even one who had the same hash as another, who stays.
    """
    same = hashed("secret")
    path.write_text(f'basic_auth_users: {{prometheus: "{same}", guest: "{same}"}}')
    security = WebSecurity(path)
    was = allows(security, basic("guest", "secret"))
    path.write_text(f'basic_auth_users: {{prometheus: "{same}"}}')

    assert (True, False) == (was, allows(security, basic("guest", "secret")))


@needs_bcrypt
def test_a_change_that_cannot_work_leaves_the_lock_as_it_was(path):
    """
    A half-edited file does not open the door.
    """
    security = WebSecurity(users(path, prometheus="secret"))
    path.write_text("basic_auth_users: [")

    assert (False, True) == (allows(security), allows(security, basic("prometheus", "secret")))


@needs_bcrypt
def test_a_hash_that_is_none_stops_the_exporter(path):
    """
    A password in clear text is a mistake that is found at once.
    """
    path.write_text("basic_auth_users: {prometheus: secret}")

    with pytest.raises(BadSettings, match="prometheus: no bcrypt hash"):
        WebSecurity(path)


def test_a_renewed_certificate_is_used_without_a_restart(tmp_path, path):
    """
    Certificates live for weeks, exporters for years.
    """
    a_certificate(tmp_path)
    path.write_text("tls_server_config: {cert_file: server.crt, key_file: server.key}")
    security = WebSecurity(path)
    before = security.context()
    same = security.context()
    a_certificate(tmp_path)
    os.utime(tmp_path / "server.crt")

    assert (True, False) == (before is same, before is security.context())
