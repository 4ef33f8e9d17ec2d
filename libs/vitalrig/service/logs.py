"""One logging set-up: JSON lines for machines, aligned text for people."""

import logging
import sys
from datetime import UTC, datetime
from typing import Literal, TextIO

import structlog

from vitalrig.harmless import harmless

LogFormat = Literal["json", "text"]
LogLevel = Literal["debug", "info", "warning", "error"]


def set_up(
    service: str,
    log_format: LogFormat = "json",
    level: LogLevel = "info",
    out: TextIO | None = None,
) -> None:
    """
    Send every log record of this process to *out*, one line each.

    By default JSON, which is for programs, goes to stdout, and text, for people, to stderr.

    A record's message is a constant sentence; its data are the `extra` fields.
    JSON lines carry `time` (UTC, ISO-8601 with Z and milliseconds), `level`,
    `service`, `logger`, `event` and the fields.
    """
    if out is None:
        out = sys.stdout if log_format == "json" else sys.stderr
    renderers: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer(default=str)]
        if log_format == "json"
        else [_harmless, structlog.dev.ConsoleRenderer(colors=out.isatty())]
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                _utc_milliseconds,
                _adder("service", service),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                *renderers,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # What these say of themselves at debug hides what the service says.
    for library in ("asyncio", "grpc"):
        logging.getLogger(library).setLevel(max(root.level, logging.INFO))


def _adder(key: str, value: str) -> structlog.typing.Processor:
    def add(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event.setdefault(key, value)
        return event

    return add


def _harmless(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """
    Keep text from outside to its field, as JSON does by itself, and a traceback to its margin.
    """
    shown = {
        harmless(key): harmless(value) if isinstance(value, str) else value
        for key, value in event.items()
    }
    if isinstance(trace := event.get("exception"), str):
        shown["exception"] = "\n".join(f"    {harmless(line)}" for line in trace.split("\n"))
    return shown


def _utc_milliseconds(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    created = datetime.fromtimestamp(event["_record"].created, UTC)
    event["time"] = created.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event
