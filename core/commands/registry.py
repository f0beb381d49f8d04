"""Every command, a line each. Adding one is its file, its test and its line here."""

from __future__ import annotations

from core.commands.announce import COMMAND as ANNOUNCE
from core.commands.ask import COMMAND as ASK
from core.commands.command import Command
from core.commands.follow import COMMAND as FOLLOW
from core.commands.generate import COMMAND as GENERATE
from core.commands.help import COMMAND as HELP
from core.commands.history import COMMAND as HISTORY
from core.commands.link import ASKED, LINKED
from core.commands.link import COMMAND as LINK
from core.commands.notion import BUTTON as NOTION
from core.commands.notion import CONNECTED
from core.commands.rate import COMMAND as RATE
from core.commands.rewrite import COMMAND as REWRITE
from core.commands.save import COMMAND as SAVE
from core.commands.save import MARKED, UNDO
from core.commands.save_item import COMMAND as SAVE_ITEM
from core.commands.search import COMMAND as SEARCH
from core.commands.settings import COMMAND as SETTINGS
from core.commands.stop import COMMAND as STOP
from core.commands.take_back import COMMAND as TAKE_BACK
from core.commands.talk import COMMAND as TALK
from core.commands.to import COMMAND as TO
from core.commands.unlink import COMMAND as UNLINK
from core.commands.usage import COMMAND as USAGE
from core.messages import Call

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        GENERATE,
        SAVE,
        ASK,
        SEARCH,
        HISTORY,
        TO,
        LINK,
        UNLINK,
        SETTINGS,
        USAGE,
        HELP,
        SAVE_ITEM,
        REWRITE,
        STOP,
        TALK,
        MARKED,
        UNDO,
        RATE,
        LINKED,
        ASKED,
        CONNECTED,
        NOTION,
        ANNOUNCE,
        FOLLOW,
        TAKE_BACK,
    )
}


def is_private(call: Call) -> bool:
    """Whether the answer to this call is for the asker's eyes alone."""
    return COMMANDS[call.command].private or call.has("private")
