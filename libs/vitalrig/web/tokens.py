"""
Tokens that say who may do what, in a file that holds their hashes only.

    vitalrig telemetry token NAME --scope read|write|admin

A token is 256 random bits, so a plain SHA-256 is enough: there is nothing to guess. The file is
looked at for each request, so that a token that is removed is worth nothing at once.
"""

import hashlib
import hmac
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from vitalrig.errors import BadRequest, BadSettings

log = logging.getLogger(__name__)

Scope = Literal["read", "write", "admin"]
"""Each may do what those before it may."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

MARK = "vr_"
"""What a token begins with, so that scanners of source code find one that was left there."""

FIRST_WITHIN_S = 0.5
"""So soon a server that needs no token notices the first one; each further one at once."""

MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Token:
    """
    What is known of a token.

    Attributes:
        name: What people call it.
        scope: What its bearer may do.
        digest: Its SHA-256, in hexadecimal.
    """

    name: str
    scope: Scope
    digest: str

    def allows(self, scope: Scope) -> bool:
        """
        Say whether its bearer may do what needs a scope.
        """
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


class TokenFile:
    """
    The tokens in a file. Safe to use from several threads and processes that read.

    Args:
        path: The file; there need be none yet.

    Raises:
        BadSettings: If it is there and cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._tokens: Mapping[str, Token] = {}
        self._was_needed = False
        self._look_at_s = 0.0
        try:
            self._read()
        except (OSError, ValueError) as exc:
            raise BadSettings(f"tokens: {path} cannot be read: {exc}") from exc

    @property
    def are_needed(self) -> bool:
        """
        Whether there are tokens, or were since this began: removing the last one opens no door.
        """
        if self._was_needed:
            return True
        if time.monotonic() >= self._look_at_s:
            self._look_at_s = time.monotonic() + FIRST_WITHIN_S
            self._look()
        return self._was_needed

    def find(self, secret: str) -> Token | None:
        """
        Give the token with this text; None if there is none.
        """
        return self.with_digest(hashlib.sha256(secret.encode(errors="replace")).hexdigest())

    def with_digest(self, digest: str) -> Token | None:
        """
        Give the token with this hash; None if there is none any more.
        """
        self._look()
        return self._tokens.get(digest)

    def tokens(self) -> list[Token]:
        """
        Give all, in the order in which they were made.
        """
        self._look()
        return list(self._tokens.values())

    def add(self, name: str, scope: Scope) -> str:
        """
        Make a token; gives its text, which is kept nowhere.

        Raises:
            BadRequest: If there is one of this name already, or the name is empty or too long.
            OSError: If the file cannot be written.
        """
        if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
            raise BadRequest(f"a name has 1 to {MAX_NAME_LENGTH} printable characters")
        if any(token.name == name for token in self.tokens()):
            raise BadRequest(f"there is a token {name} already; remove it first")
        secret = MARK + secrets.token_urlsafe(32)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        self._write([*self.tokens(), Token(name, scope, digest)])
        return secret

    def remove(self, name: str) -> None:
        """
        Remove a token.

        Raises:
            BadRequest: If there is none of this name.
            OSError: If the file cannot be written.
        """
        kept = [token for token in self.tokens() if token.name != name]
        if len(kept) == len(self.tokens()):
            raise BadRequest(f"there is no token {name}")
        self._write(kept)

    def _look(self) -> None:
        if self._stamp() == self._seen:
            return
        try:
            self._read()
        except (OSError, ValueError) as exc:
            # Nobody comes in by a file that nobody can read.
            self._tokens, self._seen = {}, self._stamp()
            log.error("tokens cannot be read; nobody may come in", extra={"why": str(exc)})

    def _read(self) -> None:
        with self._lock:
            stamp = self._stamp()
            text = "" if stamp is None else self._path.read_text(encoding="utf-8")
            found = _parsed(json.loads(text or "[]"))
            self._tokens = {token.digest: token for token in found}
            self._was_needed = self._was_needed or bool(found)
            self._seen = stamp

    def _write(self, tokens: list[Token]) -> None:
        content = [
            {"name": token.name, "scope": token.scope, "sha256": token.digest} for token in tokens
        ]
        partial = self._path.with_name(f".{self._path.name}.part")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(partial, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
        self._read()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError:
            return -1, -1, -1
        return stat.st_ino, stat.st_mtime_ns, stat.st_size


def is_same(one: str, other: str) -> bool:
    """
    Compare two secrets in a time that tells nothing of them.
    """
    return hmac.compare_digest(one.encode(), other.encode())


def _parsed(document: Any) -> list[Token]:  # noqa: ANN401  any JSON
    try:
        found = [Token(each["name"], each["scope"], each["sha256"]) for each in document]
    except (TypeError, KeyError) as exc:
        raise ValueError("not a list of tokens") from exc
    if not isinstance(document, list) or any(token.scope not in SCOPES for token in found):
        raise ValueError("not a list of tokens")
    return found
