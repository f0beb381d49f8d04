"""The pages an admin sees while installing the app. Pure.

They look like the server's others by its own style sheet, `/static/pages.css`.
"""

from __future__ import annotations

import re
from html import escape

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title} · Notion Assistant</title>
  <link rel="icon" href="/static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/pages.css">
</head>
<body>
  <header class="top">
    <a class="name" href="/"><img src="/static/icon.svg" alt="" width="22" height="22">Notion \
Assistant</a>
  </header>
  <main>
    <section>
      <h1>{title}</h1>
{paragraphs}{button}    </section>
  </main>
</body>
</html>
"""


def page(title: str, paragraphs: tuple[str, ...], button: tuple[str, str] | None = None) -> str:
    """A page as HTML: what stands in backticks is code, all else is plain text.

    `button` is its words and where it leads.
    """
    said = "".join(f"      <p>{_code(text)}</p>\n" for text in paragraphs)
    leads = ""
    if button is not None:
        words, address = button
        link = f'<a class="button" href="{escape(address)}">{escape(words)}</a>'
        leads = f'      <p class="actions">{link}</p>\n'
    return _PAGE.format(title=escape(title), paragraphs=said, button=leads)


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
