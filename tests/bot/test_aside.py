"""Where something can be said later, on each platform."""

from __future__ import annotations

from bot.discord.aside import aside as on_discord
from bot.slack.aside import aside as on_slack

SLACK = {
    "channel_id": "C1",
    "team_id": "T1",
    "user_id": "U1",
    "response_url": "https://hooks.slack.example/secret",
    "private": "yes",
    "marked": "yes",
    "message": "1.2",
    "thread": "1.2",
}
DISCORD = {
    "application_id": "1",
    "bot_id": "2",
    "interaction_token": "secret",
    "interaction_id": "3",
    "channel_id": "4",
    "guild_id": "5",
    "user_id": "6",
    "asked_in": "4",
    "placeholder": "no",
}


def test_slack_says_it_in_the_thread_of_the_message_or_of_the_answer() -> None:
    found = on_slack(SLACK, None)
    assert found is not None
    assert (found["thread"], found["aside"], found["response_url"]) == ("1.2", "yes", "")
    assert "private" not in found
    assert "marked" not in found
    reply = {"via": "api", "channel": "C2", "ts": "3.4", "thread": "", "marker": "m"}
    assert (on_slack(SLACK, reply) or {})["thread"] == "3.4"
    assert (on_slack(SLACK, reply | {"thread": "2.1"}) or {})["thread"] == "2.1"
    assert on_slack(SLACK | {"channel_id": ""}, None) is None


def test_discord_replies_to_the_message_or_to_the_answer() -> None:
    found = on_discord(DISCORD | {"message": "7"}, None)
    assert found is not None
    assert (found["message"], found["interaction_token"]) == ("7", "")
    assert "placeholder" not in found
    answered = on_discord(DISCORD, {"via": "channel", "id": "8", "channel": "9"}) or {}
    assert (answered["message"], answered["channel_id"]) == ("8", "9")
    assert "message" not in (on_discord(DISCORD, None) or {})
