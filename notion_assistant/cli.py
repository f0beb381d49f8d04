"""The command line. https://click.palletsprojects.com"""

from __future__ import annotations

import asyncio
import gc
import getpass
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

import click

from core.config import Settings, load_settings
from core.errors import AssistantError, Conflict

if TYPE_CHECKING:
    from core.accounts.admin import Admin


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="notion-assistant")
def main() -> None:
    """Turns prompts and chat messages into Notion pages."""


@main.command()
@click.option("--only", metavar="ROLES", help="Only these, by comma: api, slack, discord, worker.")
def run(only: str | None) -> None:
    """Run the services; all in one process by default."""
    # What is imported now stays: looking through it for garbage costs a sixth of the start.
    gc.disable()
    from notion_assistant.services import ROLES
    from notion_assistant.services import run as run_services

    roles = frozenset(part.strip() for part in only.split(",")) if only else frozenset(ROLES)
    if unknown := roles - set(ROLES):
        _give_up(f"There is no role “{', '.join(sorted(unknown))}”. There are: {', '.join(ROLES)}.")
    settings = _settings()
    _run(run_services(settings, roles, click.echo))


# What follows the first word is the command's own, flags included.
@main.command(context_settings={"allow_interspersed_args": False})
@click.option("--user", default=getpass.getuser, help="Who is speaking.", show_default="you")
@click.argument("text", nargs=-1)
def chat(user: str, text: tuple[str, ...]) -> None:
    """Type commands here as in a chat: TEXT, lines on standard input, or a prompt."""
    from notion_assistant.chat import converse

    lines: list[str] | None = None
    if text:
        lines = [" ".join(text)]
        if not lines[0].strip():
            raise click.UsageError("TEXT is empty. Try: notion-assistant chat '/notion help'")
    elif not sys.stdin.isatty():
        lines = sys.stdin.read().splitlines()
        if not "".join(lines).strip():
            raise click.UsageError(
                "Nothing came on standard input. Try: notion-assistant chat '/notion help'"
            )
    settings = _settings(quiet=True)
    sys.exit(_run(converse(settings, user, lines)))


@main.command()
def migrate() -> None:
    """Bring the database to the newest schema."""
    from core.storage.database import Database
    from core.storage.migrate import NEWEST
    from core.storage.migrate import migrate as bring_up

    async def bring() -> bool:
        database = Database(_settings().database_url)
        try:
            return await bring_up(database)
        finally:
            await database.close()

    done = "brought to" if _run(bring()) else "already at"
    click.echo(f"The database is {done} schema {NEWEST}.")


@main.command()
@click.argument("login", metavar="EMAIL")
@click.option("--remove", is_flag=True, help="Make them a member again.")
@click.option("--force", is_flag=True, help="With --remove: even if no admin is left.")
def admin(login: str, remove: bool, force: bool) -> None:
    """Make the account with this EMAIL an admin of this server."""
    from core.accounts.admin import Admin
    from core.storage.database import Database
    from core.storage.migrate import migrate as bring_up

    async def appoint() -> str:
        database = Database(_settings(quiet=True).database_url)
        try:
            await bring_up(database)
            return await _appointed(Admin(database), login, remove=remove, force=force)
        finally:
            await database.close()

    if force and not remove:
        raise click.UsageError("--force goes with --remove.")
    name = _run(appoint())
    click.echo(f"{name} is {'a member' if remove else 'an admin'} of this server.")


async def _appointed(admin: Admin, login: str, *, remove: bool, force: bool) -> str:
    try:
        user = await admin.appoint(login, remove=remove, force=force)
    except Conflict:
        _give_up(
            f"{login} is the only admin of this server. Make somebody else one first, with "
            "`notion-assistant admin EMAIL`, or add --force: then nobody is, until you make one."
        )
    return user.username or login


@main.command()
def check() -> None:
    """Check settings, database, Redis, providers, Slack, Discord and Notion."""
    from notion_assistant.doctor import examine

    settings = _settings(quiet=True)
    if not _run(examine(settings, click.echo)):
        sys.exit(1)


def _settings(*, quiet: bool = False) -> Settings:
    from notion_assistant.logs import configure_logs

    try:
        settings = load_settings()
    except AssistantError as error:
        _give_up(error.message)
    if quiet and settings.log_level == "INFO":
        settings = settings.model_copy(update={"log_level": "WARNING"})
    configure_logs(settings)
    return settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(work)
    except AssistantError as error:
        _give_up(error.message)
    except KeyboardInterrupt:
        sys.exit(130)


def _give_up(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
