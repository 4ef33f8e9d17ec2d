"""The examples of docs/telemetry.md, as they stand there."""

import re
import subprocess
from pathlib import Path

from tests.support.programs import program
from tests.support.telemetry_http import a_telemetry_server

PAGE = Path(__file__).parents[2] / "docs" / "telemetry.md"
EXAMPLE = re.compile(r"^\$ (curl .*)\n((?:(?!\$|```).*\n)*)", re.MULTILINE)


def test_curl_answers_as_the_page_says(tmp_path):
    """
    One example after the other, with a new log. If this fails: mend the page, or what it shows.
    """
    program("curl", package="curl")
    examples = EXAMPLE.findall(PAGE.read_text())
    assert len(examples) > 10
    with a_telemetry_server(tmp_path) as server:
        for command, answer in examples:
            here = command.replace("localhost:6562", f"localhost:{server.port}")
            done = subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=False)
            assert (command, answer.strip()) == (command, done.stdout.strip())
