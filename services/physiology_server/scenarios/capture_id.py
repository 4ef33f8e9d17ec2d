"""What a run is called in `metadata.id`, where it can be run again."""

import hashlib
from collections.abc import Mapping

import orjson

from services.physiology_server.scenarios.scenario import Scenario


def capture_id(facts: Mapping[str, object], scenario: Scenario | None = None) -> str:
    """
    Sixteen digits that depend on what the frames depend on, and on nothing else.

    Two runs of the same have the same, so their messages are the same; two runs of another seed,
    source or scenario are told apart.

    Args:
        facts: Seed, rates, frame rate, recording: whatever decides what the frames are.
        scenario: What happens to them.
    """
    document = {"facts": dict(facts)}
    if scenario is not None:
        document["scenario"] = scenario.model_dump(mode="json")
    text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.blake2b(text, digest_size=8).hexdigest()
