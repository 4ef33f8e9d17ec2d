"""One rig for all workers of pytest-xdist."""

import json
import signal
from contextlib import suppress

from tests.support.eventually import eventually
from tests.support.harness_scripts import processes_in
from tests.support.suites import IN_TWO_WORKERS
from vitalrig.testing.leftovers import processes_of

WHERE = """
    import json
    import os
    from pathlib import Path

    def test_where(vitalrig_rig):
        assert vitalrig_rig.metrics("vitalrig_envelopes_received_total")
        file = Path(os.environ["PYTEST_XDIST_WORKER"] + ".json")
        file.write_text(vitalrig_rig.description.to_json())
        assert "" == os.environ.get("OUR_REASON", "")
"""


def described(suite, worker):
    return json.loads((suite.folder / f"{worker}.json").read_text())


def test_all_workers_have_one_rig_and_it_ends_with_them(suite):
    """
    Cameras do not touch each other, so a rig for each is a waste where tests are few.
    """
    suite.write(test_where=WHERE)
    suite.run(*IN_TWO_WORKERS, "--vitalrig-shared").assert_outcomes(passed=2)
    rig = described(suite, "gw0")

    assert rig == described(suite, "gw1")
    eventually(lambda: not processes_of(rig["token"]))


def test_a_worker_whose_pytest_was_killed_starts_no_rig_that_stays(suite):
    """
    Its parent is process 1 then, which never ends.
    """
    suite.environment["TMPDIR"] = str(suite.folder)
    suite.write(
        test_late="""
        import os
        import signal

        def test_late(request):
            controller = os.getppid()
            os.kill(controller, signal.SIGKILL)
            while controller == os.getppid():
                pass
            request.getfixturevalue("vitalrig_rig")
    """
    )
    result = suite.run("-p", "xdist.plugin", "--numprocesses=1", "--vitalrig-shared")

    assert -signal.SIGKILL == result.ret
    with suppress(AssertionError):  # the next line says what is left
        eventually(lambda: not processes_in(suite.folder))
    assert {} == processes_in(suite.folder)


def test_a_report_has_the_logs_of_a_rig_that_another_worker_started(suite):
    """
    What the services said does not depend on who had them started.
    """
    suite.environment["OUR_REASON"] = "so that it fails"
    suite.write(test_where=WHERE)
    result = suite.run(*IN_TWO_WORKERS, "--vitalrig-shared")

    result.assert_outcomes(failed=2)
    assert 2 == result.stdout.str().count("pytest test_where.py::test_where --vitalrig-shared")
    result.stdout.fnmatch_lines(["*physiology_server during this test*"])


def test_a_shared_rig_that_does_not_start_is_one_error(suite):
    """
    The other workers say which one has it.
    """
    suite.give_a_redis_that_ends()
    suite.write(test_where=WHERE)
    result = suite.run(*IN_TWO_WORKERS, "--vitalrig-shared", "-rs")

    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines(["*vitalrig_rig is not ready: worker gw? has the error"])
    result.stdout.fnmatch_lines(["redis is not ready: *", "  no room here"])
