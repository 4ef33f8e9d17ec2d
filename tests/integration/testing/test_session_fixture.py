"""`vitalrig_session`: finished sessions for one test."""

import pytest


@pytest.fixture(scope="module")
def said(suite_of_all):
    suite_of_all.write(
        test_sessions="""
            def test_two(vitalrig_session, tmp_path):
                one, two = (
                    vitalrig_session(scenario="apnea", seconds=5, seed=3) for _ in range(2)
                )
                assert one.path != two.path
                assert one.path.read_bytes() == two.path.read_bytes()
                assert tmp_path in one.path.parents
                one.assert_complete()

            def test_argument(vitalrig_session):
                vitalrig_session("motion", seconds=1, seed=4)
                vitalrig_session("apnea", secnds=5)

            def test_scenario(vitalrig_session):
                vitalrig_session("apnoea")
        """
    )
    return suite_of_all.run()


def test_sessions_are_made_as_they_are_asked_for(said):
    """
    Each in a folder of its own, and the same bytes each time.
    """
    said.assert_outcomes(passed=1, failed=2)


def test_a_failure_says_which_session_it_was_and_an_argument_that_is_not_there_is_one_line(said):
    """
    With its scenario and seed it can be made again; a mistyped argument has the nearest name.
    """
    said.stdout.fnmatch_lines(
        [
            "E *BadRequest: vitalrig_session has no argument secnds; did you mean seconds[?]",
            "session motion_seed4_1s: scenario motion, seed 4",
            "pytest test_sessions.py::test_argument",
        ]
    )


def test_a_scenario_that_is_not_there_is_one_line_with_the_nearest(said):
    """
    Nobody has to look for the list.
    """
    said.stdout.fnmatch_lines(["E *BadSettings: scenario: *did you mean apnea[?]*"])
