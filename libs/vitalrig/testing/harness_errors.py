"""What can go wrong with a rig under test."""

from collections.abc import Sequence

from vitalrig.errors import VitalrigError


class HarnessError(VitalrigError):
    """The harness cannot do what was asked. The text says why, and what would help."""


class NotReady(HarnessError):
    """
    A part of a rig did not become ready, or is not any more. Its log says why.

    Attributes:
        service: The process that is not ready.
        check: What it did not pass.
        exit_status: How it ended; None if it runs, or somebody else has started it.
        log_lines: The last lines of its log.
    """

    def __init__(
        self,
        service: str,
        check: str,
        exit_status: int | None,
        log_lines: Sequence[str],
        *,
        is_ours: bool = True,
    ) -> None:
        self.service = service
        self.check = check
        self.exit_status = exit_status
        self.log_lines = list(log_lines)
        state = "it runs" if is_ours else "it was started elsewhere"
        if exit_status is not None:
            state = ended_how(exit_status)
        logged = "\n".join(f"  {line}" for line in self.log_lines) or "  (nothing)"
        super().__init__(f"{service} is not ready: {check}; {state}. Its last lines:\n{logged}")


def ended_how(exit_status: int) -> str:
    """
    Say how a process ended.
    """
    if exit_status < 0:
        return f"signal {-exit_status} ended it"
    return f"it ended with exit status {exit_status}"
