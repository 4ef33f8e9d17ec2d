"""The deployment's files, read once each: compose, Dockerfile, supervisord.conf and the rest."""

import configparser
import re
import shlex
from collections.abc import Mapping
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
# What runs from an image or a package of somebody else's.
FOREIGN = {"redis", "prometheus", "alertmanager", "grafana"}


class _Loader(yaml.SafeLoader):
    """YAML with compose's two tags of its own, which say how files are merged."""


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_object(yaml.ScalarNode("tag:yaml.org,2002:null", ""))


for _tag in ("!reset", "!override"):
    _Loader.add_constructor(_tag, _plain)


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def compose(name: str = "docker-compose.yml") -> dict[str, Any]:
    return compose_yaml(text(name))


def compose_yaml(content: str) -> dict[str, Any]:
    """A compose file, with compose's own two tags."""
    return yaml.load(content, _Loader)


def services() -> dict[str, Any]:
    return compose()["services"]


@cache
def supervisor() -> dict[str, dict[str, str]]:
    """The programs of config/supervisord.conf."""
    return programs(text("config/supervisord.conf"))


def programs(conf: str) -> dict[str, dict[str, str]]:
    """The programs of a supervisord.conf."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read_string(conf)
    return {
        section.removeprefix("program:"): dict(parser[section])
        for section in parser.sections()
        if section.startswith("program:")
    }


def words_of(program: Mapping[str, str]) -> list[str]:
    """What the program's shell replaces itself by, variables as they stand there."""
    shell, option, script = shlex.split(program["command"])
    exec_, *words = shlex.split(script.replace("\\\n", ""))
    assert ["/bin/sh", "-c", "exec"] == [shell, option, exec_]
    return words


def environment_of(program: Mapping[str, str]) -> dict[str, str]:
    env, *words = words_of(program)
    given = takewhile(lambda word: re.match(r"\w+=", word), words) if env == "env" else ()
    return dict(word.split("=", 1) for word in given)


def supervisor_words(program: str) -> list[str]:
    return words_of(supervisor()[program])


def supervisor_environment(program: str) -> dict[str, str]:
    return environment_of(supervisor()[program])


def seconds(duration: str) -> int:
    """Compose's durations, of which the rig uses whole seconds."""
    match = re.fullmatch(r"([0-9]+)s", duration)
    assert match, duration
    return int(match[1])


def compose_variables(name: str) -> dict[str, set[str]]:
    """Variables of a compose file and the defaults they have there; None becomes ''."""
    found: dict[str, set[str]] = {}
    settled = re.sub(r"#.*", "", text(name))
    for variable, default in re.findall(r"\$\{([A-Z_]+)(?::-([^}]*)|:\?[^}]*)?\}", settled):
        found.setdefault(variable, set()).add(default)
    return found


def packages() -> set[str]:
    return {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
