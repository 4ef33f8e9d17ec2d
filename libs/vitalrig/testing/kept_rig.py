"""A rig that is left running for a look: kept at the end of a run, and taken by the next one."""

from typing import Any

import pytest

from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.rig import Rig
from vitalrig.testing.run_folder import kept_folders

_KEPT = "vitalrig_kept"


class KeptRigNotice:
    """
    Says at the end where the rig is that was kept, also if a worker of pytest-xdist keeps it.

    Attributes:
        text: What is said; empty where none was kept.
    """

    NAME = "vitalrig-kept-rig-notice"

    def __init__(self) -> None:
        self.text = ""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401  pytest-xdist's
        """Hear it from the worker that keeps one."""
        self.text = getattr(node, "workeroutput", {}).get(_KEPT) or self.text

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:  # noqa: ANN401  pytest's
        """Say it."""
        if self.text:
            terminalreporter.section("vitalrig kept its rig")
            terminalreporter.write_line(self.text)


def tell_of_kept(rig: Rig, config: pytest.Config) -> None:
    """
    Have it said at the end that a rig is kept, and how it is taken and ended.
    """
    where = rig.description
    text = (
        f"it runs: Redis {where.redis}, exporter {where.exporter}, logs in {where.folder}\n"
        "take it: pytest --vitalrig-reuse\n"
        "end it:  python -m vitalrig.testing sweep --kept"
    )
    notice = config.pluginmanager.get_plugin(KeptRigNotice.NAME)
    if isinstance(notice, KeptRigNotice):
        notice.text = text
    if hasattr(config, "workeroutput"):
        config.workeroutput[_KEPT] = text


def taken_again(*, or_start: bool) -> Rig | None:
    """
    Take the rig that was kept last.

    Args:
        or_start: Where there is none, one may be started; then None is given.

    Raises:
        HarnessError: If there is none, or somebody else uses it.
    """
    if not kept_folders():
        if or_start:
            return None
        raise HarnessError("--vitalrig-reuse: no rig was kept; pytest --vitalrig-keep keeps one")
    return Rig.kept()
