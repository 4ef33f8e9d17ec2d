"""Signatures of functions as they are written: the same on every version of Python."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import cast

_UNBOUND = ("self", "cls")


def tree_of(function: Callable[..., object]) -> ast.FunctionDef:
    """
    Read the definition of a function.
    """
    source = textwrap.dedent(inspect.getsource(function))
    return cast("ast.FunctionDef", ast.parse(source).body[0])


def result(tree: ast.FunctionDef) -> str:
    """
    Give what a function returns, as it is written.
    """
    return _annotation(tree.returns) if tree.returns else "None"


def parameters(tree: ast.FunctionDef, known: Mapping[str, object]) -> str:
    """
    Give the parameters of a function as they are written, without that of a bound method.

    Args:
        tree: The definition.
        known: What names mean in its module: a default is shown as its value.
    """
    given = tree.args
    plain = [*given.posonlyargs, *given.args]
    missing: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
    parts = [
        _parameter(each, default, known)
        for each, default in zip(plain, [*missing, *given.defaults], strict=True)
        if each.arg not in _UNBOUND
    ]
    if given.vararg:
        parts.append("*" + _parameter(given.vararg, None, known))
    elif given.kwonlyargs:
        parts.append("*")
    parts += [
        _parameter(each, default, known)
        for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg:
        parts.append("**" + _parameter(given.kwarg, None, known))
    return ", ".join(parts)


def _parameter(given: ast.arg, default: ast.expr | None, known: Mapping[str, object]) -> str:
    kind = f": {_annotation(given.annotation)}" if given.annotation else ""
    if default is None:
        return given.arg + kind
    value = known.get(ast.unparse(default))
    shown = repr(value) if isinstance(value, int | float | str) else ast.unparse(default)
    return f"{given.arg}{kind} = {shown}"


def _annotation(written: ast.expr) -> str:
    if isinstance(written, ast.Constant) and isinstance(written.value, str):
        return written.value  # in quotes, since it is not imported
    return ast.unparse(written)
