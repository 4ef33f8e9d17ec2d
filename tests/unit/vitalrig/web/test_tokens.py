"""Tokens in a file, and who may do what with them."""

import json
import stat

import pytest

from tests.support.eventually import eventually
from vitalrig.clock import ManualClock
from vitalrig.errors import BadRequest, BadSettings
from vitalrig.web.access import (
    COOKIE,
    NO_TOKEN,
    SESSION_S,
    TOO_MANY_GUESSES,
    WRONG_TOKEN,
    Access,
    cookie_header,
)
from vitalrig.web.guess_limits import FREE_GUESSES
from vitalrig.web.tokens import SCOPES, TokenFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokens.json"


@pytest.fixture
def clock():
    return ManualClock()


def test_a_token_s_text_is_kept_nowhere(path):
    """
    Who reads the file learns no token, and only its owner reads it.
    """
    secret = TokenFile(path).add("ward", "read")

    assert secret not in path.read_text()
    assert ["name", "scope", "sha256"] == list(json.loads(path.read_text())[0])
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_token_is_found_by_its_text_alone(path):
    """
    Also by another process that reads the file.
    """
    secret = TokenFile(path).add("ward", "write")

    found = TokenFile(path).find(secret)

    assert ("ward", "write") == (found.name, found.scope)
    assert TokenFile(path).find(found.digest) is None


@pytest.mark.parametrize("has", SCOPES)
def test_a_scope_allows_what_those_before_it_allow(path, has):
    """
    Read, write, admin.
    """
    tokens = TokenFile(path)
    token = tokens.find(tokens.add("a", has))

    allowed = [wanted for wanted in SCOPES if token.allows(wanted)]

    assert list(SCOPES[: SCOPES.index(has) + 1]) == allowed


def test_a_name_is_given_once(path):
    """
    So that it is clear which one is removed.
    """
    tokens = TokenFile(path)
    tokens.add("ward", "read")

    with pytest.raises(BadRequest):
        tokens.add("ward", "admin")
    with pytest.raises(BadRequest):
        tokens.remove("other")


def test_removing_the_last_token_opens_no_door(path):
    """
    To a server that has seen one; what it needs from then on is a new one.
    """
    tokens = TokenFile(path)
    access = Access(TokenFile(path))
    assert not access.needs_tokens
    tokens.add("ward", "admin")
    eventually(lambda: access.needs_tokens)

    tokens.remove("ward")

    assert access.needs_tokens
    assert NO_TOKEN == access.identify("", "", "10.0.0.1")


@pytest.mark.parametrize("content", ["{", "{}", "[1]", '[{"name":"a","scope":"all"}]'])
def test_a_file_that_is_broken_lets_nobody_in(path, content):
    """
    At the start it ends the start; later it closes the door.
    """
    tokens = TokenFile(path)
    secret = tokens.add("ward", "admin")
    access = Access(tokens)

    path.write_text(content)

    assert WRONG_TOKEN == access.check(secret, "10.0.0.1")
    with pytest.raises(BadSettings):
        TokenFile(path)


def bearer(secret):
    return f"Bearer {secret}"


def test_a_token_is_a_bearer_s_or_a_password(path):
    """
    With any user, so that clients of basic authentication need no change.
    """
    tokens = TokenFile(path)
    secret = tokens.add("ward", "read")
    access = Access(tokens)
    basic = "Basic " + __import__("base64").b64encode(f"me:{secret}".encode()).decode()

    assert "ward" == access.identify(bearer(secret), "", "10.0.0.1").name
    assert "ward" == access.identify(basic, "", "10.0.0.1").name
    assert WRONG_TOKEN == access.identify("Basic ?", "", "10.0.0.1")


def test_who_guesses_waits_and_who_is_right_does_not(path, clock):
    """
    Also from the same address.
    """
    tokens = TokenFile(path)
    secret = tokens.add("ward", "read")
    access = Access(tokens, clock)

    said = [access.check("wrong", "10.0.0.1") for _ in range(FREE_GUESSES + 1)]

    assert [WRONG_TOKEN] * FREE_GUESSES + [TOO_MANY_GUESSES] == said
    assert "ward" == access.check(secret, "10.0.0.1").name
    assert FREE_GUESSES == access.guesses.wrong_in_all


def session(access, token):
    return f"{COOKIE}={access.open_session(token)}"


def test_a_session_ends_with_its_token_and_after_half_a_day(path, clock):
    """
    At once in the first case.
    """
    tokens = TokenFile(path)
    first = tokens.find(tokens.add("first", "read"))
    second = tokens.find(tokens.add("second", "read"))
    access = Access(tokens, clock)
    cookies = session(access, first), session(access, second)
    assert [first, second] == [access.identify("", cookie, "") for cookie in cookies]

    tokens.remove("first")
    assert [NO_TOKEN, second] == [access.identify("", cookie, "") for cookie in cookies]

    clock.advance(SESSION_S + 1)
    assert [NO_TOKEN] * 2 == [access.identify("", cookie, "") for cookie in cookies]


@pytest.mark.parametrize("forged", ["", "a", "..", "a.99999999999.b", '"', "\xe4.1.2", ".99999.x"])
def test_a_cookie_that_nobody_gave_is_worth_nothing(path, forged):
    """
    Nor is one of another process, which has another key.
    """
    tokens = TokenFile(path)
    token = tokens.find(tokens.add("ward", "admin"))
    access = Access(tokens)

    assert NO_TOKEN == access.identify("", f"{COOKIE}={forged}", "10.0.0.1")
    assert NO_TOKEN == access.identify("", session(Access(tokens), token), "10.0.0.1")


def test_a_cookie_is_for_no_script_and_no_other_site():
    """
    And for TLS alone where there is TLS.
    """
    plain, secure = (cookie_header("x", is_secure=each) for each in (False, True))

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} < set(plain.split("; "))
    assert "Secure" not in plain
    assert "Secure" in secure.split("; ")
