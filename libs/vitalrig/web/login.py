"""A form that takes a token and leaves a cookie, for people with a browser."""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vitalrig.web.access import LOGIN_PATH, Access, Refused, cookie_header
from vitalrig.web.plain_page import CSS_PATH, page

LOGOUT_PATH = "/logout"

PUBLIC = (LOGIN_PATH, LOGOUT_PATH, CSS_PATH)
"""What is served to who has no token yet."""

MOST_BYTES = 8_192
MOST_FIELDS = 10
TOO_LONG = Refused(413, "That is more than this form holds")
"""Whoever has no token yet may not fill the memory."""

FORM = """\
{message}<form method="post" action="/login">
<p><label>Token <input type="password" name="token" autocomplete="current-password"
 required autofocus></label>
<input type="hidden" name="next" value="{next}">
<button>Log in</button></p>
</form>
"""


def login_routes(access: Access) -> list[Route]:
    """
    Make the routes.
    """

    async def show(request: Request) -> Response:
        return _form(request.query_params.get("next", "/"))

    async def log_in(request: Request) -> Response:
        fields = await _fields(request)
        if isinstance(fields, Refused):
            return _form("/", fields)
        target = _own_path(fields.get("next", ["/"])[0])
        address = request.client.host if request.client else ""
        found = access.check(fields.get("token", [""])[0].strip(), address)
        if isinstance(found, Refused):
            return _form(target, found)
        headers = {
            "Set-Cookie": cookie_header(
                access.open_session(found), is_secure=request.url.scheme == "https"
            )
        }
        return RedirectResponse(target, 303, headers)

    async def log_out(request: Request) -> Response:
        gone = cookie_header("", is_secure=request.url.scheme == "https")
        return RedirectResponse(LOGIN_PATH, 303, {"Set-Cookie": gone})

    return [
        Route(LOGIN_PATH, show, methods=["GET"]),
        Route(LOGIN_PATH, log_in, methods=["POST"]),
        Route(LOGOUT_PATH, log_out, methods=["POST"]),
    ]


async def _fields(request: Request) -> dict[str, list[str]] | Refused:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return TOO_LONG
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return TOO_LONG


def _form(target: str, refused: Refused | None = None) -> Response:
    message = f'<p class="error">{escape(refused.detail)}</p>\n' if refused else ""
    body = FORM.format(message=message, next=escape(_own_path(target)))
    return page("Log in", body, refused.status if refused else 200)


def _own_path(target: str) -> str:
    """
    Give a path of this server; a link may not lead elsewhere by way of the form.
    """
    is_own = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_own and target.isprintable() else "/"
