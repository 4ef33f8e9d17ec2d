"""`/docs`: the OpenAPI document as a page for people, made here and without outside assets."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from starlette.responses import Response

from vitalrig.web.plain_page import page


def api_page(document: Mapping[str, Any]) -> Response:
    """
    Show an OpenAPI document.
    """
    return page(document["info"]["title"], "".join(_sections(document)))


def _sections(document: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"<p>Version {escape(document['info']['version'])}. For programs: "
        '<a href="/openapi.json">openapi.json</a>.</p>\n'
    )
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2>\n"
            yield f"<p>{escape(operation.get('description', ''))}</p>\n"
            yield from _parameters(operation.get("parameters", ()))
            yield from _body(operation.get("requestBody"))
            yield from _answers(operation["responses"])
    for name, schema in sorted(document["components"]["schemas"].items()):
        text = json.dumps(schema, indent=2)
        yield f'<h2 id="{escape(name)}">{escape(name)}</h2>\n<pre>{escape(text)}</pre>\n'


def _parameters(parameters: Any) -> Iterator[str]:  # noqa: ANN401  a part of the document
    if parameters:
        yield "<table>\n<tr><th>parameter<th>in<th>meaning</tr>\n"
        for each in parameters:
            yield (
                f"<tr><td><code>{escape(each['name'])}</code><td>{escape(each['in'])}"
                f"<td>{escape(each.get('description', ''))}</tr>\n"
            )
        yield "</table>\n"


def _body(body: Any) -> Iterator[str]:  # noqa: ANN401  a part of the document
    if body:
        yield f"<p>Body: {_schema(next(iter(body['content'].values()))['schema'])}</p>\n"


def _answers(answers: Mapping[str, Any]) -> Iterator[str]:
    yield "<table>\n<tr><th>status<th>meaning</tr>\n"
    for status, answer in sorted(answers.items()):
        yield f"<tr><td>{escape(status)}<td>{escape(answer['description'])}</tr>\n"
    yield "</table>\n"


def _schema(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "items" in schema:
        return f"a list of {_schema(schema['items'])}"
    if "anyOf" in schema:
        return " or ".join(map(_schema, schema["anyOf"]))
    return escape(schema.get("type", "any JSON"))
