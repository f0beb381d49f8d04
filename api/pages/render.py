"""Templates, loaded when the first page is asked for."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from api.headers import PAGE_POLICY

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent.parent / "templates"


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
    environment.filters["code"] = _code
    return environment


def _code(text: str) -> Markup:
    """Text with what stands in backticks as code; all of it escaped."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def page(template: str, *, policy: str = PAGE_POLICY, **values: Any) -> web.Response:
    """A page that no cache keeps. `policy` is what it may load."""
    return web.Response(
        text=_environment().get_template(template).render(**values),
        content_type="text/html",
        headers={"Content-Security-Policy": policy},
    )
