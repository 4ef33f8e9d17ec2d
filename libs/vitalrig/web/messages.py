"""A request and its answer, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

TEXT = "text/plain; charset=utf-8"
MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Request:
    """
    What is asked.

    Attributes:
        method: Such as `GET`.
        path: The path, as it came.
        query: What follows the question mark.
        headers: By name as it came; a name that comes twice has its last value.
        address: Whom it comes from.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""

    def header(self, name: str) -> str:
        """
        Give a header's value whatever its case is; empty if it is not there.
        """
        wanted = name.lower()
        return next((text for key, text in self.headers.items() if key.lower() == wanted), "")

    def fields(self) -> dict[str, list[str]]:
        """
        Give the query's fields; none at all if there are more than a hundred.
        """
        try:
            return parse_qs(self.query, max_num_fields=MAX_FIELDS)
        except ValueError:
            return {}


@dataclass(frozen=True, slots=True)
class Response:
    """
    What is answered.

    Attributes:
        status: The code, such as 200.
        body: The body; for HEAD its length is sent and the body is not.
        headers: All headers of the answer.
    """

    status: int
    body: bytes
    headers: Mapping[str, str]


def response(
    status: int,
    body: bytes | str,
    content_type: str = TEXT,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """
    Make an answer with the headers that every answer has.
    """
    content = body.encode() if isinstance(body, str) else body
    always = {
        "Content-Type": content_type,
        "Content-Length": str(len(content)),
        "X-Content-Type-Options": "nosniff",
    }
    return Response(status, content, always | dict(headers or {}))
