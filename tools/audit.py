"""
Known vulnerabilities of what requirements/ pins: with pip-audit, or with a file of advisories.

    python tools/audit.py                         asks pip-audit, which needs a network
    python tools/audit.py --osv-url URL           has it ask a company's mirror of osv.dev
    python tools/audit.py --advisories all.zip    asks nobody

Advisories are records in the Open Source Vulnerability format, which pip-audit uses as well: one
JSON file with a record or a list of them, a folder of such files, or a zip of them, such as the
export of all advisories on PyPI. The exit status is 1 if a pinned package has a vulnerability, and
2 if it could not be found out.
"""

import argparse
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"


@dataclass(frozen=True)
class Pin:
    """A package at a version, and the locks that have it."""

    name: str
    version: str
    locks: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A pinned package that an advisory speaks of."""

    pin: Pin
    advisory: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]
    summary: str

    def __str__(self) -> str:
        """One line for a person."""
        known_as = f" ({', '.join(self.aliases)})" if self.aliases else ""
        fixed = f"; fixed in {', '.join(self.fixed_in)}" if self.fixed_in else ""
        return (
            f"{self.pin.name} {self.pin.version}: {self.advisory}{known_as}{fixed}"
            f"\n    {self.summary}\n    pinned in {', '.join(self.pin.locks)}"
        )


def pins(folder: Path = LOCKS) -> list[Pin]:
    """
    Return every package that is pinned.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for lock in sorted(folder.glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE):
            found.setdefault((canonicalize_name(name), version), []).append(lock.name)
    return [Pin(name, version, tuple(locks)) for (name, version), locks in sorted(found.items())]


def advisories(path: Path) -> Iterator[Mapping[str, Any]]:
    """
    Read all records in *path*.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is something else.
    """
    for text in _texts(path):
        document = json.loads(text)
        yield from document if isinstance(document, list) else (document,)


def _texts(path: Path) -> Iterator[str | bytes]:
    if path.is_dir():
        yield from (file.read_text(encoding="utf-8") for file in sorted(path.rglob("*.json")))
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".json")]
            yield from (archive.read(name) for name in names)
    else:
        yield path.read_text(encoding="utf-8")


def findings(pinned: Sequence[Pin], records: Iterator[Mapping[str, Any]]) -> list[Finding]:
    """
    Return what the records say of the pinned packages; records that were withdrawn say nothing.
    """
    by_name: dict[str, list[Pin]] = {}
    for pin in pinned:
        by_name.setdefault(pin.name, []).append(pin)
    found: list[Finding] = []
    for record in records:
        for affected in () if record.get("withdrawn") else record.get("affected", ()):
            package = affected.get("package", {})
            if package.get("ecosystem", "").partition(":")[0] != "PyPI":
                continue
            pins_of_it = by_name.get(canonicalize_name(package.get("name", "")), ())
            found += [
                _finding(pin, record, affected)
                for pin in pins_of_it
                if _is_affected(pin.version, affected)
            ]
    return sorted(set(found), key=lambda finding: (finding.pin.name, finding.advisory))


def _finding(pin: Pin, record: Mapping[str, Any], affected: Mapping[str, Any]) -> Finding:
    fixed = {
        event["fixed"]
        for spans in affected.get("ranges", ())
        if spans.get("type") == "ECOSYSTEM"
        for event in spans.get("events", ())
        if "fixed" in event
    }
    summary = record.get("summary") or str(record.get("details", "")).strip().partition("\n")[0]
    return Finding(
        pin, record["id"], tuple(record.get("aliases", ())), tuple(sorted(fixed)), summary
    )


def _is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    if version in affected.get("versions", ()):
        return True
    return any(
        _is_within(version, spans.get("events", ()))
        for spans in affected.get("ranges", ())
        if spans.get("type") == "ECOSYSTEM"
    )


def _is_within(text: str, events: Sequence[Mapping[str, str]]) -> bool:
    """Whether a version is between an event that introduces and one that ends."""
    version, inside = Version(text), False
    for event in sorted(events, key=_place):
        kind, at = next(iter(event)), _place(event)
        if kind == "introduced" and version >= at:
            inside = True
        elif version >= at and not (kind == "last_affected" and version == at):
            inside = False
    return inside


def _place(event: Mapping[str, str]) -> Version:
    value = next(iter(event.values()))
    try:
        return Version("0" if value == "0" else value)
    except InvalidVersion:
        return Version("0")


def _with_pip_audit(osv_url: str | None) -> int:
    locks = [word for lock in sorted(LOCKS.glob("*.txt")) for word in ("--requirement", str(lock))]
    asked = ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    return subprocess.run([*command, *asked, *locks], check=False).returncode


def main(argv: Sequence[str]) -> int:
    """
    Print what is found, and return the exit status.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().partition("\n")[0])
    parser.add_argument("--advisories", type=Path, help="file, folder or zip of advisories")
    parser.add_argument("--osv-url", help="where pip-audit asks; as shipped, PyPI")
    arguments = parser.parse_args(argv)
    path = arguments.advisories
    if path is None:
        return _with_pip_audit(arguments.osv_url)
    pinned = pins()
    try:
        records = list(advisories(path))
        found = findings(pinned, iter(records))
    except (OSError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as exc:
        print(f"{path} holds no advisories that can be read: {exc}", file=sys.stderr)
        return 2
    if not records:
        print(f"{path} holds no advisory at all", file=sys.stderr)
        return 2
    print("\n".join(map(str, found)) or "No known vulnerability.")
    print(f"{len(pinned)} packages against {len(records)} advisories: {len(found)} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
