"""What the stand-in refuses to a token that was not given a scope."""

import pytest
from slack_sdk.errors import SlackApiError


async def test_a_method_names_the_scope_that_it_lacks(slack, client):
    message = slack.write("a")
    slack.scopes = frozenset({"chat:write"})
    with pytest.raises(SlackApiError) as error:
        await client.reactions_add(channel=slack.general.id, timestamp=message.ts, name="eyes")
    answer = error.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "reactions:write")
    assert answer["provided"] == "chat:write"
    assert message.reactions == {}
    await client.chat_postMessage(channel=slack.general.id, text="allowed")


async def test_reading_wants_a_scope_for_each_kind_of_channel(slack, client):
    private = slack.space.add_channel("private", private=True)
    slack.scopes = frozenset({"channels:history", "groups:read"})
    await client.conversations_history(channel=slack.general.id)
    await client.conversations_info(channel=private.id)
    for refused in (
        client.conversations_history(channel=private.id),
        client.conversations_info(channel=slack.general.id),
    ):
        with pytest.raises(SlackApiError, match="missing_scope"):
            await refused


async def test_without_a_list_everything_is_allowed(slack, client):
    assert slack.scopes is None
    assert (await client.users_info(user=slack.user.id))["user"]["is_restricted"] is False
