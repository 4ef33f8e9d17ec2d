"""`--help`, as it is, and where it must be found."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.physiology_server.__main__ import main
from services.physiology_server.flags import FLAGS
from services.physiology_server.settings import Settings

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "help" / "physiology_server.txt"

# Section 3 of the interface's description.
DOCUMENTED = [
    "port", "venv_directory", "buffer_duration", "streaming_backend", "use_camera",
    "camera_device_index", "input_transform_mode", "enable_phasic_bp", "enable_eda",
    "enable_micromotion", "also_log_to_stderr", "log_verbosity", "log_dropped_frames",
    "log_throughput_and_latency", "log_edge_core_transfer_times", "filesystem_ipc_config_path",
    "save_default_file_ipc_config", "redis_config_path", "save_default_redis_ipc_config",
    "redis_host", "redis_port", "redis_key_prefix",
]  # fmt: skip


def test_help_is_the_golden_help(request):
    """
    What people and scripts know the server by.

    After a change that is meant: pytest --update-golden, and read the diff.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "services.physiology_server", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if request.config.getoption("--update-golden"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(ended.stdout)

    assert (0, GOLDEN.read_text(), "") == (ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize("flag", ["--help", "-h", "-help", "--helpfull", "--help=main"])
def test_help_is_asked_for_as_abseil_has_it(flag, capsys):
    """
    Wherever it stands, and whatever else is wrong.
    """
    assert (0, GOLDEN.read_text()) == (
        main(["--port=many", flag]),
        capsys.readouterr().out,
    )


@pytest.mark.parametrize("name", DOCUMENTED)
def test_help_explains_each_documented_flag(name):
    """
    Under its documented name.
    """
    lines = GOLDEN.read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if f"--{name}" in line.replace(",", " ").split())

    assert lines[at + 1].startswith("      ")


@pytest.mark.parametrize("name", DOCUMENTED)
def test_each_documented_flag_is_known(name):
    """
    As a key of ours, or in the table of the vendor's flags.
    """
    known = set(Settings.model_fields) | {spelling for flag in FLAGS for spelling in flag.names}

    assert name in known


def test_a_flag_that_nobody_knows_is_a_warning(capsys, tmp_path, monkeypatch):
    """
    Not a crash: what is asked for besides is done.
    """
    monkeypatch.chdir(tmp_path)
    status = main(["--enable_hud", "--save_default_file_ipc_config"])

    assert (0, True) == (status, (tmp_path / "default_file_ipc_config.json").exists())
