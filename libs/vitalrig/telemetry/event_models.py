"""What is sent and kept: events and runs, checked whole where they are made."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from vitalrig.telemetry.json_limits import check_json, check_text
from vitalrig.telemetry.rfc3339 import parse_rfc3339

MAX_TYPE_LENGTH = 1_000
MAX_KEY_LENGTH = 200
MAX_NAME_BYTES = 255
"""What Linux takes for the name of one folder."""

MAX_PATH_BYTES = 4_000


def _time(text: str) -> str:
    try:
        parse_rfc3339(text)
    except ValueError:
        raise PydanticCustomError(
            "rfc3339_time", "Input should be an RFC 3339 time with a zone"
        ) from None
    return text


def _folder(text: str) -> str:
    raw = check_text(text).encode()
    if "\0" in text:
        raise PydanticCustomError("folder_name", "A folder's name should have no NUL")
    if len(raw) > MAX_PATH_BYTES or any(len(name) > MAX_NAME_BYTES for name in raw.split(b"/")):
        raise PydanticCustomError(
            "folder_name",
            "A folder's name should have at most {most} bytes",
            {"most": MAX_NAME_BYTES},
        )
    return text


def _run_meta(meta: dict[str, Any]) -> dict[str, Any]:
    check_json(meta)
    if (run_id := meta.get("run_id")) is not None:
        _folder(str(run_id))
    return meta


JsonData = Annotated[Any, AfterValidator(check_json)]
Meta = Annotated[dict[str, Any], AfterValidator(check_json)]
RunMeta = Annotated[dict[str, Any], AfterValidator(_run_meta)]
Time = Annotated[str, AfterValidator(_time)]
Text = Annotated[str, AfterValidator(check_text)]
FolderName = Annotated[
    str,
    AfterValidator(_folder),
    WithJsonSchema({"type": "string", "pattern": "^[^\\u0000]*$", "maxLength": MAX_NAME_BYTES}),
]
Key = Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH), AfterValidator(check_text)]


class EventRequest(BaseModel):
    """
    An event, as it is posted. Unknown keys are passed over.

    Attributes:
        type: What kind of event it is.
        data: Any JSON data.
        make_current: Whether it is shown in the current view.
        store_permanently: Whether it is written to a file; it has a sequence number either way.
        meta: What is known beside the data.
        ts: When it happened, as RFC 3339 has it, with a zone; None for the time of its arrival.
        key: Names this event: sent again with the same key, it is kept once.
    """

    type: Text = Field(max_length=MAX_TYPE_LENGTH)
    data: JsonData
    make_current: bool = True
    store_permanently: bool = True
    meta: Meta = Field(default_factory=dict)
    ts: Time | None = Field(default=None, json_schema_extra={"format": "date-time"})
    key: Key | None = None


class RunStartRequest(BaseModel):
    """
    A run that is to begin.

    Attributes:
        run_dir: The run's folder; relative to the site folder, which holds `run_id` by default.
        run_id: Its name; else `meta["run_id"]`, else the next number.
        meta: What is known of it.
    """

    run_dir: FolderName | None = None
    run_id: FolderName | None = None
    meta: RunMeta = Field(default_factory=dict)


class TelemetryEvent(BaseModel):
    """
    An event, as it is answered.

    Attributes:
        seq: Its number; rises through the site and all runs.
        ts: When it happened.
        type: What kind of event it is.
        data: Any JSON data.
        meta: What is known beside the data.
    """

    model_config = ConfigDict(frozen=True)

    seq: int
    ts: str
    type: str
    data: Any
    meta: dict[str, Any]


@dataclass
class ActiveRun:
    """
    A run that goes on.

    Attributes:
        run_dir: The folder that holds its events.
        run_id: Its name.
        meta: What is known of it.
        started_at: When it began, in UTC.
    """

    run_dir: Path
    run_id: str
    meta: dict[str, Any] = field(default_factory=dict)
    started_at: str = ""

    def as_dict(self) -> dict[str, Any]:
        """
        Give it as JSON data.
        """
        return {
            "run_dir": str(self.run_dir),
            "run_id": self.run_id,
            "meta": dict(self.meta),
            "started_at": self.started_at,
        }
