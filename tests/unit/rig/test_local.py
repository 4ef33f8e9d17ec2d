"""The layout of a rig without Docker, and what its supervisord says."""

from pathlib import Path

import pytest
import yaml

from rig.environment import Environment, load
from rig.fleet import wanted
from rig.local.layout import Layout, find_alertmanager
from rig.local.program_health import LocalHealth
from rig.local.supervisor import Exits, Program

ROOT = Path(__file__).resolve().parents[3]


def a_layout(folder: Path, **changes: object) -> Layout:
    values = load(ROOT, {"RIG_ENV_FILE": "/nonexistent"}).values
    changed = {"DATA_DIR": folder, **changes}
    environment = Environment(ROOT, values | {name: str(v) for name, v in changed.items()})
    return Layout(environment, wanted(environment))


def test_prometheus_gets_the_ports_of_dot_env(tmp_path):
    """
    The configuration names compose's addresses; processes are on other ones.
    """
    layout = a_layout(tmp_path, EXPORTER_PORT=1111, PROMETHEUS_PORT=2222, ALERTMANAGER_PORT=3333)

    layout.write_prometheus(alertmanager=True)

    text = (layout.prometheus / "prometheus.yml").read_text()
    assert '"127.0.0.1:1111"' in text
    assert '"127.0.0.1:2222"' in text
    assert 2 == text.count('"127.0.0.1:3333"')
    assert "exporter:8317" not in text
    assert (layout.prometheus / "alerts.yml").exists()


def test_without_an_alertmanager_prometheus_is_told_of_none(tmp_path):
    """
    Alerts that are sent to nobody would be counted as not delivered, and a target as down.
    """
    layout = a_layout(tmp_path)

    layout.write_prometheus(alertmanager=False)

    config = yaml.safe_load((layout.prometheus / "prometheus.yml").read_text())
    (sent_to,) = config["alerting"]["alertmanagers"]
    jobs = {job["job_name"]: job["static_configs"] for job in config["scrape_configs"]}
    assert [{"targets": []}] == sent_to["static_configs"] == jobs["alertmanager"]


@pytest.mark.parametrize("name", ["prometheus-alertmanager", "alertmanager"])
def test_alertmanager_is_found_under_either_of_its_names(tmp_path, monkeypatch, name):
    """
    Debian calls it otherwise than everybody else does.
    """
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / name).touch(mode=0o755)

    assert str(tmp_path / name) == find_alertmanager()


def test_what_changed_since_the_start_is_named(tmp_path):
    """
    `make up` with a new port must not say that all is well while the old one is in use.
    """
    before = a_layout(tmp_path, GRPC_PORT=1111)
    before.run.mkdir()
    before.remember(
        before.environment.for_programs()
        | before.fleet.variables()
        | before.redis_memory.variables()
    )

    assert [] == a_layout(tmp_path, GRPC_PORT=1111).changes()
    assert ["GRPC_PORT 1111 -> 2222"] == a_layout(tmp_path, GRPC_PORT=2222).changes()


def test_how_a_program_ended_is_read_from_supervisords_log(tmp_path):
    """
    Supervisord's answers hold no exit status while it starts a program again and again.
    """
    log = tmp_path / "supervisord.log"
    log.write_text("WARN exited: redis (exit status 1; not expected)\n")
    exits = Exits(log)
    with log.open("a") as file:
        file.write(
            "WARN exited: collector (exit status 1; not expected)\n"
            "WARN exited: exporter (terminated by SIGKILL; not expected)\n"
            "WARN exited: collector (exit status 2; not expected)\n"
        )

    assert "exit status 2" == exits.last_of("collector")
    assert "terminated by SIGKILL" == exits.last_of("exporter")
    assert "" == exits.last_of("redis"), "it ended before"
    assert "exit status 1" == Exits(log, from_start=True).last_of("redis")
    assert "" == Exits(tmp_path / "none").last_of("redis")


def test_the_account_of_a_program_leaves_out_what_earlier_starts_said(tmp_path):
    """
    The line that tells why it does not start is not hidden among those of last week.
    """
    layout, health = a_health_with_a_log(tmp_path, "last week\n")

    with layout.log("collector").open("a") as file:
        file.write("no such camera\n")

    assert ["    no such camera"] == account_of_the_collector(health)


def test_a_program_that_has_said_nothing_since_is_told_of_by_its_earlier_lines(tmp_path):
    """
    One that hangs is silent; the last thing it said is all there is.
    """
    _, health = a_health_with_a_log(tmp_path, "about to hang\n")

    assert ["    about to hang"] == account_of_the_collector(health)


def test_a_log_that_was_rotated_since_is_told_whole(tmp_path):
    """
    Its length from before means nothing any more.
    """
    layout, health = a_health_with_a_log(tmp_path, "a long line of last week\n")

    layout.log("collector").write_text("short\n")

    assert ["    short"] == account_of_the_collector(health)


def a_health_with_a_log(folder, text):
    layout = a_layout(folder)
    layout.logs.mkdir(parents=True)
    layout.log("collector").write_text(text)
    return layout, LocalHealth(layout, Path("python"), Exits(layout.log("supervisord")))


def account_of_the_collector(health):
    program = Program("collector", "BACKOFF", 0, "")
    return health.account(program, "is BACKOFF").splitlines()[2:]


@pytest.mark.parametrize("spawnerr", ["", "Exited too quickly"])
def test_an_answer_of_supervisord_is_understood(spawnerr):
    """
    What went wrong is shown where there is no uptime to show.
    """
    info = {
        "name": "collector",
        "statename": "BACKOFF",
        "pid": 0,
        "description": "",
        "spawnerr": spawnerr,
        "group": "collector",
    }

    assert Program("collector", "BACKOFF", 0, spawnerr) == Program.parse(info)
