"""Pages for people that need nothing from anywhere else, under a strict Content-Security-Policy."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

CSS_PATH = "/plain.css"

CSS = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { overflow: auto; padding: 0.75rem; border: 1px solid #8888; border-radius: 4px; }
table { border-collapse: collapse; }
td, th { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; }
input, button { font: inherit; padding: 0.25rem 0.5rem; }
.error { color: #c00; }
@media (prefers-color-scheme: dark) { .error { color: #f77; } }
"""


def page(title: str, body: str, status: int = 200) -> Response:
    """
    Make a page.

    Args:
        title: Its title, as text.
        body: What it shows, as HTML.
        status: The HTTP status.
    """
    return HTMLResponse(
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="stylesheet" href="{CSS_PATH}">\n</head>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n{body}</body>\n</html>\n",
        status,
    )


async def _css(_request: Request) -> Response:
    return Response(CSS, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def plain_css_route() -> Route:
    """
    Make the route of what all such pages look like.
    """
    return Route(CSS_PATH, _css)
