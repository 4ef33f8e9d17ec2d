"""What a collector records and where: the documented configuration."""

import json
import warnings
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Self

from smartspectra.ipc.wire.channels import DEFAULT_PREFIX


@dataclass(init=False)
class MetricsCollectorConfig:
    """
    Settings of a :class:`MetricsCollector`.

    Works with ``dataclasses.asdict`` and ``dataclasses.replace``. A ``session_id``
    may be given as well; it is not a field (so ``asdict`` leaves it out) and the
    collector treats it as if ``set_session_id`` had been called.

    Attributes:
        redis_host: Redis host, for the caller's connection and the summary's meta.
        redis_port: Redis port.
        redis_key_prefix: Prefix of the channel names.
        output_jsonl_path: Base path of the JSONL, from which session files are made.
        output_json_path: Base path of the summary, from which session files are made.
        max_samples_per_series: Samples kept of each series, the newest; 0 = all.
        append_mode: Continue files of an earlier run instead of starting new ones.
        whitespace: Write readable JSON summaries.
    """

    redis_host: str = "localhost"
    redis_port: int = 6379
    redis_key_prefix: str = DEFAULT_PREFIX
    output_jsonl_path: Path | None = None
    output_json_path: Path | None = None
    max_samples_per_series: int = 0
    append_mode: bool = False
    whitespace: bool = False

    def __init__(
        self,
        redis_host: str = "localhost",
        redis_port: int = 6379,
        redis_key_prefix: str = DEFAULT_PREFIX,
        output_jsonl_path: Path | str | None = None,
        output_json_path: Path | str | None = None,
        max_samples_per_series: int = 0,
        append_mode: bool = False,
        whitespace: bool = False,
        session_id: str | None = None,
        **unknown: Any,  # noqa: ANN401
    ) -> None:
        self.redis_host = redis_host
        self.redis_port = redis_port
        self.redis_key_prefix = redis_key_prefix
        self.output_jsonl_path = _path(output_jsonl_path)
        self.output_json_path = _path(output_json_path)
        self.max_samples_per_series = max_samples_per_series
        self.append_mode = append_mode
        self.whitespace = whitespace
        self._session_id = session_id or None
        if unknown:
            warnings.warn(
                f"MetricsCollectorConfig ignores what it does not know: {', '.join(unknown)}",
                stacklevel=2,
            )

    @property
    def session_id(self) -> str | None:
        """The session id that was given along with the settings, if any."""
        return self._session_id

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """
        Read a configuration that was saved as JSON.

        Empty and null paths mean none; ``session_id`` is accepted.

        Raises:
            OSError: If the file cannot be read.
            ValueError: If it holds no JSON object.
        """
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(document, dict):
            raise ValueError(f"{path} holds no JSON object")  # noqa: TRY004
        return cls(**document)

    def save(self, path: Path | str) -> None:
        """Write the settings as JSON that :meth:`load` reads."""
        document = {field.name: getattr(self, field.name) for field in fields(self)}
        text = json.dumps(document, indent=2, default=str)
        Path(path).write_text(text + "\n", encoding="utf-8")


def _path(value: Path | str | None) -> Path | None:
    return Path(value) if value is not None and str(value) not in {"", "."} else None


# A hand-written __init__ must not drift from the fields.
assert all(field.default is not MISSING for field in fields(MetricsCollectorConfig))
