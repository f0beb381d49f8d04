"""A line somebody typed, as a call. Pure.

Flags stand anywhere in the text, with two hyphens or the dash that phones make of both or of one;
values may be quoted. What stands in backticks is text, a lone `--` ends the flags, a lone dash is a
dash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from core.commands.command import LONGEST_TEXT, PREFIX, Command, Flag
from core.commands.registry import COMMANDS
from core.errors import InvalidInput
from core.messages import Call

_TOKEN = re.compile(
    r"""(?P<code>```.*?```|`[^`\n]*`)                       # code is text, whatever it holds
      | (?<!\S)--(?P<end>(?=\s|$))                         # a lone -- ends the flags
      | (?<!\S)(?P<dash>--|[–—]-?|-[–—])(?P<flag>[A-Za-z][\w-]*)(?P<eq>=)?  # a flag
    """,
    re.VERBOSE | re.DOTALL,
)
_VALUE = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|“([^”]*)”|‘([^’]*)’|((?!--|[–—])\S+))""")

# NAME=VALUE, each in quotes where there is a space, or both in one pair of quotes.
_PAIR = re.compile(
    r"""\s*(?:"([^"]*)"|'([^']*)'|“([^”]*)”|‘([^’]*)’|((?!--|[–—])[^\s="'“‘]+))
        (?:\s*=\s*(?:"([^"]*)"|'([^']*)'|“([^”]*)”|‘([^’]*)’)
          |\s+=\s+((?!--)\S+)|=(\S*))?""",
    re.VERBOSE,
)

_LONGEST_ECHO = 200


def parse(line: str, *, unfinished: bool = False) -> Call:
    """The call a line means; the leading `/notion` may be left out.

    `unfinished`: a text that the command needs may be missing, for a form asks for it. Raises
    InvalidInput, with a sentence that says what to type instead.
    """
    text = line.replace("\0", "").strip()
    if text.lower().split(None, 1)[:1] in ([PREFIX], [PREFIX.removeprefix("/")]):
        text = text[text.lower().index(PREFIX[1:]) + len(PREFIX) - 1 :].strip()
    listed = {known.name: known for known in COMMANDS.values() if known.listed}
    ahead, line = _flags_ahead(text, listed.values())
    name, _, rest = _first_word(line)
    if ahead and name.lower() in listed:
        rest = f"{ahead} {rest}"
    else:
        name, _, rest = _first_word(text)
    if not name:
        return Call("help")
    command = listed.get(name.lower())
    if command is None:
        raise InvalidInput(_unknown_command(name, list(listed), text))
    words, flags = _take_flags(rest, command)
    _check_text(words, command, unfinished=unfinished)
    return Call(command.name, words, flags)


def _first_word(text: str) -> tuple[str, str, str]:
    match = re.match(r"(\S+)(\s*)(.*)", text, re.DOTALL)
    return (match[1], match[2], match[3]) if match else ("", "", "")


def _flags_ahead(text: str, commands: Iterable[Command]) -> tuple[str, str]:
    """The flags before the command's name, and what follows them: `--save generate a plan`."""
    flags = {flag.name: flag for command in commands for flag in command.flags}
    at = 0
    while (match := _TOKEN.match(text, at)) and (flag := flags.get((match["flag"] or "").lower())):
        at = match.end()
        if flag.value is not None and (value := _VALUE.match(text, at)):
            at = value.end()
        at += len(text[at:]) - len(text[at:].lstrip())
    return text[:at].rstrip(), text[at:]


def _unknown_command(name: str, known: list[str], text: str) -> str:
    alone = len(text.split()) == 1
    # Whoever writes a sentence means no command that is merely a little like its first word.
    near = _near(name, known, 0.6 if alone else 0.75)
    begun = [each for each in known if alone and each.startswith(name.lower())]
    if near := near or next(iter(begun), None):
        return f"There is no command “{name}”. Did you mean `{PREFIX} {near}`?"
    if not alone and len(text) <= _LONGEST_ECHO:
        return f"There is no command “{name}”. For a page about it: `{PREFIX} generate {text}`"
    return f"There is no command “{name}”. `{PREFIX} help` lists them all."


def _take_flags(text: str, command: Command) -> tuple[str, dict[str, str | bool]]:
    known = {flag.name: flag for flag in command.flags}
    flags: dict[str, str | bool] = {}
    kept: list[str] = []
    at = 0
    while match := _TOKEN.search(text, at):
        kept.append(text[at : match.start()])
        if match["code"] is not None:
            kept.append(match["code"])
            at = match.end()
        elif match["flag"] is None:
            at = match.end()
            break
        elif match["dash"] != "--" and not _near(match["flag"], known):
            # A dash before a word is a phone's flag only where there is such a flag.
            kept.append(match[0])
            at = match.end()
        else:
            flag = _known_flag(match["flag"], known, command)
            before = flags.get(flag.name) if flag.several else None
            flags[flag.name], at = _value(text, match.end(), flag, given=bool(match["eq"]))
            if before:
                flags[flag.name] = f"{before}\n{flags[flag.name]}"
    kept.append(text[at:])
    # A flag between two words leaves two spaces behind; one is enough.
    words = "".join(
        part if i == 0 else _joined(kept[:i], part) for i, part in enumerate(kept) if part
    )
    return words.strip(), flags


def _joined(before: list[str], part: str) -> str:
    done = "".join(before)
    return part[1:] if part[:1] == " " and done[-1:] in (" ", "") else part


def _known_flag(name: str, known: dict[str, Flag], command: Command) -> Flag:
    flag = known.get(name.lower())
    if flag is not None:
        return flag
    if near := _near(name, known):
        hint = f"Did you mean `--{near}`?"
    elif known:
        hint = "It has " + ", ".join(f"`--{name}`" for name in known) + "."
    else:
        hint = "It has none."
    raise InvalidInput(
        f"`{PREFIX} {command.name}` has no flag `--{name}`. {hint} "
        f"If it belongs to your text, put it in `backticks`."
    )


def _near(name: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """The name that was meant, where one is so much like it; 1 is the same."""
    return next(iter(get_close_matches(name.lower(), known, n=1, cutoff=alike)), None)


def _value(text: str, at: int, flag: Flag, *, given: bool) -> tuple[str | bool, int]:
    if flag.value is None:
        if given:
            raise InvalidInput(f"`--{flag.name}` takes no value.")
        return True, at
    if flag.several:
        return _pair(text, at, flag)
    match = _VALUE.match(text, at)
    value = next((group for group in match.groups() if group is not None), "") if match else ""
    if not match or not value.strip():
        raise InvalidInput(
            f"`--{flag.name}` needs a value: `--{flag.name} {flag.value}`. {flag.help}"
        )
    return value.strip(), match.end()


def _pair(text: str, at: int, flag: Flag) -> tuple[str, int]:
    match = _PAIR.match(text, at)
    name, value = "", None
    if match:
        groups = match.groups()
        name = next((group for group in groups[:5] if group is not None), "")
        value = next((group for group in groups[5:] if group is not None), None)
    if value is None:
        name, equals, value = name.partition("=")
        name = name if equals else ""
    if not match or not name.strip():
        raise InvalidInput(
            f"`--{flag.name}` needs a name and a value: `--{flag.name} {flag.value}`, in quotes "
            f'where there is a space: `--{flag.name} "Due date"=tomorrow`.'
        )
    return " ".join(f"{name.strip()}={value}".split()), match.end()


def _check_text(text: str, command: Command, *, unfinished: bool) -> None:
    argument = command.argument
    if argument is None:
        if text:
            raise InvalidInput(f"`{command.usage}` takes no text after it.")
        return
    if argument.required and not text and not unfinished:
        what = argument.name if argument.name.endswith("s") else f"a {argument.name}"
        example = f" For example: `{PREFIX} {command.name} {argument.example}`"
        raise InvalidInput(
            f"`{PREFIX} {command.name}` needs {what}: `{command.usage}`."
            + (example if argument.example else "")
        )
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(
            f"That is {len(text):,} characters; at most {LONGEST_TEXT:,} fit in one command. "
            "Shorten it, or split it in two."
        )
