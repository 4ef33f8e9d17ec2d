"""`vitalrig_camera`: cameras of one test on the session's rig."""

import pytest


@pytest.fixture(scope="module")
def said(suite_of_all):
    suite_of_all.write(
        test_cameras="""
            def cameras(rig):
                return [each for name, each in rig.processes.items() if name.startswith("camera")]

            def test_that_fails(vitalrig_camera, vitalrig_rig):
                vitalrig_camera("apnea", seed=3, speed=2)
                vitalrig_camera(seed=4, outbox_max_envelopes=100)
                assert 2 == len([each for each in cameras(vitalrig_rig) if each.is_running])
                assert "our reason" == ""

            def test_the_next(vitalrig_rig):
                assert 2 == len([each for each in cameras(vitalrig_rig) if not each.is_running])
                vitalrig_rig.wait_ready()

            def test_faults_of_a_camera(vitalrig_camera, vitalrig_faults):
                camera = vitalrig_camera()
                with vitalrig_faults.kill(camera):
                    assert not camera.process.is_running
                assert camera.process.is_running

            def test_argument(vitalrig_camera):
                vitalrig_camera("apnea", sede=3)

            def test_setting(vitalrig_camera):
                vitalrig_camera("apnea", outbox_max_envelope=100)

            def test_scenario(vitalrig_camera):
                vitalrig_camera("apnoea")
        """
    )
    return suite_of_all.run()


def test_cameras_are_stopped_at_the_end_of_their_test(said):
    """
    Also of one that fails; the rig is ready for the next test, which may kill its own camera.
    """
    said.assert_outcomes(passed=2, failed=4)


def test_a_report_says_which_cameras_there_were_and_how_to_run_the_test_again(said):
    """
    With scenario, seed and speed the same signals come again.
    """
    said.stdout.fnmatch_lines(
        [
            "camera t*-01: scenario apnea, seed 3, speed 2",
            "camera t*-02: no scenario, seed 4, speed 1",
            "pytest test_cameras.py::test_that_fails",
        ]
    )


@pytest.mark.parametrize(
    "line",
    [
        "HarnessError: * no setting sede; did you mean seed[?]",
        "HarnessError: * no setting outbox_max_envelope; did you mean outbox_max_envelopes[?]",
        "BadSettings: scenario: *did you mean apnea[?]*",
    ],
)
def test_what_there_is_not_is_one_line_with_the_nearest(said, line):
    """
    An argument, a setting of the server, a scenario: none is ignored in silence.
    """
    said.stdout.fnmatch_lines([f"E *{line}"])
