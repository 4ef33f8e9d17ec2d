"""Which run an event belongs to."""

from vitalrig.telemetry.event_line import Request
from vitalrig.telemetry.run_registry import Run, RunRegistry


def run_of(request: Request, runs: RunRegistry, *, from_rig: bool) -> Run | None:
    """
    Give the run that an event belongs to; None for the site.

    What clients post goes to the client's run. Else, and always for what the rig itself says, it
    goes to the recording that the meta names, by `run_id` or `camera`. What names neither goes to
    the only recording if a client posted it. What names one that is not there is not given to
    another one: it is the site's.

    Args:
        request: The event.
        runs: Those that go on.
        from_rig: Whether the rig itself says it, rather than a client.
    """
    if runs.client is not None and not from_rig:
        return runs.client
    recordings = runs.recordings
    if not recordings:
        return None
    run_id, camera = request.meta.get("run_id"), request.meta.get("camera")
    if run_id is None and camera is None:
        return recordings[0] if len(recordings) == 1 and not from_rig else None
    if (named := runs.recording(run_id)) is not None:
        return named
    return next((run for run in reversed(recordings) if camera in run.cameras), None)
