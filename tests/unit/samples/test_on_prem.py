"""What the sample clients share."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture
def on_prem(monkeypatch):
    monkeypatch.syspath_prepend(str(SAMPLES))
    import on_prem

    return on_prem


def test_no_text_of_a_server_takes_over_the_terminal(on_prem, capsys):
    """
    It is written out, on one line.
    """
    on_prem.say("status \x1b[2J\x1b]0;mine\x07\nforged")

    assert r"status \x1b[2J\x1b]0;mine\x07\nforged" + "\n" == capsys.readouterr().out
