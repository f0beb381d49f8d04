"""Templates, loaded when the first page is asked for, and what every page is given.

`viewer` is who is logged in or None, `navigation` where they can go, `here` the path, `theme` what
they chose of light and dark or the empty string, `told` what the page before has to say.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from aiohttp import web

from api.errors import assistant_error_response
from api.headers import PAGE_HEADERS
from api.keys import CORE
from api.pages import figures
from api.pages.files import STATIC
from api.pages.navigation import navigation
from api.pages.visitor import known_visitor
from api.session import is_secure
from core.errors import AssistantError

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent.parent / "templates"
_MARKS = re.compile(r"\[[ xX]\]|[*`>|\[\]]|^\s*[-+]\s|\(https?:\S*\)|---+", re.MULTILINE)
"""What Markdown is written with, as far as a line of plain words would show it."""
THEMES = ("light", "dark")
THEME, TOLD = "theme", "told"
"""Cookies: what was chosen of light and dark, and a sentence for the next page to show once."""


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"code": _code, "plain": _plain, "day": _day, "prose": _prose}
    for figure in (figures.whole, figures.compact, figures.money, figures.ago):
        environment.filters[figure.__name__] = figure
    environment.filters |= {"short_day": figures.short_day, "long_day": figures.long_day}
    environment.filters["address"] = _address
    environment.globals["asset"] = asset
    return environment


def _code(text: str) -> Markup:
    """Text with what stands in backticks as code; all of it escaped."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def _address(url: str | None) -> str:
    """An address that others gave, where it leads to a page; what would be run leads nowhere."""
    return url if url and url.lower().startswith(("https://", "http://")) else ""


def _plain(markdown: str, length: int = 160) -> str:
    """The beginning of a text as one line of plain words; of an answer, without its headings."""
    lines = (line for line in markdown[: 4 * length].splitlines() if not line.startswith("#"))
    words = _MARKS.sub(" ", "\n".join(lines)).split() or markdown[: 4 * length].split()
    text = " ".join(words)
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " …"


def _prose(markdown: str) -> Markup:
    from api.pages.prose import prose

    return prose(markdown)


def _day(moment: datetime, alone: bool = False) -> str:
    """A moment as a person says it, in UTC, or its day alone; a script makes it their own time."""
    how = "%d %b %Y" if alone else "%d %b %Y, %H:%M"
    return moment.astimezone(UTC).strftime(how).lstrip("0")


@cache
def asset(name: str) -> str:
    """A file's address with what it holds in it, so that browsers may keep it for ever.

    Not a script's: others import it by its name alone, and by two names it would run twice.
    """
    if name.endswith(".js"):
        return f"/static/{name}"
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page that no cache keeps. Who looks at it has been found by then (`visitor`).

    `here` among the values is the page's own path, where a form with another one shows it again.
    """
    told = unquote(request.cookies.get(TOLD, ""))
    theme = request.cookies.get(THEME, "")
    given = {
        "viewer": known_visitor(request),
        "navigation": navigation(request),
        "here": request.path,
        "theme": theme if theme in THEMES else "",
        "told": told,
    }
    text = _environment().get_template(template).render(given | values)
    response = web.Response(
        text=text, status=status, content_type="text/html", headers=PAGE_HEADERS
    )
    if told:
        response.del_cookie(TOLD, path="/")
    return response


def told_when(response: web.Response, error: AssistantError) -> web.Response:
    """The page that tells of an error; its headers say when to come back, where that is known."""
    when = assistant_error_response(error).headers.get("Retry-After")
    if when is not None:
        response.headers["Retry-After"] = when
    return response


def fragment(template: str, **values: Any) -> str:
    """A piece of a page, for a script to put into one."""
    return _environment().get_template(template).render(**values)


def see_other(path: str) -> web.Response:
    """Sends the browser on to a page of ours. The path goes out as it is, not put right."""
    return web.Response(status=303, headers={"Location": path})


def tell(request: web.Request, response: web.StreamResponse, sentence: str) -> None:
    """Has the next page show a sentence, once."""
    secure = is_secure(request.app[CORE].settings)
    response.set_cookie(
        TOLD, quote(sentence), max_age=60, path="/", secure=secure, httponly=True, samesite="Lax"
    )
