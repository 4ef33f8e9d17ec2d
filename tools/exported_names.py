"""The classes and functions that vitalrig.testing exports: names, signatures, docstrings."""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from written_signatures import parameters, result, tree_of

HARNESS = "vitalrig.testing"
GIVEN = (
    "camera_stream.PublishedRecording", "metric_samples.MetricSample",
    "session_series.SessionSeries",
)  # fmt: skip
"""Classes that nobody imports: methods give them."""


@dataclass(frozen=True, slots=True)
class PublicName:
    """
    One name that a test may use.

    Attributes:
        kind: `class`, `method`, `fixture` and so on.
        name: The name, that of a member with its class.
        signature: The name with parameters and result.
        text: Its docstring, or the help of an option.
    """

    kind: str
    name: str
    signature: str
    text: str


def exported() -> Iterator[PublicName]:
    """
    Yield what the package exports, each class with its members, and what methods give.
    """
    package = importlib.import_module(HARNESS)
    values = {name: getattr(package, name) for name in package.__all__}
    for place in GIVEN:
        module, _, name = place.partition(".")
        values[name] = getattr(importlib.import_module(f"{HARNESS}.{module}"), name)
    for name, value in values.items():
        if inspect.isclass(value):
            yield from class_and_members(value, is_given=name not in package.__all__)
        else:
            yield _callable("function", name, value)
    yield from written_class("containers", "RigContainer")


def class_and_members(owner: type, *, is_given: bool = False) -> Iterator[PublicName]:
    """
    Yield a class and its public members, also those of our classes that it comes from.

    Args:
        owner: The class.
        is_given: Tests are given one, and make none.
    """
    text = clean(owner.__doc__)
    shown = owner.__name__
    if "\nArgs:" in text and not is_given:  # else it is made by a method, which says how
        shown += f"({parameters(tree_of(owner.__init__), {})})"  # type: ignore[misc]
    yield PublicName("class", owner.__name__, shown, text)
    ours = [each for each in owner.__mro__ if each.__module__.startswith("vitalrig.")]
    for each in ours:
        for name, meaning in entries(clean(each.__doc__), "Attributes"):
            shown = f"{owner.__name__}.{name}"
            yield PublicName("attribute", shown, shown, meaning)
    seen = set()
    for each in ours:
        for name, member in vars(each).items():
            if name.startswith("_") or name in seen or not _is_member(member):
                continue
            seen.add(name)
            yield _member(f"{owner.__name__}.{name}", member)


def written_class(module: str, name: str) -> Iterator[PublicName]:
    """
    Yield a class and its own public members as they are written: it needs packages that may lack.
    """
    body = module_tree(module).body
    constants = [each for each in body if isinstance(each, ast.Assign)]
    known = {
        ast.unparse(each.targets[0]): each.value.value
        for each in constants
        if isinstance(each.value, ast.Constant)
    }
    (owner,) = (each for each in body if isinstance(each, ast.ClassDef) and each.name == name)
    for each in owner.body:
        if not isinstance(each, ast.FunctionDef):
            continue
        shown, text = f"{name}.{each.name}", clean(ast.get_docstring(each))
        if each.name == "__init__":
            made = f"{name}({parameters(each, known)})"
            yield PublicName("class", name, made, clean(ast.get_docstring(owner)))
        elif any("property" in ast.unparse(mark) for mark in each.decorator_list):
            yield PublicName("property", shown, f"{shown}: {result(each)}", text)
        elif not each.name.startswith("_"):
            signature = f"{shown}({parameters(each, known)}) -> {result(each)}"
            yield PublicName("method", shown, signature, text)


def _is_member(value: object) -> bool:
    return inspect.isfunction(value) or isinstance(
        value, classmethod | staticmethod | property | cached_property
    )


def _member(name: str, member: Any) -> PublicName:  # noqa: ANN401  a function, or what wraps one
    if isinstance(member, property | cached_property):
        getter: Any = member.fget if isinstance(member, property) else member.func
        shown = f"{name}: {result(tree_of(getter))}"
        return PublicName("property", name, shown, clean(getter.__doc__))
    if isinstance(member, classmethod | staticmethod):
        return _callable("class method", name, member.__func__)
    return _callable("method", name, member)


def _callable(kind: str, name: str, function: Callable[..., object]) -> PublicName:
    tree = tree_of(function)
    known = getattr(inspect.unwrap(function), "__globals__", {})
    shown = f"{name}({parameters(tree, known)}) -> {result(tree)}"
    return PublicName(kind, name, shown, clean(function.__doc__))


def entries(text: str, title: str) -> Iterator[tuple[str, str]]:
    """
    Yield name and meaning of each entry of a section of a docstring.
    """
    _, _, section = text.partition(f"\n{title}:\n")
    name, meaning = "", ""
    for line in section.splitlines():
        if line and not line.startswith("    "):
            break
        if line.startswith("     ") or not line:
            meaning += f" {line.strip()}"
        else:
            if name:
                yield name, meaning.strip()
            name, _, meaning = line.strip().partition(": ")
    if name:
        yield name, meaning.strip()


def module_tree(name: str) -> ast.Module:
    """
    Read a module of the harness.
    """
    package = Path(str(importlib.import_module(HARNESS).__file__)).parent
    return ast.parse((package / f"{name}.py").read_text("utf-8"))


def clean(text: str | None) -> str:
    """
    Give a docstring without its indentation.
    """
    return inspect.cleandoc(text or "")
