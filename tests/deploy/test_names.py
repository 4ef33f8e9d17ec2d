"""A service is called the same everywhere."""

import pytest

from rig.services import MONITORING, SERVICES
from tests.support.rig_files import FOREIGN, ROOT, packages, services, supervisor


def compose_builds():
    return {name for name, service in services().items() if "build" in service}


def compose_images():
    builds = [service["build"] for service in services().values() if "build" in service]
    return {build["args"]["SERVICE"] for build in builds}


def supervisor_programs():
    return supervisor().keys() - FOREIGN


def config_files():
    return {path.stem for path in (ROOT / "config").glob("*.yml")} - {"cameras"}


def requirements_files():
    others = {"build", "dev", "rig"}
    return {path.stem for path in (ROOT / "requirements").glob("*.txt")} - others


def names_in_tools():
    return set(SERVICES + MONITORING) - FOREIGN


@pytest.mark.parametrize(
    "place",
    [
        compose_builds,
        compose_images,
        supervisor_programs,
        config_files,
        requirements_files,
        names_in_tools,
    ],
    ids=lambda place: place.__name__,
)
def test_every_place_lists_the_same_services(place):
    """
    Renaming a service in one place and not in another fails here, by name.
    """
    assert packages() == place()


def test_compose_and_supervisor_run_the_same_rig():
    """
    What works in containers works as processes, and the other way round.
    """
    assert services().keys() == supervisor().keys()
    assert services().keys() == set(SERVICES + MONITORING)


@pytest.mark.parametrize("name", sorted(packages()))
def test_an_image_is_named_like_its_service(name):
    """
    `docker images` shows what is what.
    """
    assert f"vitalrig/{name}:${{RIG_TAG:-local}}" == services()[name]["image"]
