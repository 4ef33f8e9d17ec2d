"""
A plain FastAPI service of PANOPTES's shape, for machines without Python 3.12.

    python benchmarks/support/plain_telemetry.py PORT FOLDER

As theirs: a sync endpoint, one lock, deep copies, a file opened and closed for each event.
"""

import copy
import json
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field


class EventRequest(BaseModel):
    """An event."""

    type: str
    data: Any
    make_current: bool = True
    meta: dict[str, Any] = Field(default_factory=dict)


def make_app(folder: Path) -> FastAPI:
    app, lock, current = FastAPI(), threading.Lock(), {}
    folder.mkdir(parents=True, exist_ok=True)
    numbers = iter(range(1, sys.maxsize))

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"ok": True}

    @app.post("/event")
    def post_event(request: EventRequest) -> dict[str, Any]:
        with lock:
            envelope = {
                "seq": next(numbers),
                "ts": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "stream": "site",
                "type": request.type,
                "data": copy.deepcopy(request.data),
                "meta": copy.deepcopy(request.meta),
            }
            with (folder / "site.ndjson").open("a") as file:
                file.write(json.dumps(envelope) + "\n")
            current[request.type] = copy.deepcopy(envelope)
            return copy.deepcopy(envelope)

    return app


if __name__ == "__main__":
    uvicorn.run(
        make_app(Path(sys.argv[2])),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        loop="asyncio",
        http="h11",
    )
