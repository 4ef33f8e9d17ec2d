"""Every variable stands in .env.example, with its meaning and the default it really has."""

import re

import pytest

from rig.cameras import made_up
from rig.fleet import Fleet
from rig.redis_memory import plan
from tests.support.rig_files import ROOT, compose_variables, services, text
from vitalrig.dotenv import parse

FILES = ("docker-compose.yml", "docker-compose.vendor.yml")
# What tools/rig works out for itself.
DERIVED = {
    *Fleet(tuple(made_up(101)), 50051).variables(),
    *plan(4096, 1).variables(),
    "RIG_REDIS_USERS",
}
EXAMPLE = parse(text(".env.example"), ".env.example", {})
COMMENTED = set(re.findall(r"^# ([A-Z_]+)=", text(".env.example"), re.MULTILINE))


@pytest.mark.parametrize("file", FILES)
def test_compose_reads_no_variable_that_is_not_explained(file):
    """
    Who edits .env sees all there is.
    """
    assert compose_variables(file).keys() <= EXAMPLE.keys() | DERIVED


@pytest.mark.parametrize(
    ("variable", "default"),
    [
        (variable, default)
        for file in FILES
        for variable, defaults in compose_variables(file).items()
        for default in defaults
        if default and EXAMPLE.get(variable)
    ],
)
def test_compose_and_the_example_have_the_same_default(variable, default):
    """
    `docker compose up` and `make up` start the same rig.
    """
    assert EXAMPLE[variable] == default


@pytest.mark.parametrize("variable", sorted(EXAMPLE))
def test_every_variable_of_the_example_is_used(variable):
    """
    Setting it changes something.
    """
    tools = "".join(path.read_text() for path in (ROOT / "tools" / "rig").rglob("*.py"))
    used = "".join(text(file) for file in FILES) + tools + text("config/supervisord.conf")
    # Images of the monitoring services are looked up by the service's name.
    images = {f"{name.upper()}_IMAGE" for name in services()}

    assert variable in images or re.search(rf"\b(ENV_)?{variable}\b", used)


def test_every_setting_that_containers_pass_on_is_in_the_example():
    """
    What can be set without editing config/ is said in one place.
    """
    passed_on = {
        key
        for service in services().values()
        for key, value in (service.get("environment") or {}).items()
        if value is None
    }

    assert passed_on == {name for name in COMMENTED if name.startswith("VITALRIG_")}


def test_every_variable_has_a_comment_above_it():
    """
    A name alone explains nothing.
    """
    blocks = re.split(r"\n\s*\n", text(".env.example"))

    assert [] == [block for block in blocks if "=" in block and not block.startswith("#")]
