"""A fixture of the session that does not become ready: one error, and pointers to it."""

import pytest


@pytest.fixture(scope="module")
def broken(suite_of_all):
    suite_of_all.give_a_redis_that_ends()
    suite_of_all.write(
        test_one="""
            import pytest

            @pytest.fixture(scope="session")
            def our_program(vitalrig_redis):
                return vitalrig_redis.redis_url

            def test_first(vitalrig_redis): pass
            def test_second(vitalrig_redis): pass
            def test_through_our_own(our_program): pass
            def test_asked_for_late(request): request.getfixturevalue("vitalrig_redis")
            def test_without(): pass
        """
    )
    return suite_of_all.run("-rs")


def test_one_test_has_the_error_and_the_others_are_skipped(broken):
    """
    A wall of errors hides the one that counts.
    """
    broken.assert_outcomes(errors=1, skipped=3, passed=1)


def test_a_skipped_test_says_where_the_error_is(broken):
    """
    Also one that asks for the fixture when it runs already.
    """
    broken.stdout.fnmatch_lines(
        ["*vitalrig_redis is not ready: test_one.py::test_first has the error"]
    )


def test_the_error_names_the_service_the_check_its_end_and_its_log(broken):
    """
    Without a line of our own code between.
    """
    broken.stdout.fnmatch_lines(
        [
            "*ERROR at setup of test_first*",
            "redis is not ready: it has to *; it ended with exit status 3. Its last lines:",
            "  no room here",
        ]
    )
    broken.stdout.no_fnmatch_line("*fixture_rigs.py*")
