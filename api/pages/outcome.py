"""A page that says what came of something, and what to do next."""

from __future__ import annotations

from aiohttp import web

from api.errors import error_response
from api.headers import accepts
from api.pages.render import page


def outcome(
    request: web.Request,
    code: str | None,
    title: str,
    *said: str,
    button: tuple[str, str] | None = None,
    retry_after: float | None = None,
) -> web.Response:
    """The page: sentences, and a button's words with the path it leads to.

    Who looks at it has been found by then (`visitor`).

    `code` is the error's; None where all went well. Whoever asks for JSON gets an error as every
    route gives it. What stands in backticks is shown as code.
    """
    detail = " ".join((f"{title}.", *said)).replace("`", "")
    wants_json = accepts(request, "application/json") and not accepts(request, "text/html")
    if code is not None and wants_json:
        return error_response(code, detail, retry_after=retry_after)
    response = page(request, "outcome.html", title=title, said=said, button=button)
    if code is not None:
        error = error_response(code, detail, retry_after=retry_after)
        response.set_status(error.status)
        if "Retry-After" in error.headers:
            response.headers["Retry-After"] = error.headers["Retry-After"]
    return response
