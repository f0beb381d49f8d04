"""What people type in a chat, on a Notion page: no word is lost, and Notion takes every block."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord.said import message_of
from bot.slack.messages import Us, read_message
from core.markdown import notion_blocks, plan
from core.notion.shapes import plain_text
from sandbox.notion.blocks import read_blocks

# What surrounds a word, which % stands for: marks that count, that do not, and that stand alone.
DISCORD = [
    "%", " %", " % ", "**%**", "__%__", "*%*", "_%_", "~~%~~", "`%`", "``%``", "***%***", "\\%",
    "||%||", "||**%** %||", "||`%`||", "||```%```||", "||%", "||\n%\n\n%||", "> ||%||\n",
    "```%```", "```py\n%\n```", "```py %```", "\n```\n%", "\n~~~\n%\n", "\n# %\n", "\n#%",
    "\n#### %\n",
    "\n-# %\n", "\n- -# %\n", "\n> %\n", "\n>%", "\n>>> %", "\n- %\n", "\n  - %\n", "\n    - %\n",
    "\n3. %\n", "\n%) a", "\n===\n%", "\n---\n%", "\n\n%", "\n% ", "\n| % | |\n|-|-|\n",
    "a || % || b",
    "[%](https://a.test)", "[%](<https://a.test/_(b)_>)", "[%]: x", "[%](javascript:x)", "<%>",
    "</% x:12>%", "<@1>%", "<@&1>%", "<#1>%", "<:%:12>", "<a:%:1>", "<t:1700000000:R>%",
    "<id:guide>%", "<https://a.test/%>", "&amp;%", "<b>%", "<!-- %", "$%$", "@everyone%", ":%:",
]  # fmt: skip
SLACK = [
    "%", " %", " % ", "*%*", "_%_", "~%~", "*_%_*", "`%`", "```%```", "```\n%\n```", "a*%*b",
    "*%\n%*",
    "\n&gt; %\n", "\n&gt;%", "\n&gt;&gt;&gt; %", "\n• %\n", "\n    ◦ %\n", "\n3. %\n",
    "\n# %\n", "\n\n%",
    "<https://a.test>%", "<https://a.test|%>", "<mailto:a@b.test|%>", "<slack://x|%>", "<@U1>%",
    "<@U9|%>", "<#C1|%>", "<#C9|>%", "<!here>%", "<!subteam^S1|@%>", "<!subteam^S1>%",
    "<!date^1700000000^{date}|%>", "<!date^1700000000^{date}^https://a.test|%>", "&amp;lt;%",
    "&lt;%&gt;", "<%>", "&lt;b&gt;%", "&lt;!-- %", ":wave::skin-tone-3:%", ":%:", "[%]: x",
    "$%$", "\n%. a",
]  # fmt: skip


def pieces(known: list[str]) -> st.SearchStrategy[str]:
    """Texts made of what is listed, each % a word of its own."""
    drawn = st.lists(st.sampled_from(known), min_size=1, max_size=12)
    return drawn.map(lambda parts: numbered("".join(parts)))


def numbered(text: str) -> str:
    count = iter(range(1000))
    return re.sub("%", lambda _: f"wo{next(count):03}rd", text)


def words(text: str) -> set[str]:
    return set(re.findall(r"wo\d{3}rd", text))


def shown(blocks: list[dict[str, Any]]) -> str:
    """All that a page shows of blocks, addresses included."""
    parts: list[str] = []
    for block in blocks:
        body = block[block["type"]]
        texts = [body.get("rich_text", []), *body.get("cells", [])]
        parts += [plain_text(runs) for runs in texts]
        parts += [str(body.get("expression", "")), shown(body.get("children", []))]
    return " ".join(parts)


def taken(markdown: str) -> str:
    """What Notion shows of it; it takes every request."""
    blocks = notion_blocks(markdown)
    for request in plan(blocks):
        read_blocks(request.children, "body.children")
    return shown(blocks)


@given(pieces(DISCORD))
@settings(max_examples=300, deadline=None)
def test_no_word_typed_in_discord_is_lost(text: str) -> None:
    data = {
        "id": "1",
        "channel_id": "2",
        "content": text,
        "author": {"id": "3", "username": "ada"},
        "timestamp": "2026-11-24T12:00:00+00:00",
    }
    assert words(text) <= words(taken(message_of(data, "4", {}, ()).text))


@given(pieces(SLACK))
@settings(max_examples=300, deadline=None)
def test_no_word_typed_in_slack_is_lost(text: str) -> None:
    raw = {"ts": "1700000000.000100", "user": "U1", "text": text}
    assert words(text) <= words(taken(read_message(raw, {"U1": "ada"}, Us()).text))
