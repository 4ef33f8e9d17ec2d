"""`make audit`, with a file of advisories and with pip-audit."""

import importlib.util
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("audit", ROOT / "tools" / "audit.py")
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)


def an_advisory(name, *events, versions=(), **changes):
    return {
        "id": "PYSEC-1",
        "aliases": ["CVE-1"],
        "summary": "it can be done",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": name},
                "ranges": [{"type": "ECOSYSTEM", "events": list(events)}] if events else [],
                "versions": list(versions),
            }
        ],
        **changes,
    }


def found(*records, name="redis", version="5.2.1"):
    pin = audit.Pin(name, version, ("rig.txt",))
    return [finding.advisory for finding in audit.findings([pin], iter(records))]


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([{"introduced": "0"}], True),
        ([{"introduced": "0"}, {"fixed": "5.2.1"}], False),
        ([{"introduced": "0"}, {"fixed": "5.2.2"}], True),
        ([{"introduced": "5.3"}], False),
        ([{"introduced": "0"}, {"last_affected": "5.2.1"}], True),
        ([{"introduced": "0"}, {"last_affected": "5.2.0"}], False),
        (
            [{"introduced": "0"}, {"fixed": "4.0"}, {"introduced": "5.0"}, {"fixed": "5.2.10"}],
            True,
        ),
    ],
)
def test_a_pinned_version_within_an_advisorys_range_is_found(events, affected):
    """
    Versions are compared as versions: 5.2.10 is above 5.2.2.
    """
    assert (["PYSEC-1"] if affected else []) == found(an_advisory("redis", *events))


def test_a_version_that_is_listed_is_found_under_any_spelling_of_its_name():
    """
    Advisories and locks do not agree on low lines and capitals.
    """
    record = an_advisory("Typing_Extensions", versions=["4.1"])

    assert ["PYSEC-1"] == found(record, name="typing-extensions", version="4.1")


def test_what_was_withdrawn_or_is_of_another_ecosystem_says_nothing():
    """
    A package of npm may have the same name.
    """
    withdrawn = an_advisory("redis", {"introduced": "0"}, withdrawn="2026-01-01")
    other = an_advisory("redis", {"introduced": "0"})
    other["affected"][0]["package"]["ecosystem"] = "npm"

    assert [] == found(withdrawn, other)


@pytest.mark.parametrize("form", ["file", "list", "folder", "zip"])
def test_advisories_come_in_any_of_the_usual_forms(tmp_path, form, capsys):
    """
    One record, a list, a folder, or the export of a whole database; the exit status tells.
    """
    pin = audit.pins()[0]
    record = json.dumps(an_advisory(pin.name, {"introduced": "0"}))
    path = tmp_path / form
    if form == "folder":
        path.mkdir()
        (path / "PYSEC-1.json").write_text(record)
    elif form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("PYSEC-1.json", record)
    else:
        path.write_text(record if form == "file" else f"[{record}]")

    assert 1 == audit.main(["--advisories", str(path)])
    said = capsys.readouterr().out
    assert f"{pin.name} {pin.version}: PYSEC-1 (CVE-1)" in said
    assert pin.locks[0] in said


def test_without_a_finding_the_exit_status_is_nought(tmp_path):
    """
    A pipeline goes on.
    """
    (tmp_path / "a.json").write_text(
        json.dumps(an_advisory("no-such-package", {"introduced": "0"}))
    )

    assert 0 == audit.main(["--advisories", str(tmp_path / "a.json")])


@pytest.mark.parametrize("content", ["", "not JSON", "[]", "[1]"])
def test_a_file_that_holds_no_advisories_is_not_taken_for_good_news(tmp_path, content):
    """
    Nothing was looked at, so nothing can be said.
    """
    (tmp_path / "a.json").write_text(content)

    assert 2 == audit.main(["--advisories", str(tmp_path / "a.json")])


def test_every_pin_of_every_lock_is_looked_at():
    """
    Also those that only development needs.
    """
    names = {pin.name for pin in audit.pins()}

    assert {"redis", "supervisor", "pytest", "hatchling"} <= names


class Advisories(BaseHTTPRequestHandler):
    """An OSV database, which knows of one package."""

    known = ""
    asked = frozenset()

    def do_POST(self):
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = question["package"]["name"]
        Advisories.asked |= {name}
        vulns = [an_advisory(name, {"introduced": "0"})] if name == self.known else []
        body = json.dumps({"vulns": vulns} if vulns else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("known", "status"), [("redis", 1), ("no-such-package", 0)])
def test_pip_audit_asks_for_every_pin(known, status, monkeypatch):
    """
    It is there after `make venv`, understands every lock, and a finding is an exit status.
    """
    monkeypatch.setattr(Advisories, "known", known)
    monkeypatch.setattr(Advisories, "asked", frozenset())
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        ended = audit.main(["--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query"])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (status, {pin.name for pin in audit.pins()}) == (ended, Advisories.asked)
