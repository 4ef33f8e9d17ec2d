"""The page docs/reference/testing.md: every public name of vitalrig.testing and its docstring."""

import re
from collections.abc import Iterable

from exported_names import PublicName, entries, exported
from testing_names import commands, fixtures, keys, options

_HEAD = """\
Every name here is stable from this release on: it goes away or changes its meaning only in a
release that says so. What else is in `vitalrig.testing` may change at any time.
[Testing](../testing.md) shows how they are used."""

_PROMPT = r"^>>> | *# doctest: .*$|\n\Z"


def page(note: str) -> str:
    """
    Write the page; *note* says that it is made.
    """
    parts = [
        "# The harness for tests\n",
        note,
        f"{_HEAD}\n",
        "## Fixtures\n",
        "\n\n".join(_entry(each) for each in fixtures()),
        "\n## Options\n",
        'Each is a key of pytest\'s configuration file as well: `vitalrig_mode = "url"`.\n',
        _table("option", (each for each in options() if each.kind == "option")),
    ]
    for each in exported():
        if each.kind in ("class", "function"):
            parts.append(f"\n## {each.name}\n")
        parts.append(_attribute(each) if each.kind == "attribute" else _entry(each))
    ours = list(commands())
    parts += [
        "\n## Commands\n",
        "For programs that are not Python's, and for a look by hand.\n",
        _table("command", ours),
        "\nWhat `serve` prints when the rig is ready is one line, a JSON object with these keys.\n",
        _table("key", keys()),
    ]
    return "\n".join(parts) + "\n"


def _table(title: str, names: Iterable[PublicName]) -> str:
    rows = [f"| `{each.signature}` | {_inline(each.text)} |" for each in names]
    return "\n".join([f"| {title} | meaning |", "|---|---|", *rows])


def _attribute(each: PublicName) -> str:
    return f"**`{each.signature}`**: {_inline(each.text)}\n"


def _entry(each: PublicName) -> str:
    kind = f" ({each.kind})" if each.kind in ("class method", "property") else ""
    return f"**`{each.signature}`**{kind}\n\n{_text(each.text)}\n"


def _text(docstring: str) -> str:
    said, *_ = re.split(r"^[A-Z]\w+:\n", docstring, flags=re.MULTILINE)
    items = [
        f"- {word}`{name}`: {text}"
        for title, word in (("Args", ""), ("Raises", "raises "))
        for name, text in entries(docstring, title)
    ]
    if found := re.search(r"\nReturns:\n((?: +.*\n?)+)", docstring):
        items.append(f"- gives {' '.join(found[1].split())}")
    return _inline("\n".join([_fenced(said.strip()), *(["", *items] if items else [])]))


def _fenced(text: str) -> str:
    """An example of a docstring as a block of code."""
    return re.sub(
        r"(?:^>>> .*\n?)+",
        lambda found: f"```python\n{re.sub(_PROMPT, '', found[0], flags=re.MULTILINE)}\n```\n",
        text,
        flags=re.MULTILINE,
    ).strip()


def _inline(text: str) -> str:
    """Markdown of what a docstring has as reStructuredText."""
    return re.sub(r"(?<!`)``(?!`)", "`", re.sub(r":\w+:`", "`", text))
