"""Whatever is asked, the API answers as its own document says, and goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_S
from tests.support.rounds import rounds
from tests.support.telemetry_http import JSON, a_telemetry_server

HOOKS = Path(__file__).parents[2] / "support"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with a_telemetry_server(tmp_path_factory.mktemp("site")) as server:
        yield server


def test_the_api_keeps_to_its_document(server, tmp_path):
    """
    All checks of schemathesis but one: statuses, bodies, methods, what is accepted.

    What is refused is not checked: PANOPTES's clients may say 0 or "no" for a boolean, which the
    document does not invite others to.
    """
    command = [Path(sys.executable).with_name("schemathesis"), "run", "--checks", "all"]
    command += ["--exclude-checks", "negative_data_rejection"]
    command += ["--phases", "coverage,fuzzing", "--max-examples", str(rounds(3, 100))]
    command += ["--max-time", "60"] if rounds(0, 1) else []  # fuzzing until then, in CI
    command += ["--exclude-path", "/events/stream", "--exclude-path", "/shutdown"]
    command += ["--request-timeout", str(PATIENCE_S), "--seed", "1"]
    done = subprocess.run(
        [*map(str, command), f"http://127.0.0.1:{server.port}/openapi.json"],
        env=os.environ | {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HOOKS)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout[-5_000:] + done.stderr[-2_000:]


@given(st.sampled_from(["/event", "/events", "/run/start"]), st.binary(max_size=60))
@settings(
    max_examples=rounds(20, 500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_body_breaks_anything(server, path, body):
    """
    It is answered with less than 500, and the current view is there after it.
    """
    assert server.ask("POST", path, body, JSON).status < 500
    assert 200 == server.get("/current").status
