"""How errors stand in the OpenAPI document."""

from typing import Any

Responses = dict[int | str, dict[str, Any]]


def error_response(meaning: str) -> dict[str, Any]:
    """
    Describe an answer whose `detail` is a sentence.
    """
    schema = {"type": "object", "properties": {"detail": {"type": "string"}}}
    return {"description": meaning, "content": {"application/json": {"schema": schema}}}
