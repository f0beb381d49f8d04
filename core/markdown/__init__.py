"""Markdown, as people and models write it, to what each platform shows.

`notion_blocks` and `plan` make a Notion page, `slack_markdown` and `discord_messages` the parts
of an answer in chat. All are pure functions that raise on no input.
"""

from core.markdown.discord import discord_messages
from core.markdown.plan import Request, plan
from core.markdown.slack import slack_markdown
from core.markdown.straight import notion_blocks

__all__ = ["Request", "discord_messages", "notion_blocks", "plan", "slack_markdown"]
