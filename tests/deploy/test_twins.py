"""config/supervisord.conf is docker-compose.yml's twin."""

import re
import shlex
from pathlib import Path

import pytest

from rig.environment import load
from rig.fleet import wanted
from rig.local.layout import Layout
from rig.local.redis_program import RedisProgram
from tests.support.rig_files import (
    ROOT,
    packages,
    seconds,
    services,
    supervisor,
    supervisor_environment,
    supervisor_words,
    text,
)

OWN = pytest.mark.parametrize("name", sorted(packages()))
EVERY = pytest.mark.parametrize("name", sorted(supervisor()))


@OWN
def test_both_run_the_same_module_with_the_same_arguments(name):
    """
    A flag that is added for one mode is not missing in the other.
    """
    started = re.search(r"exec python (-m services\.%s)", text("services/Dockerfile"))[1] % name
    words = supervisor_words(name)
    arguments = words[words.index("$RIG_PYTHON") + 1 :]

    assert name == services()[name]["build"]["args"]["SERVICE"]
    assert [*started.split(), *services()[name]["command"]] == arguments


@OWN
def test_both_set_the_same_variables(name):
    """
    Only their values differ, with addresses and paths.
    """
    # Without a value a variable is passed on, which a process has from its parent anyway.
    given = {key for key, value in services()[name]["environment"].items() if value is not None}

    assert given == supervisor_environment(name).keys()


@OWN
def test_variables_are_settings_of_their_service(name):
    """
    A variable that the service does not know would stop it.
    """
    keys = services()[name]["environment"].keys() | supervisor_environment(name).keys()

    assert {True} == {key.startswith(f"VITALRIG_{name.upper()}_") for key in keys}


def test_grafana_is_told_the_same_but_for_where_it_is():
    """
    Both are provisioned by the same files and closed to strangers.
    """
    only_local = {"GF_SERVER_HTTP_ADDR", "GF_SERVER_HTTP_PORT"}
    paths = {"GF_PATHS_DATA", "GF_PATHS_LOGS", "GF_PATHS_PROVISIONING"}

    there = supervisor_environment("grafana").keys()
    assert services()["grafana"]["environment"].keys() == there - only_local - paths


@EVERY
def test_both_give_a_service_the_same_time_to_stop(name):
    """
    The collector's is above what writing the open session's summary takes.
    """
    assert seconds(services()[name]["stop_grace_period"]) == int(supervisor()[name]["stopwaitsecs"])


@EVERY
def test_a_process_that_ends_is_started_again_without_limit(name):
    """
    A rig that was left alone over a long outage comes back by itself.
    """
    program = supervisor()[name]

    assert "true" == program["autorestart"]
    assert int(program["startretries"]) >= 1_000_000


@EVERY
def test_logs_of_processes_do_not_fill_the_disk(name):
    """
    The disk is for recordings.
    """
    program = supervisor()[name]

    assert "10MB" == program["stdout_logfile_maxbytes"]
    assert "true" == program["redirect_stderr"]


def test_redis_starts_first_and_ends_last():
    """
    The collector can finish its files while Redis is still there.
    """
    default = 999
    priorities = {name: int(p.get("priority", default)) for name, p in supervisor().items()}

    assert "redis" == min(priorities, key=priorities.__getitem__)


def test_tools_set_every_variable_that_supervisord_conf_reads(tmp_path):
    """
    supervisord refuses a file with a variable that is not set, and a shell takes it for nothing.
    """
    environment = load(ROOT, {"RIG_ENV_FILE": "/nonexistent", "DATA_DIR": str(tmp_path)})
    redis = RedisProgram("redis-server", "redis", "")

    given = Layout(environment, wanted(environment)).variables(Path("python"), redis)

    read = re.findall(r"%\(ENV_(\w+)\)s|\$(\w+)", text("config/supervisord.conf"))
    assert {name for pair in read for name in pair if name} <= given.keys()


@EVERY
def test_a_path_reaches_a_program_whatever_it_holds(name):
    """
    Only a shell's variable in double quotes takes blanks, quotes and percent signs as they are.
    """
    _, _, script = shlex.split(supervisor()[name]["command"])

    assert [] == re.findall(r"(?<![\"/\w:])\$\w+", script)
    assert "%" not in script


def test_what_the_server_could_not_send_outlives_its_container():
    """
    The spool is in the data folder in both modes.
    """
    server = services()["physiology_server"]
    mounts = {volume["target"]: volume for volume in server["volumes"] if isinstance(volume, dict)}
    folder = server["environment"]["VITALRIG_PHYSIOLOGY_SERVER_SPOOL_FOLDER"]
    there = supervisor_environment("physiology_server")["VITALRIG_PHYSIOLOGY_SERVER_SPOOL_FOLDER"]

    assert ("${DATA_DIR:-./data}/spool", False, "$RIG_SPOOL") == (
        mounts[folder]["source"],
        mounts[folder].get("read_only", False),
        there,
    )
