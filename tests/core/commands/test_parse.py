import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.commands.parse import parse
from core.commands.registry import COMMANDS, is_private
from core.errors import InvalidInput
from core.messages import Call


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("/notion generate a plan", Call("generate", "a plan")),
        ("generate a plan", Call("generate", "a plan")),
        ("  /notion   GENERATE  a plan ", Call("generate", "a plan")),
        ("/notion generate a plan --save", Call("generate", "a plan", {"save": True})),
        ("/notion generate --save a plan", Call("generate", "a plan", {"save": True})),
        ("/notion generate a --save plan", Call("generate", "a plan", {"save": True})),
        ("/notion generate a plan —save", Call("generate", "a plan", {"save": True})),
        ("/notion generate a plan –save", Call("generate", "a plan", {"save": True})),
        ("/notion generate a plan –-save", Call("generate", "a plan", {"save": True})),
        ("/notion generate a plan —-save", Call("generate", "a plan", {"save": True})),
        ("/notion generate a plan -–save", Call("generate", "a plan", {"save": True})),
        ("/notion generate a –-b plan", Call("generate", "a –-b plan")),
        ("/notion --save generate a plan", Call("generate", "a plan", {"save": True})),
        (
            "—save --to “Team plans” generate x",
            Call("generate", "x", {"save": True, "to": "Team plans"}),
        ),
        (
            "--provider=openai generate --save x",
            Call("generate", "x", {"provider": "openai", "save": True}),
        ),
        ("/notion --channel to Team", Call("to", "Team", {"channel": True})),
        ("/notion generate x --to Team", Call("generate", "x", {"to": "Team"})),
        ("/notion generate x --to=Team", Call("generate", "x", {"to": "Team"})),
        ('/notion generate x --to "Team plans" y', Call("generate", "x y", {"to": "Team plans"})),
        ("/notion generate x --to “Team plans”", Call("generate", "x", {"to": "Team plans"})),
        ("/notion generate x --to='Team plans'", Call("generate", "x", {"to": "Team plans"})),
        ("/notion generate why `--save` exists", Call("generate", "why `--save` exists")),
        ("/notion generate ```\nls --all\n``` now", Call("generate", "```\nls --all\n``` now")),
        ('/notion generate say "hi" it\'s', Call("generate", 'say "hi" it\'s')),
        ("/notion generate --save -- ls --all", Call("generate", "ls --all", {"save": True})),
        ("/notion generate a – b — c --save", Call("generate", "a – b — c", {"save": True})),
        ("/notion generate a\n\nb", Call("generate", "a\n\nb")),
        ("/notion generate 3 -- 2 -1", Call("generate", "3 2 -1")),
        ("/notion generate well-known a—b", Call("generate", "well-known a—b")),
        ("/notion", Call("help")),
        ("", Call("help")),
        ("/notion help generate", Call("help", "generate")),
        ("/notion history", Call("history")),
        ("/Notion HELP", Call("help")),
        ("notion help", Call("help")),
        ("/notion generate cats —and dogs", Call("generate", "cats —and dogs")),
        ("/notion generate a –b —save", Call("generate", "a –b", {"save": True})),
    ],
)
def test_a_line_means_one_call(line: str, call: Call) -> None:
    assert parse(line) == call


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/notion generat x", "Did you mean `/notion generate`"),
        ("/notion gen", "Did you mean `/notion generate`"),
        ("/notion sea level rise", "`/notion generate sea level rise`"),
        ("/notion zzz", "`/notion help` lists them all"),
        ("/notion save-item 1", "There is no command"),
        ("/notion generate", "needs a prompt: `/notion generate <prompt>`"),
        ("/notion generate --save", "needs a prompt"),
        ("/notion hello there", "For a page about it: `/notion generate hello there`"),
        ("/notion generate x —sve", "Did you mean `--save`"),
        ("/notion generate x --sve", "Did you mean `--save`"),
        ("/notion generate x --colour", "put it in `backticks`"),
        ("/notion generate x --to", "`--to` needs a value"),
        ("/notion generate x --to --save", "`--to` needs a value"),
        ("/notion generate x --to ''", "`--to` needs a value"),
        ("/notion generate x --save=yes", "takes no value"),
        ("/notion history --save", "It has none."),
        ("/notion generate " + "x" * 20_001, "20,001 characters"),
    ],
)
def test_a_wrong_line_gets_a_sentence_that_says_what_to_type(line: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse(line)
    assert sentence in raised.value.message


def test_a_text_that_a_form_asks_for_may_be_missing() -> None:
    assert parse("/notion generate --save", unfinished=True) == Call("generate", "", {"save": True})
    with pytest.raises(InvalidInput, match="has no flag"):
        parse("/notion generate --sav", unfinished=True)
    assert {command.name for command in COMMANDS.values() if command.form} == {"generate"}


@settings(max_examples=200)
@given(st.text(alphabet=st.sampled_from("-—–=\"'`“” \n/aeghinoprstv"), max_size=60))
def test_whatever_is_typed_is_a_call_or_a_sentence(text: str) -> None:
    assert _meant(text)


def _meant(text: str) -> bool:
    try:
        call = parse("/notion generate " + text)
    except InvalidInput as error:
        return error.message.endswith((".", "?", "`"))
    return call.text == call.text.strip() != ""


def test_history_is_for_the_asker_alone_and_a_text_is_not() -> None:
    assert is_private(Call("history"))
    assert not is_private(Call("generate", "x"))
    assert is_private(Call("generate", "x", {"private": True}))


def test_every_command_says_how_it_is_typed() -> None:
    for name, command in COMMANDS.items():
        assert command.usage.startswith(f"/notion {name}")
        assert command.summary.endswith(".")
        assert all(flag.help.endswith(".") for flag in command.flags)


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ('save x --set Status="To do" --set Team=Core', "Status=To do\nTeam=Core"),
        ('save --set "Due date"=tomorrow x', "Due date=tomorrow"),
        ("save --set “Due date=next week” x", "Due date=next week"),
        ("save --set 'Due date' = 2026-12-01 x", "Due date=2026-12-01"),
        ("save --set Team=‘Core team’ x", "Team=Core team"),
        ("save --set Team= x", "Team="),
        ("save --set Link=https://e.com/?a=b x", "Link=https://e.com/?a=b"),
    ],
)
def test_properties_are_named_any_number_of_times(line: str, pairs: str) -> None:
    assert parse(line) == Call("save", "x", {"set": pairs})


@pytest.mark.parametrize("line", ["save --set", "save --set Status", "save --set =x"])
def test_a_property_without_a_value_says_how_to_write_one(line: str) -> None:
    with pytest.raises(InvalidInput, match="--set NAME=VALUE"):
        parse(line)
