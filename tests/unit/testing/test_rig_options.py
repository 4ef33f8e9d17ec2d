"""The plug-in's options: what they may be, and one line for what they cannot be."""

import pytest

from vitalrig.testing.rig_options import RigOptions, without_password

pytest_plugins = ["pytester"]

REFUSED = {
    "a mode that is near": (
        ["--vitalrig-mode=locla"],
        "--vitalrig-mode=locla: it is local, compose or url; did you mean local?",
    ),
    "a mode that is near nothing": (
        ["--vitalrig-mode=xyz"],
        "--vitalrig-mode=xyz: it is local, compose or url",
    ),
    "an option that is near": (
        ["--vitalrig-reeuse"],
        "--vitalrig-reeuse: no such option; did you mean --vitalrig-reuse?",
    ),
    "an option with a value": (
        ["--vitalrig-exporter=http://127.0.0.1:9100"],
        "--vitalrig-exporter: no such option; did you mean --vitalrig-exporter-url?",
    ),
    "a key that is near": (
        ["--override-ini=vitalrig_shard=true"],
        "vitalrig_shard: no such option; did you mean vitalrig_shared?",
    ),
    "a mode in a file": (
        ["--override-ini=vitalrig_mode=compos"],
        "vitalrig_mode = compos: it is local, compose or url; did you mean compose?",
    ),
    "a mode without its URL": (
        ["--vitalrig-mode=url"],
        "--vitalrig-mode=url needs --vitalrig-url=redis://[user:password@]host:port",
    ),
    "a URL of another mode": (
        ["--vitalrig-mode=local", "--vitalrig-url=redis://127.0.0.1:6379"],
        "--vitalrig-url is for --vitalrig-mode=url, not for local",
    ),
    "an exporter alone": (
        ["--vitalrig-exporter-url=http://127.0.0.1:9100"],
        "--vitalrig-exporter-url needs --vitalrig-url as well",
    ),
    "a URL without scheme": (
        ["--vitalrig-url=127.0.0.1:6379"],
        "--vitalrig-url=127.0.0.1:6379 has no scheme; did you mean redis://127.0.0.1:6379?",
    ),
    "another scheme": (
        ["--vitalrig-url=http://127.0.0.1:6379"],
        "--vitalrig-url=http://127.0.0.1:6379 begins with http://, not redis://",
    ),
    "an exporter's other scheme": (
        ["--vitalrig-url=redis://127.0.0.1", "--vitalrig-exporter-url=redis://127.0.0.1"],
        "--vitalrig-exporter-url=redis://127.0.0.1 begins with redis://, not http:// or https://",
    ),
    "no host": (["--vitalrig-url=redis://"], "--vitalrig-url=redis:// names no host"),
    "a port that is none": (
        ["--vitalrig-url=redis://reader:secret@127.0.0.1:many"],
        (
            "--vitalrig-url=redis://reader:***@127.0.0.1:many: "
            "Port could not be cast to integer value as 'many'"
        ),
    ),
    "a rig that cannot be kept": (
        ["--vitalrig-url=redis://127.0.0.1", "--vitalrig-keep"],
        (
            "--vitalrig-keep is for a rig that pytest starts as processes, "
            "not for one of --vitalrig-url"
        ),
    ),
    "a container that cannot be kept": (
        ["--vitalrig-mode=compose", "--vitalrig-keep"],
        "--vitalrig-keep is for a rig that pytest starts as processes, not for containers",
    ),
}


@pytest.fixture(autouse=True)
def only_what_is_named(monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


def options_of(pytester, *args):
    return RigOptions.of(pytester.parseconfig("-p", "vitalrig.testing.plugin", *args))


@pytest.mark.parametrize(("args", "line"), REFUSED.values(), ids=REFUSED)
def test_what_options_cannot_mean_is_refused_in_one_line(pytester, args, line):
    """
    Before any test runs, with the nearest name, and without a password.
    """
    result = pytester.runpytest_inprocess("-p", "vitalrig.testing.plugin", *args)

    assert (pytest.ExitCode.USAGE_ERROR, f"ERROR: {line}") == (result.ret, result.errlines[0])


def test_without_options_the_rig_is_local_and_each_workers_own(pytester):
    """
    A fresh checkout needs no configuration.
    """
    assert RigOptions(mode="local") == options_of(pytester)


def test_a_url_is_mode_enough(pytester):
    """
    Who gives an address wants the rig that is there.
    """
    options = options_of(pytester, "--vitalrig-url=redis://h:1", "--vitalrig-exporter-url=http://h")

    assert ("url", "redis://h:1", "http://h") == (options.mode, options.url, options.exporter_url)


def test_every_option_is_a_key_of_the_configuration_file(pytester):
    """
    A team writes them down once.
    """
    pytester.makeini("[pytest]\nvitalrig_mode = compose\n")
    in_containers = options_of(pytester)
    pytester.makeini("[pytest]\nvitalrig_reuse = true\nvitalrig_keep = 1")
    kept = options_of(pytester)

    assert ("compose", True, True) == (in_containers.mode, kept.reuse, kept.keep)


def test_the_command_line_goes_before_the_file(pytester):
    """
    A developer runs the suite here that CI runs against a rig of its own.
    """
    pytester.makeini("[pytest]\nvitalrig_url = redis://ci:6379")

    assert RigOptions(mode="local", given="--vitalrig-mode=local") == options_of(
        pytester, "--vitalrig-mode=local"
    )


def test_what_was_given_can_be_given_again_and_shows_no_password(pytester):
    """
    A report of a failure ends up in the log of a CI system.
    """
    options = options_of(pytester, "--vitalrig-url=redis://reader:secret@h:6379")

    assert "'--vitalrig-url=redis://reader:***@h:6379'" == options.given


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h", "redis://h"),
        ("redis://user@h", "redis://user@h"),
        ("redis://:secret@h", "redis://:***@h"),
        ("user:se@cret@h:1", "user:***@h:1"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    """
    Whatever else is wrong with it.
    """
    assert shown == without_password(url)
