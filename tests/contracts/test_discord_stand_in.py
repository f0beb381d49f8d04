"""What the Discord stand-in answers and takes, held to Discord's own OpenAPI document."""

from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest

from sandbox.discord.server import DiscordServer
from tests.contracts.discord_spec import broken, faults, request_schema, spec
from tests.sandbox.discord.showcase import TOKEN, Bot, connected

CREATE = "POST /channels/{channel_id}/messages"
COMMANDS = "PUT /applications/{application_id}/commands"


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    spec()
    async with DiscordServer(TOKEN) as running:
        yield running


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Bot]:
    async with connected(server) as client:
        yield client


async def test_every_answer_to_a_real_client_is_as_documented(server, bot):
    asked = await server.slash_command(sub="generate", options={"prompt": "plan"})
    await asked.said(2)
    await (await server.click(asked.original, "stop")).acknowledged()
    await (await server.slash_command(sub="now")).answered()
    opened = await server.slash_command(sub="form")
    await opened.acknowledged()
    await (await server.submit(opened, {"title": "Plan"})).answered()
    typed = await server.autocomplete("notion", "search", "words", {"words": "plan"})
    await typed.acknowledged()
    message = await server.write("keep")
    await (await server.message_command("Save to Notion", message)).answered()
    channel = bot.get_channel(int(server.general.id))
    fetched = await channel.fetch_message(int(message.id))
    await fetched.add_reaction("👀")
    await fetched.remove_reaction("👀", bot.user)
    async with channel.typing():
        await bot.http.get_bot_gateway()
    reply = await fetched.reply("hi", nonce="n1", embed=discord.Embed(description="d"))
    await reply.edit(content="hi!")
    await reply.delete()
    await bot.fetch_channel(channel.id)
    await bot.fetch_guild(int(server.guild.id), with_counts=False)
    await bot.create_dm(discord.Object(int(server.user.id)))
    assert len([one async for one in channel.history()]) == 4
    await bot.tree.fetch_commands()
    found = {call.name: problems for call in server.requests if (problems := broken(call))}
    assert found == {}
    assert len({call.name for call in server.requests}) >= 18


async def test_conversations_are_as_documented(server):
    message = await server.write("keep")
    thread = await server.start_thread(message)
    reply = await server.write("inside", thread)
    await server.write("an answer", thread, reply_to=reply)
    paths = [
        f"/channels/{server.general.id}/messages/{message.id}",
        f"/channels/{thread.id}",
        f"/channels/{thread.id}/messages",
        f"/channels/{thread.id}/thread-members/{server.user.id}",
        f"/guilds/{server.guild.id}/members/{server.user.id}",
        f"/guilds/{server.guild.id}/members/1",
        "/applications/@me",
    ]
    headers = {"Authorization": f"Bot {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for privileged in (server.gateway.privileged, 0):
            server.gateway.privileged = privileged
            for path in paths:
                await session.get(server.api_url + path)
    statuses = [call.answer.status for call in server.requests]
    assert statuses == [200, 200, 200, 200, 200, 404, 200] * 2
    assert {call.name: broken(call) for call in server.requests if broken(call)} == {}


async def test_refusals_have_the_documented_shape(server):
    path = f"{server.api_url}/channels/{server.general.id}"
    server.limits.routes["GET /channels/{channel_id}"] = (0, 60.0)
    headers = {"Authorization": f"Bot {TOKEN}"}
    async with aiohttp.ClientSession() as session:
        for body in ({}, {"content": "a" * 5000}, {"content": 1}):
            await session.post(f"{path}/messages", json=body, headers=headers)
        await session.get(f"{path}/messages")
        await session.get(f"{path}/messages/1", headers=headers)
        await session.post(f"{path}/typing", headers=headers)
    assert [call.answer.status for call in server.requests] == [400, 400, 400, 401, 404, 204]
    assert {call.name: broken(call) for call in server.requests if broken(call)} == {}


MESSAGES = [
    {"content": "a"},
    {"content": "a", "allowed_mentions": {"parse": []}},
    {"content": "a" * 4001},
    {"content": ["a"]},
    {"embeds": [{"description": "d" * 4097}]},
    {"embeds": [{"description": "d"}] * 11},
    {"content": "a", "components": [{"type": 1, "components": []}]},
    {"content": "a", "components": [{"type": 99}]},
    {"content": "a", "nonce": "n" * 26},
]


@pytest.mark.parametrize("body", MESSAGES)
async def test_a_message_the_document_forbids_is_refused_and_others_are_taken(server, body):
    documented = not faults(request_schema(CREATE), body)
    headers = {"Authorization": f"Bot {TOKEN}"}
    url = f"{server.api_url}/channels/{server.general.id}/messages"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=headers) as answer,
    ):
        assert (answer.status == 200) == documented


NAMED = {"name": "notion", "description": "d", "type": 1}
REGISTRATIONS = [
    [NAMED],
    [{"name": "Save to Notion", "type": 3}],
    [NAMED | {"name": "n" * 33}],
    [NAMED | {"description": "d" * 101}],
    [NAMED | {"options": [NAMED | {"type": 3}] * 26}],
    [NAMED | {"options": [NAMED | {"type": 12}]}],
    [{"description": "d"}],
]


@pytest.mark.parametrize("body", REGISTRATIONS)
async def test_commands_the_document_forbids_are_refused_and_others_are_taken(server, body):
    documented = not faults(request_schema(COMMANDS), body)
    headers = {"Authorization": f"Bot {TOKEN}"}
    url = f"{server.api_url}/applications/{server.world.application_id}/commands"
    async with (
        aiohttp.ClientSession() as session,
        session.put(url, json=body, headers=headers) as answer,
    ):
        assert (answer.status == 200) == documented
