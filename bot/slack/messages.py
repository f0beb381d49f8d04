"""Messages as Slack describes them, as the core knows them. Pure.

https://docs.slack.dev/reference/events/message
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.slack.layout import laid_out, mentioned, words_of
from bot.slack.markdown import channels_in, labels_in, markdown, people_in, with_breaks
from bot.slack.parse import object_in, word_in
from bot.slack.richtext import document
from bot.slack.shared import card, forwarded, is_card, is_forwarded
from core.facts import hashtags
from core.markdown.commonmark import commonmark
from core.messages import File, Mention, Message

EVENT_TYPE = "notion_assistant_reply"
"""What the metadata of the app's own messages is called."""

NOBODY = "Somebody"

Raw = Mapping[str, Any]

# What else has a subtype tells who joined, or what is left of a deleted message.
_SAID = frozenset({"", "file_share", "me_message", "thread_broadcast", "bot_message"})

# A file that was deleted, or that a free workspace no longer shows.
_GONE = frozenset({"tombstone", "hidden_by_limit"})


@dataclass(frozen=True, slots=True)
class Us:
    """The app's own user and bot, and the workspace and organisation it is in; empty where Slack
    did not say, or there is none."""

    user: str = ""
    bot: str = ""
    team: str = ""
    enterprise: str = ""


def read_message(
    raw: Raw,
    names: Mapping[str, str],
    us: Us,
    link: str = "",
    place: str = "",
    channel: str = "",
) -> Message:
    """A message; `names` are those of people and channels, by their ids."""
    ts, ours = word_in(raw, "ts"), is_ours(raw, us)
    return Message(
        id=ts,
        author=_author(raw, names),
        text=_text(raw, names, ours=ours),
        at=datetime.fromtimestamp(float(ts or 0), UTC),
        link=link,
        ours=ours,
        files=tuple(_files(raw)),
        place=place,
        author_id="" if word_in(raw, "bot_id") else word_in(raw, "user"),
        channel=channel,
        tags=hashtags(_said(raw)),
        mentions=tuple(_named(raw, names)),
    )


def _named(raw: Raw, names: Mapping[str, str]) -> Iterable[Mention]:
    """Whom a message mentions, those whose names are known."""
    told = f"{_mentions(raw)} {mentioned(_rich(raw))}"
    known = labels_in(told) | dict(names)
    return (Mention(user, known[user]) for user in people_in(told) if known.get(user))


def is_ours(raw: Raw, us: Us) -> bool:
    """Whether this app wrote the message."""
    wrote = word_in(raw, "bot_id"), word_in(raw, "user")
    return (us.bot != "" and wrote[0] == us.bot) or (us.user != "" and wrote[1] == us.user)


def is_said(raw: Raw) -> bool:
    """Whether a person or an app says something; else Slack tells of the channel."""
    return word_in(raw, "subtype") in _SAID


def is_aside(raw: Raw) -> bool:
    """Whether it is no part of what was said: the app's word on a 📝, or one it still writes."""
    metadata = object_in(raw, "metadata")
    if word_in(metadata, "event_type") != EVENT_TYPE:
        # A stream has no metadata before its end.
        return stopped_by(raw) != ""
    payload = object_in(metadata, "event_payload")
    return "yes" in (payload.get("marked"), payload.get("draft"))


def stopped_by(raw: Raw) -> str:
    """The item whose writing a button of an app's message stops; empty where there is none."""
    if not raw.get("bot_id"):
        return ""
    for block in _list(raw, "blocks", "actions"):
        for element in _list(block, "elements", "button"):
            if word_in(element, "action_id") == "stop":
                return word_in(element, "value")
    return ""


def people_of(raws: Iterable[Raw]) -> list[str]:
    """The ids of the people who wrote messages or are mentioned in them, each once."""
    found: list[str] = []
    for raw in raws:
        found += [word_in(raw, "user"), *people_in(_mentions(raw))]
        for each in _list(raw, "attachments"):
            if is_forwarded(each) and not word_in(each, "author_name"):
                found.append(word_in(each, "author_id"))
            found += people_in(word_in(each, "text")) if _is_shown_apart(each) else []
    return [user for user in dict.fromkeys(found) if user]


def channels_of(raws: Iterable[Raw]) -> list[str]:
    """The ids of the channels that messages mention without their names, each once."""
    found: list[str] = []
    for raw in raws:
        found += channels_in(_mentions(raw))
        shared = [each for each in _list(raw, "attachments") if is_forwarded(each)]
        found += [word_in(each, "channel_id") for each in shared if not each.get("channel_name")]
    return list(dict.fromkeys(each for each in found if each))


def _text(raw: Raw, names: Mapping[str, str], *, ours: bool) -> str:
    if ours and (written := _written(raw)):
        return written
    if rich := _rich(raw):
        # The text names some whom nobody looked up: groups, and people of elsewhere.
        known = labels_in(word_in(raw, "text")) | dict(names)
        said = commonmark(document(rich, known)).rstrip("\n")
    else:
        said = with_breaks(markdown(_said(raw), names))
        blocks = [each for each in _list(raw, "blocks") if not (ours and _is_signature(each))]
        if laid := laid_out(blocks, names):
            # Mostly the text is a shorter word for the same; what it says beside that is kept.
            said = laid if words_of(said) <= words_of(laid) else f"{said}\n\n{laid}"
    return "\n\n".join(part for part in (said, *_attached(raw, names, ours=ours)) if part)


def _is_signature(block: Raw) -> bool:
    """Whether the app says there who asked (`bot.slack.notes.signed`): its notes are markup."""
    elements = _list(block, "elements")
    return block.get("type") == "context" and all(
        each.get("type") == "plain_text" for each in elements
    )


def _attached(raw: Raw, names: Mapping[str, str], *, ours: bool) -> Iterable[str]:
    """What was forwarded with a message, and the cards of apps."""
    for each in () if ours else _list(raw, "attachments"):
        if is_forwarded(each):
            yield forwarded(each, names)
        elif is_card(each) and (raw.get("bot_id") or not word_in(raw, "text").strip()):
            yield card(each, names)


def _rich(raw: Raw) -> Sequence[Raw]:
    """What the composer made, where the message is nothing else."""
    blocks = _list(raw, "blocks")
    return blocks if all(block.get("type") == "rich_text" for block in blocks) else ()


def _written(raw: Raw) -> str:
    """The Markdown of the app's own blocks."""
    texts = [word_in(block, "text") for block in _list(raw, "blocks", "markdown")]
    return "\n\n".join(text for text in texts if text)


def _said(raw: Raw) -> str:
    """The text; where an app left it out, what its sections and attachments say."""
    text = word_in(raw, "text")
    if text.strip():
        return text
    sections = _list(raw, "blocks", "section", "header")
    said = [word_in(object_in(block, "text"), "text") for block in sections]
    unfolded = [each for each in _list(raw, "attachments") if not _is_shown_apart(each)]
    said += [word_in(each, "text") or word_in(each, "fallback") for each in unfolded]
    return "\n\n".join(part for part in said if part)


def _mentions(raw: Raw) -> str:
    """What mentions people and channels: the text, and what an app laid out beside it."""
    laid = () if _rich(raw) else _list(raw, "blocks")
    return f"{_said(raw)} {mentioned(laid)}"


def _is_shown_apart(attachment: Raw) -> bool:
    return is_forwarded(attachment) or is_card(attachment)


def _author(raw: Raw, names: Mapping[str, str]) -> str:
    known = names.get(word_in(raw, "user"), "")
    profile = word_in(object_in(raw, "bot_profile"), "name")
    if word_in(raw, "bot_id"):
        return word_in(raw, "username") or profile or known or NOBODY
    return known or word_in(raw, "username") or NOBODY


def _files(raw: Raw) -> Iterable[File]:
    shared = [each for each in _list(raw, "attachments") if is_forwarded(each)]
    for file in (file for part in (raw, *shared) for file in _list(part, "files")):
        if word_in(file, "mode") in _GONE:
            continue
        private = word_in(file, "url_private_download") or word_in(file, "url_private")
        size = file.get("size")
        yield File(
            word_in(file, "name") or word_in(file, "title") or "file",
            word_in(file, "permalink") or word_in(file, "url_private"),
            word_in(file, "mimetype"),
            size if isinstance(size, int) else 0,
            # What only hangs on a message from elsewhere is not Slack's to hand over.
            "" if file.get("is_external") is True else private,
        )


def _list(raw: Raw, name: str, *kinds: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a list, those of some kinds alone where kinds are named."""
    value = raw.get(name)
    listed = value if isinstance(value, list) else []
    found = [each for each in listed if isinstance(each, dict)]
    return [each for each in found if not kinds or each.get("type") in kinds]
