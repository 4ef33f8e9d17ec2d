"""Options, limits and fixtures that hold for every test."""

import hypothesis
import pytest

from tests.support.patience import FACTOR
from tests.support.programs import not_tested, use_what_was_brought
from tests.support.rounds import rounds

use_what_was_brought()

# How long an example takes says how busy the machine is, not whether it is right. What failed is
# printed as a line that makes it again.
hypothesis.settings.register_profile(
    "vitalrig",
    max_examples=rounds(30, 100),
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("vitalrig")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew; read the diff before you commit it",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test the time that this machine needs for it."""
    for item in items:
        own = item.get_closest_marker("timeout")
        limit_s = float(own.args[0] if own else config.getini("timeout"))
        item.add_marker(pytest.mark.timeout(limit_s * FACTOR), append=False)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Name in the last line what this run could not test."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and (line := not_tested(terminal.stats.get("skipped", []))):
        terminal.write_line(line)


pytest_plugins = ["tests.support.redis_server"]
