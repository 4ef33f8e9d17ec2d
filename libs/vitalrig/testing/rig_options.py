"""What pytest was told of the rig, by its options and by its configuration file."""

import shlex
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import pytest

from vitalrig.nearest import did_you_mean

MODES = ("local", "compose", "url")
SCHEMES = {"vitalrig_url": ("redis",), "vitalrig_exporter_url": ("http", "https")}


@dataclass(frozen=True, slots=True)
class RigOptions:
    """
    The options, each with the value that holds.

    Attributes:
        mode: `local`, `compose` or `url`.
        url: The Redis of a rig that runs already; empty in the other modes.
        exporter_url: Its exporter; empty where it has none.
        keep: Leave the rig running at the end.
        reuse: Take the rig that was kept.
        shared: One rig for all workers of pytest-xdist.
        given: The options as they were given, to give them again; passwords are hidden.
    """

    mode: str
    url: str = ""
    exporter_url: str = ""
    keep: bool = False
    reuse: bool = False
    shared: bool = False
    given: str = ""

    @classmethod
    def of(cls, config: pytest.Config) -> Self:
        """
        Read them. The command line goes before the configuration file.

        Raises:
            pytest.UsageError: If they cannot mean anything; one line, with the nearest name.
        """
        mode = _mode(config)
        options = cls(
            mode=mode,
            url=_text(config, "vitalrig_url") if mode == "url" else "",
            exporter_url=_text(config, "vitalrig_exporter_url") if mode == "url" else "",
            keep=_switch(config, "vitalrig_keep"),
            reuse=_switch(config, "vitalrig_reuse"),
            shared=_switch(config, "vitalrig_shared"),
            given=_given(config),
        )
        options._check(config)
        return options

    def _check(self, config: pytest.Config) -> None:
        if self.mode == "url":
            if not self.url:
                raise pytest.UsageError(
                    "--vitalrig-mode=url needs --vitalrig-url=redis://[user:password@]host:port"
                )
            for key in SCHEMES:
                if text := _text(config, key):
                    _check_url(key, text)
        for switch in ("keep", "reuse", "shared"):
            if self.mode != "local" and getattr(self, switch):
                raise pytest.UsageError(
                    f"--vitalrig-{switch} is for a rig that pytest starts as processes, not for "
                    + ("containers" if self.mode == "compose" else "one of --vitalrig-url")
                )
        for key in SCHEMES:
            if config.getoption(key) and self.mode != "url":
                raise pytest.UsageError(
                    f"{_flag(key)} is for --vitalrig-mode=url, not for {self.mode}"
                    if self.mode != "local" or config.getoption("vitalrig_mode")
                    else f"{_flag(key)} needs --vitalrig-url as well"
                )


def _mode(config: pytest.Config) -> str:
    given = config.getoption("vitalrig_mode")
    if given is None and config.getoption("vitalrig_url"):
        return "url"
    mode = str(given or config.getini("vitalrig_mode"))
    if not mode:
        return "url" if config.getini("vitalrig_url") else "local"
    if mode not in MODES:
        source = "--vitalrig-mode=" if given else "vitalrig_mode = "
        raise pytest.UsageError(
            f"{source}{mode}: it is local, compose or url{did_you_mean(mode, MODES)}"
        )
    return mode


def _text(config: pytest.Config, key: str) -> str:
    return str(config.getoption(key) or config.getini(key))


def _switch(config: pytest.Config, key: str) -> bool:
    return bool(config.getoption(key) or config.getini(key))


def _flag(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _check_url(key: str, text: str) -> None:
    wanted = " or ".join(f"{scheme}://" for scheme in SCHEMES[key])
    shown = without_password(text)
    if "://" not in text:
        raise pytest.UsageError(
            f"{_flag(key)}={shown} has no scheme; did you mean {SCHEMES[key][0]}://{shown}?"
        )
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise pytest.UsageError(f"{_flag(key)}={shown}: {exc}") from exc
    if parts.scheme not in SCHEMES[key]:
        raise pytest.UsageError(f"{_flag(key)}={shown} begins with {parts.scheme}://, not {wanted}")
    if not host:
        raise pytest.UsageError(f"{_flag(key)}={shown} names no host")


def without_password(url: str) -> str:
    """Give a URL as it may stand in a log."""
    scheme, mark, rest = url.rpartition("://")
    login, at, address = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}{mark}{user}{colon and ':***'}{at}{address}"


def _given(config: pytest.Config) -> str:
    """Only what stands on the command line: the configuration file counts the next time, too."""
    texts = {key: config.getoption(f"vitalrig_{key}") for key in ("mode", "url", "exporter_url")}
    flags = [
        f"{_flag(f'vitalrig_{key}')}={without_password(text)}"
        for key, text in texts.items()
        if text
    ]
    flags += [
        _flag(f"vitalrig_{key}")
        for key in ("keep", "reuse", "shared")
        if config.getoption(f"vitalrig_{key}")
    ]
    return shlex.join(flags)
