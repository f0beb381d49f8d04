"""What is known of messages and prompts, for the properties of a page."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from core.facts import Facts, hashtags, of_messages, of_prompt, tags_of
from core.messages import Call, Message, Request, Sender

AT = datetime(2026, 11, 24, 12, 1, tzinfo=UTC)
REQUEST = Request(uuid4(), Sender("slack", "U9", "Grace", "T1"), Call("save"))


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#launch today", ("launch",)),
        ("Ship it (#launch, #mobile-app) #launch", ("launch", "mobile-app")),
        ("#Größe und #日本語", ("Größe", "日本語")),
        ("See <#C123|general> and <#456>", ()),
        ("https://a.example/#part, a#b, &#39;", ()),
        ("Fixes #12, colour #a0b0c0 and #0f0", ()),
        ("# Heading\n## Another", ()),
        ("`#code` and ```\n#include\n```", ()),
        ("first\n#second", ("second",)),
    ],
)
def test_hashtags_are_words_that_somebody_typed_with_a_mark(
    text: str, tags: tuple[str, ...]
) -> None:
    assert hashtags(text) == tags


def test_tags_are_named_with_commas_and_come_once_whatever_their_case() -> None:
    assert tags_of(" Launch, #mobile  app ,,", ["launch", "q4"]) == ("Launch", "mobile app", "q4")
    assert tags_of(None) == ()
    assert len(tags_of(",".join(map(str, range(150))))) == 100
    assert tags_of("x" * 200) == ("x" * 100,)


def test_of_messages_all_is_known_that_they_tell() -> None:
    said = [
        Message("1", "Ada", "…", AT, "https://m", author_id="U1", channel="general", tags=("a",)),
        Message("2", "Bob", "…", AT, author_id="U2", tags=("b",)),
        Message("3", "Notion Assistant", "…", AT, ours=True, tags=("c",)),
        Message("4", "Ada", "…", AT, author_id="U1"),
    ]
    facts = of_messages(said, REQUEST, "z")
    ada, bob = Sender("slack", "U1", "Ada", "T1"), Sender("slack", "U2", "Bob", "T1")
    assert facts.author == ada
    assert facts.participants == (ada, bob)
    assert (facts.channel, facts.source, facts.link) == ("general", "Slack", "https://m")
    assert facts.at == AT
    assert facts.tags == ("z", "a", "b")


def test_a_prompts_author_is_who_asks() -> None:
    facts = of_prompt(REQUEST, "a")
    assert (facts.author, facts.source, facts.tags) == (REQUEST.sender, "Slack", ("a",))
    assert facts.participants == ()


def test_a_message_kept_before_it_told_of_its_tags_is_read() -> None:
    message = Message("1", "Ada", "…", AT, author_id="U1", channel="general", tags=("a",))
    assert Message.from_json(message.to_json()) == message
    old = message.to_json()
    for name in ("author_id", "channel", "tags"):
        del old[name]
    assert Message.from_json(old) == Message("1", "Ada", "…", AT)


def test_nobodys_address_is_kept_or_shown() -> None:
    facts = Facts(emails={"U1": "ada@example.org"})
    assert "ada@" not in f"{facts} {facts.to_json()}"
