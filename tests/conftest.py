"""Options and fixtures that every test may use."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew; read the diff before you commit it",
    )


pytest_plugins = ["tests.support.redis_server"]
