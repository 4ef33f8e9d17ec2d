"""The public names of vitalrig.testing with their signatures and texts, read from the code."""

import ast
import importlib
import re
from collections.abc import Iterator
from typing import Any

from exported_names import HARNESS, PublicName, clean, entries, exported, module_tree
from written_signatures import result


def public_names() -> list[PublicName]:
    """
    Give all of them, in the order of the page.
    """
    return [*fixtures(), *options(), *exported(), *commands(), *keys()]


def signatures() -> str:
    """
    Give the golden file: a line for each name.
    """
    return "".join(f"{each.kind} {each.signature}\n" for each in public_names())


def fixtures() -> Iterator[PublicName]:
    """
    Yield the fixtures of the plug-in; the signature has the scope.
    """
    for tree in module_tree("plugin").body:
        if not isinstance(tree, ast.FunctionDef) or tree.name.startswith("_"):
            continue
        marks = [mark for mark in tree.decorator_list if "pytest.fixture" in ast.unparse(mark)]
        for mark in marks:
            words = mark.keywords if isinstance(mark, ast.Call) else []
            scopes = [ast.literal_eval(word.value) for word in words if word.arg == "scope"]
            given = re.sub(r"^Iterator\[(.*)\]$", r"\1", result(tree))
            shown = f"{tree.name}: {given}, of each {(*scopes, 'function')[0]}"
            yield PublicName("fixture", tree.name, shown, ast.get_docstring(tree) or "")


class _OptionsAdded:
    """Takes the place of pytest's parser, and remembers what the plug-in adds."""

    def __init__(self) -> None:
        self.names: list[PublicName] = []

    def getgroup(self, *_: str) -> "_OptionsAdded":
        return self

    def addoption(self, flag: str, **how: Any) -> None:  # noqa: ANN401  pytest's
        shown = flag if how.get("action") == "store_true" else f"{flag}="
        self.names.append(PublicName("option", flag, shown, how.get("help", "")))

    def addini(self, key: str, *_: str, **__: Any) -> None:  # noqa: ANN401  pytest's
        self.names.append(PublicName("ini", key, key, "The same in the configuration file."))


def options() -> list[PublicName]:
    """
    Give the options and keys that the plug-in adds to pytest's.
    """
    added = _OptionsAdded()
    importlib.import_module(f"{HARNESS}.plugin").pytest_addoption(added)
    return added.names


def commands() -> Iterator[PublicName]:
    """
    Yield the commands of `python -m vitalrig.testing`, each with its options.
    """
    command = ""
    for call in ast.walk(module_tree("rig_commands")):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if call.func.attr not in ("add_parser", "add_argument"):
            continue
        name = ast.literal_eval(call.args[0])
        how = {word.arg: ast.unparse(word.value) for word in call.keywords}
        text = str(ast.literal_eval(how.get("help", "''")))
        if call.func.attr == "add_parser":
            command = f"python -m vitalrig.testing {name}"
            yield PublicName("command", command, command, text)
        else:
            told = f"{command} {name}"
            yield PublicName("command's option", told, told, text)


def keys() -> Iterator[PublicName]:
    """
    Yield the keys of the line that `serve` prints.
    """
    description = importlib.import_module(f"{HARNESS}.rig_description").RigDescription
    told = dict(entries(clean(description.__doc__), "Attributes"))
    for name in description.__dataclass_fields__:
        yield PublicName("serve's key", name, name, told.get(name, ""))
