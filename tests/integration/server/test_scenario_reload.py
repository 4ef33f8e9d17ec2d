"""A server whose scenario grows while it plays."""

import json

import pytest
import yaml

from tests.support.eventually import eventually
from tests.support.server_process import entries

LEAVES = {"at_s": 1, "do": "subject_leaves"}


@pytest.fixture
def growing(start, tmp_path):
    """A server that plays a scenario, and what writes the scenario's events."""
    path = tmp_path / "x.yml"

    def write(*events):
        partial = path.with_suffix(".part")
        partial.write_text(yaml.safe_dump({"name": "x", "timeline": list(events)}))
        partial.replace(path)

    write()
    server = start(scenario=path, scenario_reload=True, speed=5, publish_core="always").ready()
    return server, write


def envelopes(client, kind):
    return [
        json.loads(raw) for *_, channel, raw in entries(client) if channel.endswith(kind) and raw
    ]


def statuses(client):
    return [envelope["payload"]["value"] for envelope in envelopes(client, "status")]


def test_what_is_added_to_a_scenario_happens_while_it_plays(client, growing):
    """
    Somebody leaves and comes back, a file that is broken changes nothing, and damage comes last.
    """
    server, write = growing
    assert eventually(lambda: statuses(client)[-1:] == ["OK"])

    write(LEAVES)
    assert eventually(lambda: statuses(client)[-1] == "NO_FACES_FOUND")
    write({"do": "sleep"})
    assert server.says("the changed scenario cannot be used")
    assert "NO_FACES_FOUND" == statuses(client)[-1]
    write(LEAVES | {"for_s": 1.5})
    assert eventually(lambda: statuses(client)[-1] == "OK")
    write(LEAVES | {"for_s": 1.5}, {"at_s": 0, "do": "malformed", "share": 1.0, "kinds": ["empty"]})

    assert eventually(lambda: entries(client)[-1][-1] == b"")
    assert ["PROCESSING_NOT_STARTED", "OK", "NO_FACES_FOUND", "OK"] == statuses(client)
    assert 1 == server.log_text().count("the changed scenario cannot be used")
