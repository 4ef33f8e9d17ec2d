"""
The pytest plug-in. A suite that asks for none of its fixtures pays for reading this file alone.

So nothing is imported here but pytest, and no hook runs for each test: those are in
`failure_sections`, which is registered when the first fixture is asked for.
"""

# ruff: noqa: PLC0415  what costs time is imported where it is needed

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vitalrig.testing.camera import Camera
    from vitalrig.testing.faults import Faults
    from vitalrig.testing.rig import Rig
    from vitalrig.testing.session import Session

_PREFIX = "--vitalrig-"
_OPTIONS = {
    "mode": "where vitalrig_rig runs: local (processes, as usual), compose (containers) or url "
    "(one that runs already)",
    "url": "the Redis of a rig that runs already: redis://[user:password@]host:port",
    "exporter-url": "the exporter of a rig that runs already: http://host:port",
    "keep": "leave the rig running at the end, for a look",
    "reuse": "take the rig that was kept",
    "shared": "with xdist: one rig for all workers, in place of one each",
}
_SWITCHES = ("keep", "reuse", "shared")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, each also as a key of the configuration file: `vitalrig_mode`."""
    group = parser.getgroup("vitalrig", "a rig of vital signs")
    for name, meaning in _OPTIONS.items():
        key = f"vitalrig_{name.replace('-', '_')}"
        if name in _SWITCHES:
            group.addoption(
                _PREFIX + name, dest=key, action="store_true", default=None, help=meaning
            )
            parser.addini(key, meaning, type="bool", default=False)
        else:
            group.addoption(_PREFIX + name, dest=key, default=None, help=meaning)
            parser.addini(key, meaning, default="")


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Say what was meant by an option or a key of ours that there is not."""
    flags = [arg.partition("=")[0] for arg in args if arg.startswith(_PREFIX)]
    _refuse_unknown(flags, [_PREFIX + name for name in _OPTIONS])
    held = vars(early_config)  # pytest shows the values of keys that it knows, and no names
    keys = held.get("_inicfg") or held.get("inicfg") or {}
    ours = [key for key in keys if key.startswith("vitalrig_")]
    _refuse_unknown(ours, [f"vitalrig_{name.replace('-', '_')}" for name in _OPTIONS])


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what the options cannot mean before anything runs."""
    keys = [f"vitalrig_{name.replace('-', '_')}" for name in _OPTIONS]
    if any(config.getoption(key) or config.getini(key) for key in keys):
        from vitalrig.testing.rig_options import RigOptions

        options = RigOptions.of(config)
        if options.keep:
            from vitalrig.testing.kept_rig import KeptRigNotice

            config.pluginmanager.register(KeptRigNotice(), KeptRigNotice.NAME)
        if options.shared:
            from vitalrig.testing.shared_rig import Controller

            config.pluginmanager.register(Controller(), Controller.NAME)


@pytest.fixture(scope="session")
def vitalrig_redis(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A Redis or Valkey of this session, nothing else: `vitalrig_redis.redis_url`."""
    from vitalrig.testing.fixture_rigs import the_rig

    with the_rig(request) as rig:
        yield rig


@pytest.fixture(scope="session")
def vitalrig_server(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A Redis and a `physiology_server` of this session."""
    from vitalrig.testing.fixture_rigs import the_rig

    with the_rig(request) as rig:
        yield rig


@pytest.fixture(scope="session")
def vitalrig_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """The whole rig of this session; `--vitalrig-mode` says as what."""
    from vitalrig.testing.fixture_rigs import the_rig

    with the_rig(request) as rig:
        yield rig


@pytest.fixture
def vitalrig_camera(
    request: pytest.FixtureRequest, vitalrig_rig: Rig
) -> Iterator[Callable[..., Camera]]:
    """Start cameras of this test: `vitalrig_camera("apnea", seed=3, speed=10)`."""
    from vitalrig.testing.fixture_cameras import cameras_of

    with cameras_of(request, vitalrig_rig) as start:
        yield start


@pytest.fixture
def vitalrig_session(request: pytest.FixtureRequest) -> Callable[..., Session]:
    """Make finished sessions: `vitalrig_session(scenario="apnea", seconds=120, seed=3)`."""
    from vitalrig.testing.fixture_sessions import sessions_of

    return sessions_of(request)


@pytest.fixture
def vitalrig_faults(request: pytest.FixtureRequest, vitalrig_rig: Rig) -> Iterator[Faults]:
    """Faults on the session's rig; all are lifted at the end of the test."""
    from vitalrig.testing.fixture_rigs import faults_of

    with faults_of(request, vitalrig_rig) as faults:
        yield faults


def _refuse_unknown(given: list[str], known: list[str]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        from vitalrig.nearest import did_you_mean

        raise pytest.UsageError(f"{unknown[0]}: no such option{did_you_mean(unknown[0], known)}")
