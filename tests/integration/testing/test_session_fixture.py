"""`vitalrig_session`: finished sessions for one test."""


def test_sessions_are_made_as_they_are_asked_for(suite):
    """
    Each in a folder of its own, and the same bytes each time.
    """
    suite.write(
        test_sessions="""
            def test_two(vitalrig_session, tmp_path):
                one, two = (
                    vitalrig_session(scenario="apnea", seconds=20, seed=3) for _ in range(2)
                )
                assert one.path != two.path
                assert one.path.read_bytes() == two.path.read_bytes()
                assert tmp_path in one.path.parents
                one.assert_complete()
        """
    )

    suite.run().assert_outcomes(passed=1)


def test_a_failure_says_which_session_it_was_and_an_argument_that_is_not_there_is_one_line(suite):
    """
    With its scenario and seed it can be made again; a mistyped argument has the nearest name.
    """
    suite.write(
        test_sessions="""
            def test_it(vitalrig_session):
                vitalrig_session("apnea", seconds=5, seed=3)
                vitalrig_session("apnea", secnds=5)
        """
    )
    result = suite.run()

    result.stdout.fnmatch_lines(
        [
            "E *BadRequest: vitalrig_session has no argument secnds; did you mean seconds[?]",
            "session apnea_seed3_5s: scenario apnea, seed 3",
            "pytest test_sessions.py::test_it",
        ]
    )


def test_a_scenario_that_is_not_there_is_one_line_with_the_nearest(suite):
    """
    Nobody has to look for the list.
    """
    suite.write(test_sessions="def test_it(vitalrig_session): vitalrig_session('apnoea')")

    suite.run().stdout.fnmatch_lines(["E *BadSettings: scenario: *did you mean apnea[?]*"])
