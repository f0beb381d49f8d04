"""What hangs on a message: another that was forwarded with it, or an app's cards. Pure.

https://docs.slack.dev/reference/messaging/attachments. A forwarded message is one with `is_share`;
what Slack adds by itself, unfolding a link, has an `original_url`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.slack.markdown import markdown, with_breaks
from bot.slack.parse import object_in, word_in
from bot.slack.richtext import document
from core.markdown.commonmark import commonmark

Raw = Mapping[str, Any]


def is_forwarded(attachment: Raw) -> bool:
    """Whether it is a message that somebody forwarded."""
    return attachment.get("is_share") is True


def is_card(attachment: Raw) -> bool:
    """Whether an app made it, rather than Slack unfolding a link."""
    unfolded = ("original_url", "from_url", "is_msg_unfurl", "is_app_unfurl")
    return not is_forwarded(attachment) and not any(attachment.get(name) for name in unfolded)


def forwarded(attachment: Raw, names: Mapping[str, str]) -> str:
    """A forwarded message as Markdown: who wrote it, where and when, and what it says."""
    who = word_in(attachment, "author_name") or names.get(word_in(attachment, "author_id"), "")
    where = word_in(attachment, "channel_name") or names.get(word_in(attachment, "channel_id"), "")
    link = word_in(attachment, "from_url") or word_in(attachment, "original_url")
    parts = ["Forwarded" + (f" from **{_plain(who)}**" if who else "")]
    parts += [f"in #{_plain(where)}"] if where else []
    parts += [f"({when})"] if (when := _when(word_in(attachment, "ts"))) else []
    source = " ".join(parts) + (f" · [Original message](<{link}>)" if link else "")
    said = _said(attachment, names)
    quote = "\n".join(f"> {line}" if line else ">" for line in said.splitlines())
    return f"{source}\n\n{quote}" if quote else source


def card(attachment: Raw, names: Mapping[str, str]) -> str:
    """An app's card as Markdown."""
    title, link = word_in(attachment, "title"), word_in(attachment, "title_link")
    by = word_in(attachment, "author_name")
    parts = [
        _text(word_in(attachment, "pretext"), names),
        f"*{_plain(by)}*" if by else "",
        (f"**[{_plain(title)}](<{link}>)**" if link else f"**{_plain(title)}**") if title else "",
        _text(word_in(attachment, "text"), names),
        *(
            f"**{_plain(word_in(field, 'title'))}**: {_text(word_in(field, 'value'), names)}"
            for field in objects(attachment, "fields")
        ),
    ]
    found = "\n\n".join(part for part in parts if part)
    return found or _text(word_in(attachment, "fallback"), names)


def objects(raw: Raw, name: str) -> Sequence[Raw]:
    """The objects of a list."""
    value = raw.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _said(attachment: Raw, names: Mapping[str, str]) -> str:
    for each in objects(attachment, "message_blocks"):
        blocks = objects(object_in(each, "message"), "blocks")
        if blocks and all(block.get("type") == "rich_text" for block in blocks):
            return commonmark(document(blocks, names)).rstrip("\n")
    return _text(word_in(attachment, "text") or word_in(attachment, "fallback"), names)


def _text(text: str, names: Mapping[str, str]) -> str:
    return with_breaks(markdown(text, names)) if text.strip() else ""


def _plain(text: str) -> str:
    """One line of plain text, so that none of it is Markdown."""
    return re.sub(r"([*_\[\]`\\])", r"\\\1", " ".join(text.split()))


def _when(ts: str) -> str:
    try:
        return datetime.fromtimestamp(float(ts), UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return ""
