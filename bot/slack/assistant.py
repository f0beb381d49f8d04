"""Slack's assistant pane and agent view: what to ask, that an answer is coming, and a title.

An app with `assistant_view` is told when somebody opens a thread of its pane; one with the newer
`agent_view` when somebody opens its messages. What is written there are direct messages like any
other. An app that is neither is refused these calls once, and then does without.
https://docs.slack.dev/ai/developing-agents, https://docs.slack.dev/ai/migrating-to-agent-messaging
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from bot.slack.events import Said, is_talk, read_said
from bot.slack.extras import Extras
from bot.slack.markdown import plain_text
from bot.slack.parse import object_in, word_in
from bot.slack.workspace import Workspace, installed_in

PROMPTS = (
    {
        "title": "Plan a launch",
        "message": "Write a launch checklist for our mobile app: what to do, by whom, by when.",
    },
    {
        "title": "Turn notes into minutes",
        "message": "I have rough notes of a meeting. Ask me for them, then turn them into minutes "
        "with decisions and tasks.",
    },
    {
        "title": "Write down a decision",
        "message": "Help me write a decision record. Ask me what we decided and why, then write "
        "it with the alternatives and the consequences.",
    },
    {
        "title": "Explain how it is done",
        "message": "Help me write a how-to guide for a new colleague. Ask me what it is about, "
        "then write the steps in order.",
    },
)
"""Four, the most Slack shows. A press sends the message as it stands.

https://docs.slack.dev/reference/methods/assistant.threads.setSuggestedPrompts
"""

HEADING = "What shall we write?"
STATUS = "is writing …"
"""Slack puts the app's name before it, and takes it away with the next message, or after two
minutes. https://docs.slack.dev/reference/methods/assistant.threads.setStatus"""

LONGEST_TITLE = 80

PATIENCE = 3.0
"""Seconds for a call. A status that comes after the answer would stay."""

_REMEMBERED = 1_000


class AssistantPane:
    """What the pane shows around a conversation. Nothing here delays an answer."""

    def __init__(self, extras: Extras) -> None:
        self._extras = extras
        # Threads that were opened and have no title yet; and messages that were heard.
        self._untitled: OrderedDict[str, None] = OrderedDict()
        self._heard: OrderedDict[str, None] = OrderedDict()

    def opened(self, fields: Mapping[str, Any]) -> bool:
        """Takes the events of a pane that opens or moves; False for any other event."""
        event = object_in(fields, "event")
        kind, at = word_in(event, "type"), installed_in(fields)
        if kind == "assistant_thread_context_changed":
            return True
        if kind == "assistant_thread_started":
            thread = object_in(event, "assistant_thread")
            channel, ts = word_in(thread, "channel_id"), word_in(thread, "thread_ts")
            if channel and ts:
                _remember(self._untitled, f"{channel}:{ts}")
                self._suggest(at, channel_id=channel, thread_ts=ts)
            return True
        if kind == "app_home_opened" and word_in(event, "tab") == "messages":
            # With a thread named, an agent's call would silently do nothing.
            if channel := word_in(event, "channel"):
                self._suggest(at, channel_id=channel)
            return True
        return False

    def asked(self, fields: Mapping[str, Any]) -> Said | None:
        """Shows that a direct message is being answered; the message, where it is one."""
        said = read_said(fields)
        if said is None or word_in(said.event, "channel_type") != "im" or not is_talk(said):
            return None
        key = f"{said.channel}:{said.ts}"
        if key in self._heard:
            # Its answer may be there already, and no message would take the status away.
            return None
        _remember(self._heard, key)
        thread = f"{said.channel}:{said.thread}"
        first = not said.follows or thread in self._untitled
        self._untitled.pop(thread, None)
        self._extras.later(self._show(said, title(said.text) if first else ""))
        return said

    def over(self, said: Said) -> None:
        """Takes the status away where no answer will come."""
        self._extras.later(self._status(said, ""))

    def _suggest(self, at: Workspace, **where: str) -> None:
        self._extras.later(self._prompts(at, where))

    async def _prompts(self, at: Workspace, where: Mapping[str, str]) -> None:
        method = "assistant.threads.setSuggestedPrompts"
        await self._extras.call(at, method, PATIENCE, **where, title=HEADING, prompts=[*PROMPTS])

    async def _show(self, said: Said, name: str) -> None:
        await self._status(said, STATUS)
        if name:
            where = {"channel_id": said.channel, "thread_ts": said.thread}
            method = "assistant.threads.setTitle"
            await self._extras.call(said.installed, method, PATIENCE, **where, title=name)

    async def _status(self, said: Said, status: str) -> None:
        where = {"channel_id": said.channel, "thread_ts": said.thread}
        method = "assistant.threads.setStatus"
        await self._extras.call(said.installed, method, PATIENCE, **where, status=status)


def title(text: str) -> str:
    """A thread's title: the beginning of the first thing that was asked in it. Pure."""
    words = " ".join(plain_text(text).split())
    if len(words) <= LONGEST_TITLE:
        return words
    cut = words[: LONGEST_TITLE - 2]
    return f"{cut.rsplit(' ', 1)[0] or cut} …"


def _remember(known: OrderedDict[str, None], key: str) -> None:
    known[key] = None
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
