"""The command line, as far as it answers by itself."""

import pytest
from click.testing import CliRunner

from notion_assistant.cli import main


@pytest.mark.parametrize("piped", ["", "\n  \n"])
def test_who_pipes_nothing_to_chat_is_told(piped: str) -> None:
    done = CliRunner().invoke(main, ["chat"], input=piped)
    assert done.exit_code == 2
    assert "Nothing came on standard input." in done.output


def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "abc")
    for command in (["run"], ["check"], ["migrate"], ["chat", "help"]):
        done = CliRunner().invoke(main, command)
        assert (done.exit_code, done.output) == (
            1,
            "PORT must be a number from 1 to 65535, not “abc”.\n",
        )
