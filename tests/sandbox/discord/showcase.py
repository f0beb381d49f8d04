"""A real discord.py client whose small commands show each way of answering."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import yarl
from discord import app_commands

from sandbox.discord.server import DiscordServer

TOKEN = "bot-token"


class Bot(discord.Client):
    """Small commands that show each way of answering."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__(intents=intents, guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.heard: list[str] = []
        notion = app_commands.Group(name="notion", description="Notion pages")
        notion.command(name="generate", description="Writes")(generate)
        notion.command(name="now", description="Answers at once")(now)
        notion.command(name="form", description="Opens a form")(form)
        search = notion.command(name="search", description="Searches")(find)
        search.autocomplete("words")(suggest)
        self.tree.add_command(notion)
        menu = app_commands.ContextMenu(name="Save to Notion", callback=save)
        self.tree.add_command(menu)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            self.heard.append(message.content)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self.heard.append(f"{payload.emoji} by {payload.member.name}")

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        self.heard.append(f"{payload.emoji} taken")

    async def on_resumed(self) -> None:
        self.heard.append("resumed")


class Buttons(discord.ui.View):
    @discord.ui.button(label="Stop", custom_id="stop")
    async def stop_it(self, interaction: discord.Interaction, _: discord.ui.Button) -> None:
        await interaction.response.edit_message(content="stopped", view=None)


class Form(discord.ui.Modal, title="Save"):
    name = discord.ui.TextInput(label="Title", custom_id="title")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"named {self.name.value}", ephemeral=True)


async def generate(interaction: discord.Interaction, prompt: str) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content="Part")
    await interaction.edit_original_response(content=f"Whole {prompt}", view=Buttons())
    await interaction.followup.send("and more")


async def now(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("here", ephemeral=True)


async def form(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Form())


async def find(interaction: discord.Interaction, words: str) -> None:
    await interaction.response.send_message(words)


async def suggest(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current}s", value=current)]


async def save(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"saved {message.content}")


@asynccontextmanager
async def connected(server: DiscordServer) -> AsyncIterator[Bot]:
    """The client, ready and with its commands registered."""
    route, socket = discord.http.Route, discord.gateway.DiscordWebSocket
    before = route.BASE, socket.DEFAULT_GATEWAY
    route.BASE, socket.DEFAULT_GATEWAY = server.api_url, yarl.URL(server.gateway_url)
    client = Bot()
    running = asyncio.create_task(client.start(TOKEN))
    try:
        await asyncio.wait_for(client.wait_until_ready(), 30)
        yield client
    finally:
        await client.close()
        await running
        route.BASE, socket.DEFAULT_GATEWAY = before
