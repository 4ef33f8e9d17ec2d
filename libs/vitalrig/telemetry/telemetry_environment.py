"""Where a telemetry server is, from the environment: our names first, then PANOPTES's."""

import os

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 6562
DEFAULT_SITE_DIR = "telemetry"

PREFIXES = ("VITALRIG_TELEMETRY_", "PANOPTES_TELEMETRY_")

LAST_PORT = 65_535


def variable(name: str) -> str | None:
    """
    Give what the environment says, such as of `HOST`; None if it says nothing.
    """
    found = (os.environ.get(f"{prefix}{name}") for prefix in PREFIXES)
    return next((text for text in found if text), None)


def host_of(host: str | None) -> str:
    """
    Give the host that was asked for, else the environment's, else localhost.
    """
    return host or variable("HOST") or DEFAULT_HOST


def port_of(port: int | str | None) -> int:
    """
    Give the port that was asked for, else the environment's, else 6562.

    Raises:
        ValueError: If it is none.
    """
    number = int(port if port not in (None, "") else variable("PORT") or DEFAULT_PORT)
    if not 0 <= number <= LAST_PORT:
        raise ValueError(f"no port: {number}")
    return number


def site_dir_of(site_dir: str | os.PathLike[str] | None) -> str:
    """
    Give the site folder that was asked for, else the environment's, else `telemetry`.
    """
    return os.fspath(site_dir or variable("SITE_DIR") or DEFAULT_SITE_DIR)


def base_url_of(host: str, port: int) -> str:
    """
    Give the address of a server, for clients.
    """
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
