"""The OpenAPI document, which generated clients are made from."""

import json
from pathlib import Path

import pytest

from tests.support.telemetry_http import a_telemetry_server
from vitalrig.version import VERSION

GOLDEN = Path(__file__).parents[2] / "golden" / "telemetry_openapi.json"

THEIRS = {
    "health_health_get",
    "ready_ready_get",
    "get_run_run_get",
    "start_run_run_start_post",
    "stop_run_run_stop_post",
    "post_event_event_post",
    "current_current_get",
    "shutdown_shutdown_post",
}
"""Operations whose names clients carry that were made from PANOPTES's document."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with a_telemetry_server(tmp_path_factory.mktemp("site")) as server:
        yield server


def test_the_document_is_the_golden_one(server, request):
    """
    After a change that is meant: pytest --update-golden, and read the diff.
    """
    document = server.get("/openapi.json").json()
    assert VERSION == document["info"].pop("version")
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(text)

    assert GOLDEN.read_text() == text


def test_generated_clients_find_their_operations_and_schemas(server):
    """
    By the names that PANOPTES's document has.
    """
    document = server.get("/openapi.json").json()
    operations = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    }

    assert "3.1.0" == document["openapi"]
    assert THEIRS <= operations
    assert {"EventRequest", "RunStartRequest", "HTTPValidationError", "ValidationError"} <= set(
        document["components"]["schemas"]
    )


def test_the_page_for_people_names_every_route(server):
    """
    It is made from the document.
    """
    page = server.get("/docs").body.decode()

    for path, operations in server.get("/openapi.json").json()["paths"].items():
        for method in operations:
            assert f"<code>{method.upper()} {path}</code>" in page
