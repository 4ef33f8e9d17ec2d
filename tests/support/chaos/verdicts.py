"""What came of all sessions of a rig, and what was wrong with them."""

from collections.abc import Collection

from tests.support.chaos.rig import Rig
from tests.support.eventually import eventually
from tests.support.verifier.heard import broken_promises, differences, unrecorded


def assert_nothing_is_lost_in_silence(
    rig: Rig, *, whole: Collection[str] = (), proven: Collection[str] = ()
) -> None:
    """
    Each session holds all that was published in it, or says how much it lacks.

    Args:
        rig: It runs, all of it.
        whole: Sessions that can have lost nothing, so that they have to be called complete.
        proven: Sessions that have to be called complete if they lost nothing: numbers prove it.
    """
    rig.grpc.stop()
    rig.stream.catch_up()
    sessions = rig.started_in_stream()
    assert sessions, "nothing was recorded"
    eventually(lambda: [each for each in sessions if not rig.is_finished(each)] == [])
    rig.stream.stop()
    heard, entries = rig.grpc.heard, rig.stream.entries
    # A relay gives numbers of its own.
    wrong = [] if rig.relayed else differences(entries, heard)
    wrong += broken_promises(entries, rig.grpc.made)
    for session in sessions:
        found = rig.finding(session)
        faults = [*found.faults]
        if rig.relayed and rig.manifest(session)["complete"]:
            unheard = unrecorded(heard, rig.lines(session))
            faults += [f"called complete, and {unheard} that gRPC had are missing"] * bool(unheard)
        if session in whole and not rig.manifest(session)["complete"]:
            faults.append("nothing that could cost it anything happened, and it is not complete")
        if session in proven and found.needless:
            faults.append("lost nothing, and is not called complete")
        print(  # noqa: T201  pytest shows it
            f"{session}: {len(rig.lines(session))} lines, {len(found.missing)} missing, "
            f"{rig.manifest(session)['verdict']}"
        )
        wrong += [f"{session}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong)
