"""The log: one record is one line, whatever it is about."""

import io
import json
import logging
from contextlib import contextmanager

import pytest

from vitalrig.service import logs

FORGED = "x\n[info     ] all is well\x1b[2J"


@contextmanager
def logged(log_format, level="info"):
    """Log in one format; gives where it goes."""
    root = logging.getLogger()
    before, level_before = list(root.handlers), root.level
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    logs.set_up("probe", log_format, level, out=out)
    try:
        yield out
    finally:
        root.handlers[:] = before
        root.setLevel(level_before)


def text_of(out):
    out.flush()
    return out.buffer.getvalue().decode()


@pytest.mark.parametrize("where", ["field", "event", "key"])
@pytest.mark.parametrize("log_format", ["json", "text"])
def test_text_from_outside_forges_no_line_and_reaches_no_terminal(log_format, where):
    """
    A camera's status, a path, a session's name: each stays in its field.
    """
    with logged(log_format) as out:
        log = logging.getLogger("probe")
        if where == "event":
            log.warning("said %s", FORGED)
        else:
            log.warning("said", extra={"who": FORGED} if where == "field" else {FORGED: 1})
        text = text_of(out)

    assert 1 == text.count("\n")
    assert "\x1b" not in text
    assert "all is well" in text


def test_a_traceback_stays_behind_its_margin():
    """
    A line of an error's message is none of the log's.
    """
    with logged("text") as out:
        try:
            raise ValueError(FORGED)
        except ValueError:
            logging.getLogger("probe").exception("failed")
        first, *trace = text_of(out).splitlines()

    assert "failed" in first
    assert all(line.startswith("    ") for line in trace)
    assert "\x1b" not in "".join(trace)


def test_what_nothing_can_encode_is_logged():
    """
    Rather than an error of the logging itself.
    """
    with logged("text") as out:
        logging.getLogger("probe").warning("said", extra={"who": "half \ud800"})

        assert "ud800" in text_of(out)


def test_numbers_stay_numbers_for_programs():
    """
    Nothing but text is made harmless.
    """
    with logged("json") as out:
        logging.getLogger("probe").warning("said", extra={"count": 5, "share": 0.5, "none": None})
        line = json.loads(text_of(out))

    assert (5, 0.5, None, "said") == (line["count"], line["share"], line["none"], line["event"])


@pytest.mark.parametrize("library", ["asyncio", "grpc._cython.cygrpc"])
def test_debug_is_about_the_service_and_not_its_libraries(library):
    """
    What they say of event loops hides what somebody looks for.
    """
    with logged("text", "debug") as out:
        logging.getLogger(library).debug("loaded running loop")
        logging.getLogger("probe").debug("frame dropped")
        text = text_of(out)

    assert "frame dropped" in text
    assert "loaded running loop" not in text
