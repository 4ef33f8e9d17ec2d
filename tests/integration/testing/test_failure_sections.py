"""What the report of a failed test says besides."""

import pytest

AGAIN = "vitalrig: run it again"


@pytest.fixture(scope="module")
def failed(suite_of_all):
    suite_of_all.write(
        test_two="""
            from contextlib import closing

            import pytest

            def save(redis):
                with closing(redis.address.client()) as client:
                    client.save()

            def test_that_passes(vitalrig_redis):
                save(vitalrig_redis)

            def test_quiet(vitalrig_redis):
                assert "our reason" == ""

            @pytest.mark.parametrize("name", ["a name of two"])
            def test_loud(vitalrig_redis, name):
                save(vitalrig_redis)
                assert "our reason" == ""

            def test_without():
                assert "our reason" == ""
        """
    )
    return suite_of_all.run()


def sections(result, test):
    """The sections of a test's report: title and text."""
    (_, _, after) = result.stdout.str().partition(f"_ {test} _")
    report, _, _ = after.partition("\n____")
    report, _, _ = report.partition("\n====")
    parts = [part.partition("\n") for part in report.split("\n---")[1:]]
    return {title.strip("- "): text.strip() for title, _, text in parts}


def test_a_report_has_what_each_service_logged_during_that_test(failed):
    """
    Not what it logged before, and nothing from a service that was silent.
    """
    during = "redis during this test"
    quiet, loud = (sections(failed, test) for test in ("test_quiet", "test_loud[a name of two]"))

    assert (False, True) == (during in quiet, "DB saved on disk" in loud[during])
    assert "Ready to accept" not in loud[during]


def test_a_test_that_does_not_use_the_rig_has_no_section(failed):
    """
    Its failure has nothing to do with ours.
    """
    assert {} == sections(failed, "test_without")


@pytest.mark.parametrize("test", ["test_quiet", "test_loud[a name of two]"])
def test_the_command_in_a_report_runs_that_test_again(suite_of_all, failed, test):
    """
    It can be pasted into a shell.
    """
    again = suite_of_all.run_line(sections(failed, test)[AGAIN])

    again.assert_outcomes(failed=1)
    assert sections(failed, test)[AGAIN] == sections(again, test)[AGAIN]
