import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from core.config import Settings
from notion_assistant.doctor import examine
from sandbox.discord.server import DiscordServer
from sandbox.traffic import Answer
from sandbox.traffic import Call as Traffic

TOKEN = "doctor.bot.token"

# View Channels, Send Messages, Send Messages in Threads, Read Message History, Add Reactions.
NEEDED = 1 << 10 | 1 << 11 | 1 << 38 | 1 << 16 | 1 << 6


async def of_discord(server: DiscordServer, token: str = TOKEN) -> str:
    said: list[str] = []
    values = {"discord_token": token, "discord_api_url": server.api_url}
    await examine(Settings(_env_file=None, **values), said.append)
    [line] = [one for one in said if one.split()[1] == "discord"]
    return line


def links_in(line: str) -> list[dict[str, list[str]]]:
    links = [urlsplit(word) for word in line.split() if word.startswith("https://")]
    assert all((link.netloc, link.path) == ("discord.com", "/oauth2/authorize") for link in links)
    return [parse_qs(link.query) for link in links]


@pytest.mark.parametrize("granted", [True, False])
async def test_the_invitations_to_discord_ask_for_what_the_bot_needs(granted: bool) -> None:
    async with DiscordServer(TOKEN) as server:
        if not granted:
            server.gateway.privileged = 0
        line = await of_discord(server)
        own = [server.world.application_id]
    assert links_in(line) == [
        {
            "client_id": own,
            "scope": ["bot applications.commands"],
            "permissions": [str(NEEDED)],
            "integration_type": ["0"],
        },
        {"client_id": own, "scope": ["applications.commands"], "integration_type": ["1"]},
    ]
    assert line.startswith("✓")
    assert ("Message Content Intent" in line) is not granted
    assert "in no server" not in line


async def test_a_bot_that_nobody_invited_is_said_to_be_in_no_server() -> None:
    async with DiscordServer(TOKEN) as server:
        server.world.guilds.clear()
        line = await of_discord(server)
    assert line.startswith("✓")
    assert "in no server" in line


@pytest.mark.parametrize("name", ["oauth2/applications/@me", "users/@me/guilds"])
async def test_a_server_that_tells_little_of_the_bot_is_no_trouble(name: str) -> None:
    async def hook(call: Traffic) -> Answer | None:
        gone = {"message": "404: Not Found", "code": 0}
        return Answer(gone, 404) if name in call.name else None

    token = base64.b64encode(b"4242").decode().rstrip("=") + ".x.y"
    async with DiscordServer(token) as server:
        server.hooks.before.append(hook)
        line = await of_discord(server, token)
        known = "4242" if "applications" in name else server.world.application_id
    assert line.startswith("✓")
    assert [each["client_id"] for each in links_in(line)] == [[known]] * 2


async def test_a_token_that_is_not_accepted_still_says_whom_to_invite() -> None:
    token = base64.b64encode(b"123456789012345678").decode() + ".x.y"
    async with DiscordServer(TOKEN) as server:
        line = await of_discord(server, token)
    assert line.startswith("✗")
    assert "Reset it" in line
    assert [each["client_id"] for each in links_in(line)] == [["123456789012345678"]] * 2
    assert token not in line
