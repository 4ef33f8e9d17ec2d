"""Basic authentication under guesses."""

import base64
import threading

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.clock import ManualClock
from vitalrig.web import basic_auth as module
from vitalrig.web import guess_limits
from vitalrig.web.basic_auth import BasicAuth

SCRAPER, GUESSER = "192.0.2.1", "198.51.100.7"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


RIGHT, WRONG = basic("prometheus", "secret"), basic("prometheus", "guess")


def a_hash(cost, password):
    return f"$2b${cost:02}${password}"


class Hashing:
    """Hashes as bcrypt's, whose work is counted rather than done; it can be held up."""

    def __init__(self):
        self.work = 0
        self.at_a_time = 0
        self.most_at_a_time = 0
        self.go = threading.Event()
        self.go.set()
        self._lock = threading.Lock()

    def check(self, password, hashed):
        _, _, cost, secret = hashed.split(b"$")
        with self._lock:
            self.work += 2 ** int(cost)
            self.at_a_time += 1
            self.most_at_a_time = max(self.most_at_a_time, self.at_a_time)
        self.go.wait(PATIENCE_S)
        with self._lock:
            self.at_a_time -= 1
        return secret == password


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def hashing():
    return Hashing()


@pytest.fixture
def passwords(clock, hashing):
    return BasicAuth({"prometheus": a_hash(10, "secret")}, hashing.check, clock)


@pytest.fixture
def guess(passwords):
    """Guess in threads of their own, from an address each or from one."""
    threads, verdicts = [], []

    def guess(count, address=GUESSER):
        for number in range(count):
            header = basic("prometheus", f"guess {len(threads)} {number}")

            def ask(header=header):
                verdicts.append(passwords.verdict(header, address))

            threads.append(threading.Thread(target=ask))
            threads[-1].start()
        return verdicts

    yield guess
    for thread in threads:
        thread.join()


def test_a_dozen_guesses_do_not_hold_up_a_scraper_that_was_right_before(passwords, hashing, guess):
    """
    Its answer does not wait for theirs.
    """
    assert "yes" == passwords.verdict(RIGHT, SCRAPER)
    hashing.go.clear()
    guess(12)
    eventually(lambda: hashing.at_a_time)
    try:
        assert "yes" == passwords.verdict(RIGHT, SCRAPER)
        assert "yes" == passwords.verdict(RIGHT, GUESSER)
    finally:
        hashing.go.set()


def test_only_a_few_are_hashed_at_a_time_and_few_wait(hashing, guess):
    """
    The rest are told to come back, so that guesses take neither all cores nor all places.
    """
    hashing.go.clear()
    verdicts = guess(12)
    eventually(lambda: verdicts.count("later") == 12 - module.MOST_WAITING)
    hashing.go.set()
    eventually(lambda: len(verdicts) == 12)

    assert module.HASHES_AT_A_TIME == hashing.most_at_a_time


def test_right_credentials_are_remembered_for_a_minute_since_they_were_used(
    passwords, hashing, clock
):
    """
    A scrape every quarter of a minute costs one hash, and one after a pause another.
    """
    for _ in range(10):
        assert "yes" == passwords.verdict(RIGHT, SCRAPER)
        clock.advance(15)
    once = hashing.work
    clock.advance(60)
    again = passwords.verdict(RIGHT, SCRAPER), hashing.work

    assert (2**10, ("yes", 2 * 2**10)) == (once, again)


def guesses_until_told_to_wait(passwords):
    count = 0
    while passwords.verdict(basic("prometheus", str(count)), GUESSER) == "no":
        count += 1
    return count


def test_an_address_that_guesses_on_waits_ever_longer(passwords, clock):
    """
    A few mistakes are free; then one guess in ever more seconds is looked at, up to five.
    """
    free = guesses_until_told_to_wait(passwords)
    waits = []
    for _ in range(6):
        waited_s = 0.0
        while passwords.verdict(WRONG, GUESSER) == "later":
            clock.advance(0.25)
            waited_s += 0.25
        waits.append(waited_s)

    assert (guess_limits.FREE_GUESSES, [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]) == (free, waits)


def test_who_was_right_before_does_not_wait_for_the_guesses_of_others_at_its_address(
    passwords, clock
):
    """
    Many callers may come from one address, such as that of a container's gateway.
    """
    assert "yes" == passwords.verdict(RIGHT, GUESSER)
    guesses_until_told_to_wait(passwords)
    clock.advance(61)
    guesses_until_told_to_wait(passwords)

    assert "yes" == passwords.verdict(RIGHT, GUESSER)


def test_other_addresses_do_not_wait(passwords):
    """
    Whoever guesses harms itself.
    """
    guesses_until_told_to_wait(passwords)

    assert ("no", "yes") == (passwords.verdict(WRONG, SCRAPER), passwords.verdict(RIGHT, SCRAPER))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_all_addresses_of_one_subscriber_are_one(passwords, one, other, same):
    """
    With IPv6 that are 2^64 of them.
    """
    while passwords.verdict(WRONG, one) == "no":
        pass

    assert ("later" if same else "no") == passwords.verdict(WRONG, other)


def test_mistakes_are_forgiven(passwords, clock):
    """
    After ten minutes without one.
    """
    guesses_until_told_to_wait(passwords)
    clock.advance(guess_limits.FORGIVEN_AFTER_S + 1)

    assert guess_limits.FREE_GUESSES == guesses_until_told_to_wait(passwords)


@pytest.mark.parametrize("user", ["short", "long", "nobody", ""])
def test_time_does_not_tell_which_users_there_are(clock, hashing, user):
    """
    A wrong password costs the same work, also where users' hashes differ in theirs.
    """
    users = {"short": a_hash(8, "a"), "long": a_hash(12, "b")}
    passwords = BasicAuth(users, hashing.check, clock)

    assert "no" == passwords.verdict(basic(user, "guess"), GUESSER)
    assert 2**12 == hashing.work


def test_who_names_nobody_costs_nothing(passwords, hashing):
    """
    A browser asks without credentials first.
    """
    assert ("no", "no", 0) == (
        passwords.verdict("", GUESSER), passwords.verdict("Bearer x", GUESSER), hashing.work,
    )  # fmt: skip


def test_what_is_known_of_addresses_has_an_end(passwords, monkeypatch):
    """
    A guesser with ever new addresses fills no memory.
    """
    monkeypatch.setattr(guess_limits, "MAX_NETWORKS", 3)
    for number in range(10):
        passwords.verdict(WRONG, f"192.0.2.{number}")

    assert 3 == len(passwords._guesses._wrong)


def test_a_wasted_hash_is_one_to_bcrypt():
    """
    The hashes that nobody has are of the right form, and take as long as any.
    """
    bcrypt = pytest.importorskip("bcrypt")
    passwords = BasicAuth(
        {"prometheus": bcrypt.hashpw(b"secret", bcrypt.gensalt(5)).decode()},
        bcrypt.checkpw,
        ManualClock(),
    )

    assert ["no", "no", "yes"] == [
        passwords.verdict(header, SCRAPER) for header in (basic("nobody", "x"), WRONG, RIGHT)
    ]
