"""`vitalrig sessions`, as people and programs call it."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.patience import PATIENCE_S
from tests.support.sessions import golden_in, recorded
from tests.support.unprivileged import for_whom_permissions_count
from vitalrig.cli.app import app

ROOT = Path(__file__).parents[3]


def damage(folder):
    path = folder / "metrics_golden.jsonl"
    path.write_bytes(path.read_bytes().replace(b"0.0", b"9.0", 1))


def test_list_shows_every_session(folder, sessions):
    """
    With its state, and what it is made of.
    """
    recorded(folder, "other")
    result = sessions("list")

    assert (0, [True, True]) == (
        result.exit_code,
        ["golden" in result.stdout and "synthetic" in result.stdout, "other" in result.stdout],
    )


def test_list_names_cameras_where_there_are_many(folder, sessions):
    """
    Two sessions of the same name are told apart.
    """
    for camera in ("", "door"):
        golden_in(folder / camera)
    manifest = folder / "door" / "metrics_golden_manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"redis_prefix": "door"}))

    assert "door" in sessions("list").stdout


def test_list_is_json_for_programs(sessions):
    """
    And nothing else is on the same stream.
    """
    (entry,) = json.loads(sessions("list", "--json").stdout)

    assert ("golden", "complete", 177) == (entry["name"], entry["state"], entry["envelopes"])


def test_an_empty_folder_is_said(tmp_path, folder, sessions):
    """
    With what to do about it.
    """
    for path in folder.iterdir():
        path.unlink()

    assert "vitalrig record" in sessions("list").stdout


def test_a_name_is_shown_whole_on_a_narrow_terminal(folder, sessions):
    """
    A name with dots in place of its end cannot be typed.
    """
    name = "a_very_long_name_of_a_session_that_is_still_allowed_and_longer_than_a_terminal_is_wide"
    recorded(folder, name)

    assert name in sessions("list").stdout


def test_show_has_a_row_for_each_series(sessions):
    """
    In a few numbers.
    """
    result = sessions("show", "golden")

    assert (0, True) == (
        result.exit_code, "core breathing.inhale_exhale_ratio" in result.stdout,
    )  # fmt: skip


def test_show_is_json_for_programs(sessions):
    """
    With files and series.
    """
    found = json.loads(sessions("show", "golden", "--json").stdout)
    rates = {row["series"]: row["rate_hz"] for row in found["series"]}

    assert ("complete", 20, pytest.approx(30, rel=1e-4), 3) == (
        found["verdict"], len(found["series"]), rates["pulse.trace"], len(found["files"]),
    )  # fmt: skip


def test_verify_succeeds_on_an_intact_session(sessions):
    """
    With exit status 0.
    """
    result = sessions("verify")

    assert (0, True) == (result.exit_code, "intact and complete" in result.stdout)


def test_verify_fails_on_a_damaged_session_and_says_what_to_do(folder, sessions):
    """
    With exit status 1, so that a script can tell.
    """
    damage(folder)
    result = sessions("verify", "golden")

    assert (1, True, True) == (
        result.exit_code, "sha256" in result.stdout, "from a copy" in result.stdout,
    )  # fmt: skip


def test_verify_names_the_command_that_repairs(folder, sessions):
    """
    Where there is one.
    """
    (folder / "metrics_golden.json").unlink()
    result = sessions("verify", "golden")

    assert (1, True) == (result.exit_code, "vitalrig sessions repair golden" in result.stdout)


def test_verify_is_json_for_programs(folder, sessions):
    """
    Damage and all.
    """
    damage(folder)
    (folder / "notes.txt").write_text("")
    result = sessions("verify", "--json")
    found = json.loads(result.stdout)

    assert (1, False, ["sha256"], [str(folder / "notes.txt")]) == (
        result.exit_code,
        found["intact"],
        [each["what"] for each in found["sessions"][0]["findings"]],
        found["strangers"],
    )


def test_verify_of_all_names_files_that_belong_to_no_session(folder, sessions):
    """
    They are not damage.
    """
    (folder / "notes.txt").write_text("")
    result = sessions("verify")

    assert (0, True) == (result.exit_code, "notes.txt" in result.stdout)


@pytest.mark.parametrize(("options", "status"), [((), 0), (("--require-complete",), 1)])
def test_a_named_loss_fails_only_if_that_is_asked_for(folder, sessions, options, status):
    """
    A session that says what it lacks is intact.
    """
    manifest = folder / "metrics_golden_manifest.json"
    lossy = json.loads(manifest.read_text()) | {"complete": False, "verdict": "not complete: why"}
    manifest.write_text(json.dumps(lossy))

    assert status == sessions("verify", *options).exit_code


def test_repair_makes_a_session_good_again(folder, sessions):
    """
    Afterwards it verifies.
    """
    (folder / "metrics_golden.json").unlink()
    repaired = sessions("repair", "golden")

    assert (0, 0) == (repaired.exit_code, sessions("verify", "golden").exit_code)


def test_repair_fails_where_it_cannot_help(folder, sessions):
    """
    With exit status 1 and a reason.
    """
    damage(folder)
    result = sessions("repair", "golden")

    assert (1, True) == (result.exit_code, "Nothing was changed" in result.stderr)


def test_repair_leaves_a_working_collector_alone(folder, sessions):
    """
    And says what to stop.
    """
    collector = MetricsCollector(MetricsCollectorConfig(output_jsonl_path=folder / "metrics.jsonl"))
    collector.start()
    result = sessions("repair", "golden")
    collector.stop()

    assert (1, True) == (result.exit_code, "make down" in result.stderr)


@pytest.mark.parametrize("command", ["show", "verify", "repair", "plot"])
def test_a_session_that_is_not_there_is_said(sessions, command):
    """
    In one line that says how to find out what there is.
    """
    result = sessions(command, "none")

    assert (1, True) == (result.exit_code, "sessions list" in result.stderr)


def run_without(module, *arguments):
    """The command line in an interpreter in which *module* cannot be imported."""
    code = (
        f"import sys; sys.modules[{module!r}] = None; "
        "from vitalrig.cli import main; sys.argv[1:] = sys.argv[1:]; main()"
    )
    command = [sys.executable, "-c", code, "sessions", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [
        ("pyarrow", ("export", "golden", "-f", "csv"), "export"),
        ("edfio", ("export", "golden", "-f", "edf"), "export"),
        ("matplotlib", ("plot", "golden"), "plot"),
        ("numpy", ("verify", "golden"), "export"),
    ],
)
def test_a_missing_package_is_a_message_that_says_what_to_install(folder, module, command, extra):
    """
    Not a traceback.
    """
    result = run_without(module, *command, "--sessions-folder", folder)

    assert (1, True, False) == (
        result.returncode,
        f"pip install {shlex.quote(f'{ROOT}[{extra}]')}" in result.stderr,
        "Traceback" in result.stderr,
    )


def test_listing_needs_no_further_package(folder):
    """
    What is always wanted always works.
    """
    result = run_without("numpy", "list", "--sessions-folder", folder)

    assert (0, True) == (result.returncode, "golden" in result.stdout)


def without_rights(folder, *arguments):
    command = [sys.executable, "-m", "vitalrig.cli", "sessions", *arguments]
    return subprocess.run(
        for_whom_permissions_count(*command, "--sessions-folder", str(folder)),
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["list", "verify"])
def test_a_folder_that_cannot_be_read_costs_only_itself(folder, command):
    """
    It is named, the sessions beside it are there, and the command fails at its end.
    """
    golden_in(folder / "closed")
    (folder / "closed").chmod(0)
    result = without_rights(folder, command)
    (folder / "closed").chmod(0o755)

    assert (1, True) == (result.returncode, "golden" in result.stdout)
    assert f"{command}: {folder / 'closed'} cannot be read: Permission denied" in result.stderr


def test_a_file_that_cannot_be_read_costs_only_its_session(folder):
    """
    Of all that are verified.
    """
    files = recorded(folder, "closed")
    files.jsonl.chmod(0)
    result = without_rights(folder, "verify")

    assert (1, True, True) == (
        result.returncode,
        "ok       golden" in result.stdout,
        f"Permission denied: '{files.jsonl}'" in result.stderr,
    )


def test_one_name_that_is_wrong_costs_no_other(sessions):
    """
    What can be verified is.
    """
    result = sessions("verify", "none", "golden")

    assert (1, True, True) == (
        result.exit_code, "no session none" in result.stderr, "golden" in result.stdout,
    )  # fmt: skip


@pytest.fixture
def hostile(folder):
    """A session whose names and texts take over a terminal that they reach."""
    manifest = folder / "metrics_golden_manifest.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(facts | {"verdict": HOSTILE, "source": HOSTILE}))
    summary = folder / "metrics_golden.json"
    document = json.loads(summary.read_text())
    (columns,) = list(document["series"]["physiology:edge_metrics"].values())[:1]
    document["series"]["physiology:edge_metrics"][HOSTILE] = columns
    document["meta"] |= {"source": HOSTILE}
    summary.write_text(json.dumps(document))
    return folder


HOSTILE = "x\x1b]0;mine\x07\x1b[2J\n\u202e[bold]=cmd"


@pytest.mark.parametrize(
    "command", [("list",), ("show", "golden"), ("verify",), ("repair", "golden"), ("show", HOSTILE)]
)
def test_text_from_the_wire_does_not_reach_the_terminal_as_it_is(hostile, sessions, command):
    """
    It is written out, so that one sees what was sent.
    """
    result = sessions(*command)

    assert not {"\x1b", "\x07", "\u202e"} & set(result.stdout + result.stderr)
    assert r"\x1b[2J" in result.stdout + result.stderr


def test_the_folder_is_that_of_data_dir(folder, monkeypatch):
    """
    Which says where the rig keeps what it records.
    """
    monkeypatch.setenv("DATA_DIR", str(folder.parent))

    assert "golden" in CliRunner().invoke(app, ["sessions", "list"]).stdout


def test_a_line_of_env_that_is_not_understood_is_said(tmp_path, monkeypatch):
    """
    Rather than another folder than that which is meant be looked into.
    """
    (tmp_path / ".env").write_text("DATA_DIR: /big")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATA_DIR", raising=False)
    result = CliRunner().invoke(app, ["sessions", "list"])

    assert (2, True) == (result.exit_code, ".env, line 1" in result.stderr)


COMMAND_LINES = {
    "help": ["--help"],
    "version": ["--version"],
    "help of a command": ["sessions", "verify", "--help"],
    "no such command": ["nonsense"],
    "no such folder": ["sessions", "list", "--sessions-folder", "/none"],
    "list": ["sessions", "list"],
    "show": ["sessions", "show", "golden"],
    "verify": ["sessions", "verify"],
    "no server": ["record", "--server", "127.0.0.1:1", "--sessions-folder", "/tmp"],
}


@pytest.mark.parametrize("arguments", COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_no_escape_code_goes_into_a_pipe(folder, arguments):
    """
    What is piped into a file or a mail is read there without a terminal.
    """
    result = subprocess.run(
        [sys.executable, "-m", "vitalrig.cli", *arguments],
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        env=os.environ | {"DATA_DIR": str(folder.parent), "TERM": "xterm-256color"},
    )  # fmt: skip

    assert result.stdout + result.stderr
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize("arguments", [[], ["sessions"], ["sessions", "verify"], ["record"]])
def test_help_is_titled_by_the_commands_name(arguments):
    """
    Not by how Python was told to run it.
    """
    result = subprocess.run(
        [sys.executable, "-m", "vitalrig.cli", *arguments, "--help"],
        capture_output=True, text=True, check=True, timeout=PATIENCE_S,
    )  # fmt: skip

    assert " ".join(["Usage: vitalrig", *arguments]) in result.stdout


def test_grpc_says_nothing_by_itself(tmp_path):
    """
    What went wrong is one line of ours, whatever its core would print.
    """
    (tmp_path / "ca.crt").write_text("no certificate")
    result = subprocess.run(
        [
            sys.executable, "-m", "vitalrig.cli", "record", "--server", "127.0.0.1:1",
            "--sessions-folder", str(tmp_path),
        ],
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        env=os.environ | {"VITALRIG_RPC_CA_FILE": str(tmp_path / "ca.crt")},
    )  # fmt: skip

    assert (1, 1) == (result.returncode, result.stderr.count("\n")), result.stderr
    assert result.stderr.startswith("record: no server answers at 127.0.0.1:1")


def test_a_part_of_a_recording_names_the_next_one(folder, sessions):
    """
    Whoever exports a recording whose file took no more finds all of it.
    """
    manifest = folder / "metrics_golden_manifest.json"
    facts = json.loads(manifest.read_text()) | {"continued_in": "golden_part2"}
    manifest.write_text(json.dumps(facts))
    told = [sessions(*command).output for command in (("show", "golden"), ("verify",))]

    assert ["goes on in golden_part2" in each for each in told] == [True, True]
