"""What the telemetry service makes of its settings."""

from services.telemetry.settings import Settings
from vitalrig.telemetry.event_retention import RetentionPolicy


def settings(**keys):
    argv = ["--config=/dev/null", *(f"--{key}={value}" for key, value in keys.items())]
    return Settings.load(argv, {})[0]


def test_all_events_are_kept_unless_somebody_says_otherwise():
    """
    Nothing recorded is ever lost.
    """
    assert RetentionPolicy() == settings().retention()


def test_retention_is_said_in_days_and_mebibytes():
    """
    People's units in the file, seconds and bytes in the code.
    """
    told = settings(keep_days=1.5, keep_mib=2, keep_free_mib=3).retention()

    assert RetentionPolicy(129_600, 2 << 20, 3 << 20) == told


def test_events_are_beside_the_sessions_by_default(monkeypatch, tmp_path):
    """
    In the folder of the rig, wherever that is.
    """
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    assert tmp_path / "telemetry" == settings().site_folder
    assert tmp_path / "telemetry" / ".tokens.json" == settings().tokens_path()
