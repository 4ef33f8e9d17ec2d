"""services/Dockerfile and what goes into it."""

import re

import pytest

from tests.support.rig_files import ROOT, packages, text

DOCKERFILE = text("services/Dockerfile")
INSTRUCTIONS = re.sub(r"(?m)^# (?!syntax).*$", "", DOCKERFILE)


def copied():
    """Sources of every COPY from the checkout, whichever service is built."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in for_each_service(line.split()[:-1])]


def for_each_service(paths):
    return sorted({path.replace("${SERVICE}", name) for path in paths for name in packages()})


@pytest.mark.parametrize("source", copied())
def test_every_file_that_is_copied_is_there_and_reaches_the_builder(source):
    """
    .dockerignore lets nothing through that it does not name.
    """
    allowed = re.findall(r"^!(.+)$", text(".dockerignore"), re.MULTILINE)

    assert (ROOT / source).exists()
    assert any(source.startswith(name) for name in allowed)


def test_nothing_else_reaches_the_builder():
    """
    Passwords, recordings and environments cannot end up in a layer.
    """
    lines = [line for line in text(".dockerignore").splitlines() if line and line[0] != "#"]

    assert "*" == lines[0]
    assert not {"!secrets", "!data", "!.env", "!.venv", "!.git"} & set(lines)


@pytest.mark.parametrize(
    "pattern",
    [r"^#\s*syntax=", r"<<-?['\"]?[A-Z]+", r"COPY .*--link", r"RUN --network", r"ADD --checksum"],
)
def test_an_old_engine_can_build_it(pattern):
    """
    Debian's engine 20.10 knows no newer dialect, and a syntax line would ask a registry.
    """
    assert not re.search(pattern, INSTRUCTIONS, re.MULTILINE)


def test_every_installation_is_locked_and_can_be_offline():
    """
    The same packages everywhere, also behind a proxy and without a network.
    """
    steps = re.findall(r"^RUN (?:.*\\\n)*.*pip-install\.sh (\S+)$", DOCKERFILE, re.MULTILINE)
    mounts = DOCKERFILE.count("source=wheelhouse"), DOCKERFILE.count("id=ca_bundle")

    assert "--require-hashes" in text("services/pip-install.sh")
    assert (len(steps), len(steps)) == mounts
    assert [] == [step for step in for_each_service(steps) if not (ROOT / step).is_file()]


def test_no_image_runs_as_root():
    """
    Also where somebody runs one without compose.
    """
    last = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[-1]

    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)


def test_the_wheelhouse_of_a_checkout_is_empty():
    """
    With wheels in it nothing is asked of an index, so none may be committed.
    """
    assert (ROOT / "wheelhouse" / ".gitkeep").exists()
    assert "/wheelhouse/*" in text(".gitignore").splitlines()
