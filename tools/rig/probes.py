"""
Health from outside: the checks that compose's health checks make, for the rig without Docker.

Every probe returns None if all is well, else what fails.
"""

import socket
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from rig.shell import run

_TIMEOUT_S = 5.0
# What runs here is never asked through a proxy, whatever the environment says.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def redis(port: int, user: str, password: str) -> str | None:
    """
    Ask Redis for a PONG. A full disk, a wrong password and loading all answer otherwise.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as connection:
            connection.sendall(_command("AUTH", user, password) + _command("PING"))
            answers = connection.makefile("rb")
            said = [answers.readline().decode(errors="replace").strip() for _ in range(2)]
    except OSError as exc:
        return f"ping: {exc}"
    refused = [line for line in said if line not in {"+OK", "+PONG"}]
    return f"ping: {refused[0] or 'no answer'}" if refused else None


def service(python: Path, health_file: Path, root: Path) -> str | None:
    """
    Run the probe that containers use on a service's health file.
    """
    target = f"file:{quote(str(health_file))}?max_age_s=15"
    asked = run([str(python), "-m", "vitalrig.service.health", target], cwd=root, timeout_s=15)
    if asked.ok:
        return None
    return "; ".join(asked.out.strip().splitlines()) or asked.last_words


def http(url: str) -> str | None:
    """
    Ask for a page and expect it to be there.
    """
    try:
        with _DIRECT.open(url, timeout=_TIMEOUT_S):
            return None
    except urllib.error.HTTPError as exc:
        return f"{url}: {exc.code}"
    except OSError as exc:
        return f"{url}: {exc}"


def _command(*words: str) -> bytes:
    """Redis's protocol, in which a word may hold anything; blanks and quotes end one elsewhere."""
    encoded = [word.encode() for word in words]
    parts = (b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)
    return b"*%d\r\n" % len(encoded) + b"".join(parts)
