"""Settings of a service that there are not. A server passes them over; a test means something."""

import json
import re
import subprocess
from collections.abc import Iterator

from vitalrig.installation import command_of
from vitalrig.nearest import did_you_mean
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.managed_process import ManagedProcess

_PASSED_OVER = "unknown argument, passed over"
_FLAG = re.compile(r"--([a-z]\w*)")


def refuse_unknown(service: str, process: ManagedProcess) -> None:
    """
    See that a service that runs knows all that it was told.

    Args:
        service: The service.
        process: Its process, which has begun to work.

    Raises:
        HarnessError: If it passed something over; the text has the nearest name.
    """
    for name in _passed_over(process):
        shown = subprocess.run(  # noqa: S603 - our own program
            command_of(service, "--help"), capture_output=True, text=True, check=False
        )
        hint = did_you_mean(name, sorted(set(_FLAG.findall(shown.stdout))))
        raise HarnessError(f"{service} has no setting {name}{hint}")


def _passed_over(process: ManagedProcess) -> Iterator[str]:
    for line in process.log_lines():
        if _PASSED_OVER in line:
            told = json.loads(line)
            yield str(told.get("argument", "")).lstrip("-").partition("=")[0]
