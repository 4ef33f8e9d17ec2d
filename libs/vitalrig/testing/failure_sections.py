"""
What a report of a failed test says besides: the log of each service, and how to run it again.

Registered with pytest when the first fixture is asked for, so that a suite without any has no hook.
"""

import os
import shlex
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vitalrig.testing.rig import Rig
from vitalrig.testing.rig_options import RigOptions

_SUBJECTS = pytest.StashKey[list[Callable[[], str]]]()

_NAME = "vitalrig-failure-sections"
_MOST_LINES = 400


@dataclass
class BrokenFixture:
    """A fixture that failed for good: one test has the error, the others are skipped."""

    name: str
    error: BaseException
    first: str = ""

    def pointer(self) -> str:
        """Say where the error is."""
        where = self.first or "another test"
        return f"{self.name} is not ready: {where} has the error"


@dataclass
class FailureSections:
    """Knows the rigs that run, and how much each service had logged when a test began."""

    options: RigOptions
    rigs: list[Rig] = field(default_factory=list)
    broken: dict[str, BrokenFixture] = field(default_factory=dict)
    _sizes: dict[Path, int] = field(default_factory=dict)

    @classmethod
    def of(cls, config: pytest.Config) -> "FailureSections":
        """Give this run's, which is registered by the first call."""
        plugin = config.pluginmanager.get_plugin(_NAME)
        if not isinstance(plugin, cls):
            plugin = cls(RigOptions.of(config))
            config.pluginmanager.register(plugin, _NAME)
        return plugin

    def broken_by(self, fixture: str, text: str, first: str = "") -> BaseException:
        """
        Make the error of a fixture of the session that is not tried again, to be raised.

        Args:
            fixture: Its name.
            text: What is to be said.
            first: Who has the error already; empty for the test that is set up now.
        """
        error = pytest.fail.Exception(text, pytrace=False)
        self.broken.setdefault(fixture, BrokenFixture(fixture, error, first))
        return error

    def had_a_subject(self, item: pytest.Item, line: Callable[[], str]) -> None:
        """
        Remember whom a test had before it, such as a camera with its scenario and seed.

        Args:
            item: The test.
            line: Says it, if it comes to a report.
        """
        item.stash.setdefault(_SUBJECTS, []).append(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip what needs a broken fixture, and note where the logs are."""
        for name in getattr(item, "fixturenames", ()):
            broken = self.broken.get(name)
            if broken and broken.first not in {"", item.nodeid}:
                pytest.skip(broken.pointer())
        self._sizes = {
            log.log_path: log.log_size() for rig in self.rigs for log in rig.log_files.values()
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the sections to a report of a failure."""
        report = yield
        if call.excinfo is not None and report.failed:
            for broken in self.broken.values():
                if broken.error is call.excinfo.value and self._is_another(broken, item):
                    report.outcome = "skipped"
                    path, line, _ = item.location
                    report.longrepr = (path, (line or 0) + 1, f"Skipped: {broken.pointer()}")
                    return report
            if self._concerns(item):
                report.sections += self._sections(item)
        return report

    def _is_another(self, broken: BrokenFixture, item: pytest.Item) -> bool:
        broken.first = broken.first or item.nodeid
        return broken.first != item.nodeid

    def _concerns(self, item: pytest.Item) -> bool:
        names = getattr(item, "fixturenames", ())
        return _SUBJECTS in item.stash or any(name.startswith("vitalrig_") for name in names)

    def _sections(self, item: pytest.Item) -> list[tuple[str, str]]:
        sections = []
        for rig in self.rigs:
            for name, log in rig.log_files.items():
                lines = log.log_lines(self._sizes.get(log.log_path, 0))
                if lines:
                    sections.append((f"{name} during this test", _last(lines)))
        return [*sections, ("vitalrig: run it again", "\n".join(self._again(item)))]

    def _again(self, item: pytest.Item) -> list[str]:
        path, mark, rest = str(item.nodeid).partition("::")
        there = os.path.relpath(item.config.rootpath / path, item.config.invocation_params.dir)
        command = f"pytest {shlex.quote(there + mark + rest)} {self.options.given}".rstrip()
        return [*(line() for line in item.stash.get(_SUBJECTS, [])), command]


def _last(lines: list[str]) -> str:
    left_out = len(lines) - _MOST_LINES
    if left_out > 0:
        lines = [f"({left_out} lines before)", *lines[-_MOST_LINES:]]
    return "\n".join(lines)
