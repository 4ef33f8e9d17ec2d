"""The programs that tests start: brought where they can be had, else named."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.programs import docker_compose

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tools" / "test-programs.sh"


def asked_for() -> set[str]:
    """The first argument of each call of `program` in the tests."""
    return {
        node.args[0].value
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "program"
        if node.keywords and isinstance(node.args[0], ast.Constant)
    }


def listed(name: str) -> set[str]:
    """The programs in a table of the script."""
    table = SCRIPT.read_text().split(f"{name}='")[1].split("'")[0]
    return {line.split()[0] for line in table.splitlines()}


def only(folder: Path, **programs: str) -> str:
    """A PATH with bash, what the script uses, and *programs*, which are shell scripts."""
    for name in (
        "bash",
        "sh",
        "cut",
        "xargs",
        "echo",
        "mktemp",
        "mkdir",
        "rm",
        "tail",
        "tr",
        "sort",
    ):
        (folder / name).symlink_to(f"/usr/bin/{name}")
    for name, text in programs.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return str(folder)


def run(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, folder / "venv"], env={"PATH": path}, capture_output=True, text=True, check=False
    )


def test_every_program_that_a_test_asks_for_can_be_brought_or_is_named():
    """
    `make test` on a plain Debian skips nothing but what needs an engine or an installed Node.
    """
    assert asked_for() - {"docker", "no-such-program"} <= listed("table") | listed("rooted")


def test_a_program_that_cannot_be_unpacked_is_named(tmp_path):
    """
    Debian's Node reads files by their whole paths. Whoever lacks it is told what to install.
    """
    (tmp_path / "bin").mkdir()

    ended = run(tmp_path, only(tmp_path / "bin"))

    assert "Not here: node; install Debian's package nodejs\n" in ended.stderr


def test_what_cannot_be_brought_is_named_and_stops_nothing(tmp_path):
    """
    Without a network the other tests run all the same.
    """
    (tmp_path / "bin").mkdir()

    ended = run(tmp_path, only(tmp_path / "bin", apt_get="echo 'no network' >&2; exit 100"))

    assert 0 == ended.returncode
    assert ended.stderr.startswith("no network\nNot brought: promtool prometheus amtool")


def test_a_machine_without_debians_packages_is_told_what_it_lacks(tmp_path):
    """
    The programs are named, and the tests run without them.
    """
    (tmp_path / "bin").mkdir()

    ended = run(tmp_path, only(tmp_path / "bin"))

    assert (0, "Not here, and not to be had without Debian's packages: promtool") == (
        ended.returncode,
        ended.stderr.partition(" prometheus")[0],
    )


def test_what_was_not_tested_is_named_in_the_last_line(tmp_path):
    """
    Each program with its package, once.
    """
    tests = tmp_path / "test_it.py"
    call = 'program("no-such-program", package="none")'
    tests.write_text(
        "from tests.support.programs import program\n"
        f"def test_one(): {call}\n"
        f"def test_two(): {call}\n"
    )

    ended = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider",
            f"--rootdir={tmp_path}", f"--config-file={ROOT / 'pyproject.toml'}", tests,
        ],
        cwd=ROOT, env={name: value for name, value in os.environ.items() if name != "CI"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    last = ended.stdout.splitlines()[-1]
    assert "Not tested, for want of: no-such-program (package none)" == last, ended.stdout


def test_docker_without_compose_is_an_engine_that_is_missing(tmp_path, monkeypatch):
    """
    Debian 12 has the command line without the plug-in: nothing fails for it.
    """
    only(tmp_path, docker='echo "no such command" >&2; exit 125')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="docker compose is missing"):
        docker_compose()
