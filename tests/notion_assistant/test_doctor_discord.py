from urllib.parse import parse_qs, urlsplit

import pytest

from core.config import Settings
from notion_assistant.doctor import examine
from sandbox.discord.server import DiscordServer

TOKEN = "doctor.bot.token"

# View Channels, Send Messages, Send Messages in Threads, Read Message History, Add Reactions.
NEEDED = 1 << 10 | 1 << 11 | 1 << 38 | 1 << 16 | 1 << 6


async def of_discord(server: DiscordServer) -> str:
    said: list[str] = []
    values = {"discord_token": TOKEN, "discord_api_url": server.api_url}
    await examine(Settings(_env_file=None, **values), said.append)
    [line] = [one for one in said if one.split()[1] == "discord"]
    return line


@pytest.mark.parametrize("granted", [True, False])
async def test_the_invitation_to_discord_asks_for_what_the_bot_needs(granted: bool) -> None:
    async with DiscordServer(TOKEN) as server:
        if not granted:
            server.gateway.privileged = 0
        line = await of_discord(server)
        link = urlsplit(line.split()[-1])
        query = parse_qs(link.query)
        assert link.netloc == "discord.com"
        assert query["client_id"] == [server.world.application_id]
        assert query["scope"] == ["bot applications.commands"]
        assert query["permissions"] == [str(NEEDED)]
        assert line.startswith("✓")
        assert ("Message Content Intent" in line) is not granted
