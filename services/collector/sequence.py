"""Numbers prove what arrived, what came twice and what is missing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What one number says.

    Attributes:
        duplicate: This envelope was taken before.
        missing: So many envelopes before this one never came.
    """

    duplicate: bool
    missing: int


FINE = Verdict(duplicate=False, missing=0)


class Sequence:
    """
    Follows the numbers of one stream.

    Args:
        run: Id of the server's run that was last heard; empty for none.
        seq: The last number of that run.
    """

    def __init__(self, run: str = "", seq: int = 0) -> None:
        self.run = run
        self.seq = seq

    def see(self, run: str, seq: int) -> Verdict:
        """
        Take the number *seq* of the server's run *run*.

        A run that begins while we listen begins at 1. Who starts to listen in mid-run has missed
        nothing that it was asked to keep.
        """
        if run != self.run:
            missing = seq - 1 if self.run else 0
            self.run, self.seq = run, seq
            return Verdict(duplicate=False, missing=missing)
        if seq <= self.seq:
            return Verdict(duplicate=True, missing=0)
        missing = seq - self.seq - 1
        self.seq = seq
        return Verdict(duplicate=False, missing=missing) if missing else FINE
