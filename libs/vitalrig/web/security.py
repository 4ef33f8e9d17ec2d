"""
TLS and basic authentication, from a web config file like that of Prometheus's exporters.

    tls_server_config:
      cert_file: server.crt
      key_file: server.key
      client_ca_file: clients.crt                     # optional
      client_auth_type: RequireAndVerifyClientCert    # optional
      min_version: TLS13                              # optional; TLS12 otherwise
    basic_auth_users:
      prometheus: $2y$10$...                          # bcrypt

Paths are relative to the file. All files are read again when they change, so that a certificate is
renewed without a restart; a change that cannot work leaves what was before.
"""

import importlib
import logging
import ssl
import threading
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import BadSettings
from vitalrig.web.basic_auth import BasicAuth, Verdict
from vitalrig.web.messages import Response, response

log = logging.getLogger(__name__)

_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_UNREADABLE = (OSError, ValueError, yaml.YAMLError, BadSettings)


def refusal(verdict: Verdict) -> Response | None:
    """
    Answer a caller who may not ask; None for one who may.
    """
    if verdict == "later":
        return response(429, "too many guesses\n", headers={"Retry-After": "5"})
    if verdict == "no":
        challenge = {"WWW-Authenticate": 'Basic realm="vitalrig", charset="UTF-8"'}
        return response(401, "a user and a password, please\n", headers=challenge)
    return None


class TlsConfig(BaseModel):
    """The server's certificate, and whether clients need one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None
    client_auth_type: Literal[
        "NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"
    ] = "NoClientCert"
    min_version: Literal["TLS12", "TLS13"] = "TLS12"

    def context(self, folder: Path) -> ssl.SSLContext:
        """
        Load the certificates.

        Raises:
            OSError: If a file cannot be read, or is not a certificate.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[self.min_version]
        context.load_cert_chain(folder / self.cert_file, folder / self.key_file)
        if self.client_ca_file is not None:
            context.load_verify_locations(folder / self.client_ca_file)
        context.verify_mode = _AUTH[self.client_auth_type]
        return context


class WebConfig(BaseModel):
    """What the file may hold; an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tls_server_config: TlsConfig | None = None
    basic_auth_users: dict[str, str] = Field(default_factory=dict)


class WebSecurity:
    """
    Who may ask, and how connections are protected. Safe to use from several threads.

    Args:
        path: The web config file; None for neither TLS nor passwords.
        clock: What tells the time.

    Raises:
        BadSettings: If the file cannot work; the text says what is wrong.
    """

    def __init__(self, path: Path | None, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._config = WebConfig()
        self._context: ssl.SSLContext | None = None
        self._passwords: BasicAuth | None = None
        self._seen: tuple[object, ...] = ()
        if path is not None:
            try:
                self._load(path)
            except _UNREADABLE as exc:
                raise BadSettings(f"web_config_file: {path}: {_why(exc)}") from exc

    def context(self) -> ssl.SSLContext | None:
        """
        Give what new connections are protected with; None for plain HTTP.
        """
        with self._lock:
            self._reload()
            return self._context

    def verdict(self, authorization: str, address: str) -> Verdict:
        """
        Say whether an `Authorization` header from *address* names a user with the right password.
        """
        with self._lock:
            self._reload()
            passwords = self._passwords
        return "yes" if passwords is None else passwords.verdict(authorization, address)

    def _reload(self) -> None:
        if self._path is None or self._seen == self._signature(self._path, self._config):
            return
        try:
            self._load(self._path)
            log.info("web config read again")
        except _UNREADABLE as exc:
            self._seen = self._signature(self._path, self._config)
            log.error("web config cannot work; the old one stays", extra={"why": _why(exc)})

    def _load(self, path: Path) -> None:
        config = WebConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        passwords = None
        if config.basic_auth_users:
            bcrypt = _bcrypt()
            for user, hashed in config.basic_auth_users.items():
                _check(bcrypt, user, hashed)
            passwords = BasicAuth(config.basic_auth_users, bcrypt.checkpw, self._clock)
        tls = config.tls_server_config
        seen = self._signature(path, config)
        self._context = tls.context(path.parent) if tls else None
        self._config, self._seen, self._passwords = config, seen, passwords

    @staticmethod
    def _signature(path: Path, config: WebConfig) -> tuple[object, ...]:
        """
        Tell one content of all files from the next.
        """
        tls = config.tls_server_config
        named = (tls.cert_file, tls.key_file, tls.client_ca_file) if tls else ()
        return tuple(map(_stamp, (path, *(path.parent / name for name in named if name))))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _bcrypt() -> Any:  # noqa: ANN401  a module
    try:
        return importlib.import_module("bcrypt")
    except ImportError as exc:
        raise BadSettings("basic_auth_users needs the Python package bcrypt") from exc


def _check(bcrypt: Any, user: str, hashed: str) -> None:  # noqa: ANN401  a module
    """
    Find a hash that is none now, not when somebody knocks.
    """
    try:
        bcrypt.checkpw(b"", hashed.encode())
    except ValueError as exc:
        raise BadSettings(f"basic_auth_users: {user}: no bcrypt hash") from exc


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
    return str(error)
