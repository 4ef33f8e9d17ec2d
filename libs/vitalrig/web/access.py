"""Who may: by a bearer's token, as the password of basic authentication, or by a cookie."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from vitalrig.clock import Clock, SystemClock
from vitalrig.web.basic_auth import credentials
from vitalrig.web.guess_limits import GuessLimits
from vitalrig.web.tokens import Scope, Token, TokenFile, is_same

COOKIE = "vitalrig_session"
LOGIN_PATH = "/login"
SESSION_S = 12 * 3_600


@dataclass(frozen=True, slots=True)
class Refused:
    """
    Why somebody may not.

    Attributes:
        status: 401, 403 or 429.
        detail: What to do.
    """

    status: int
    detail: str


NO_TOKEN = Refused(401, "A token is needed: as bearer, or as password of basic authentication")
WRONG_TOKEN = Refused(401, "There is no such token")
TOO_MANY_GUESSES = Refused(429, "Too many wrong tokens; come back later")


class Access:
    """
    Decides who may. Safe to use from several threads.

    A cookie is signed with a key of this process: sessions end with it, and with their token.

    Args:
        tokens: The tokens; None if everybody may do everything.
        clock: What tells the time.
    """

    def __init__(self, tokens: TokenFile | None, clock: Clock | None = None) -> None:
        self._tokens = tokens
        self._clock = clock or SystemClock()
        self._key = secrets.token_bytes(32)
        self.guesses = GuessLimits(self._clock)

    @property
    def needs_tokens(self) -> bool:
        """
        Whether a token is needed at all.
        """
        return self._tokens is not None and self._tokens.are_needed

    def identify(self, authorization: str, cookies: str, address: str) -> Token | Refused | None:
        """
        Find out who asks; None where nobody needs to say.

        Args:
            authorization: The header.
            cookies: The header.
            address: Whom it comes from.
        """
        if not self.needs_tokens:
            return None
        if authorization:
            return self.check(_secret(authorization), address)
        if (session := _session(cookies)) and (token := self._of_session(session)):
            return token
        return NO_TOKEN

    def check(self, secret: str, address: str) -> Token | Refused:
        """
        Look a token up. Who is right never waits for those who guess.
        """
        token = self._tokens.find(secret) if self._tokens and secret else None
        if token is not None:
            return token
        if self.guesses.waits(address):
            return TOO_MANY_GUESSES
        self.guesses.note(address, right=False)
        return WRONG_TOKEN

    def allow(self, token: Token | None, scope: Scope) -> Refused | None:
        """
        Give why somebody may not do what needs a scope; None if he may.
        """
        if token is None or token.allows(scope):
            return None
        return Refused(403, f"The scope {scope} is needed; this token has {token.scope}")

    def is_still_there(self, token: Token) -> bool:
        """
        Say whether a token is still worth what it was.
        """
        return self._tokens is None or self._tokens.with_digest(token.digest) == token

    def open_session(self, token: Token) -> str:
        """
        Give the value of a cookie that stands for a token for half a day.
        """
        ends_s = int(self._clock.monotonic_s()) + SESSION_S
        content = f"{token.digest[:32]}.{ends_s}"
        return f"{content}.{self._signature(content, token)}"

    def _of_session(self, session: str) -> Token | None:
        content, _, signature = session.rpartition(".")
        digest, _, ends_s = content.partition(".")
        if not (ends_s.isascii() and ends_s.isdigit()) or self._tokens is None:
            return None
        for token in self._tokens.tokens():
            if token.digest.startswith(digest) and is_same(
                signature, self._signature(content, token)
            ):
                return token if int(ends_s) > self._clock.monotonic_s() else None
        return None

    def _signature(self, content: str, token: Token) -> str:
        text = f"{content} {token.digest} {token.scope}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()


def cookie_header(value: str, *, is_secure: bool, lasts_s: int = SESSION_S) -> str:
    """
    Give a `Set-Cookie` header; an empty value ends the session.
    """
    lasts_s = lasts_s if value else 0
    secure = "; Secure" if is_secure else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Strict{secure}"


def _secret(authorization: str) -> str:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return text.strip()
    given = credentials(authorization)
    return given[1].decode(errors="replace") if given else ""


def _session(cookies: str) -> str:
    if COOKIE not in cookies:
        return ""
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
