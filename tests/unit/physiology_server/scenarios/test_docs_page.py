"""docs/guides/scenarios.md tells of everything there is."""

from pathlib import Path

import pytest
import yaml

from services.physiology_server.scenarios.docs_page import PAGE, page_with_tables
from services.physiology_server.scenarios.effects import EFFECTS
from services.physiology_server.scenarios.scenario_file import scenario_of

CONFIG = Path(__file__).parents[4] / "config" / "scenarios"


def test_the_tables_are_what_the_models_say():
    """
    If this fails: `python -m services.physiology_server.scenarios.docs_page`, and commit it.
    """
    text = PAGE.read_text()

    assert page_with_tables(text) == text


@pytest.mark.parametrize("effect", sorted(EFFECTS))
def test_every_effect_is_in_the_page(effect):
    """
    With a row of its own.
    """
    assert f"| `{effect}` |" in PAGE.read_text()


@pytest.mark.parametrize("name", sorted(path.stem for path in CONFIG.glob("*.yml")))
def test_every_shipped_scenario_is_in_the_page(name):
    """
    With what one should see.
    """
    assert f"| `{name}.yml` |" in PAGE.read_text()


def test_the_example_in_the_page_works():
    """
    Who copies it has a scenario.
    """
    example = PAGE.read_text().split("```yaml\n")[1].split("```")[0]

    assert 4 == len(scenario_of(yaml.safe_load(example), "page").timeline)
