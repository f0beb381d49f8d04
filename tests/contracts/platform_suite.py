"""What every chat platform's way out must do; each adapter's tests give it a stage to do it on."""

import random
import re
from abc import ABC, abstractmethod
from uuid import UUID

import pytest

from core.actions import when_failed, when_written, while_writing
from core.errors import PlatformFailed, RateLimited
from core.messages import Answer
from core.ports import Address, CanEdit, HasBudget, Part, Platform

ITEM = UUID("6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11")
LONG = "\n\n".join(f"Paragraph {number}: " + "word " * 120 for number in range(60))
PINGS = "Hello <!channel> and <!here>, <@U0AAAAAAA>, @everyone, @here, <@&1234567890>."
CALLS = (
    *("@everyone", "@here", "<@1234567890>", "<@!1234567890>", "<@&1234567890>", "<@U0AAAAAAA>"),
    *("<!channel>", "<!here>", "<!everyone>", "<!subteam^S0AAAAAAA>", "<!subteam^S0AAAAAAA|@all>"),
    *("\\", "`", "**", "\n", "\n\n", " ", "<", ">", "@", "[", "](", ")", "||", "```\n", "- ", "> "),
)
GROWING = (
    "# A **bold** title\n\nSome *slanted* and **bold** words, `code` and [a link](https://a.example).\n\n"
    "- one **item**\n  - another `item`\n\n```python\nprint(1 ** 2)\n```\n\n"
    "| a | b |\n|---|---|\n| **1** | 2 |\n"
)
UNFINISHED = (
    "",
    " ",
    "# A head",
    "A line\n-",
    "Some **bo",
    "Some **bold**",
    "See [the page](https://exam",
    "```python\nprint(1",
    "- one\n- two `co",
    "| a | b |\n|---|--",
    LONG,
    "x" * 30_000,
)


class Stage(ABC):
    """A platform with a server behind it, and a place where somebody asked for something."""

    platform: Platform
    address: Address
    secrets: tuple[str, ...]

    @abstractmethod
    def fits(self, part: Part) -> bool:
        """Whether the part is within the platform's limits and says something."""

    @abstractmethod
    def calls(self, part: Part) -> list[str]:
        """The pings in a part that would reach somebody."""

    @abstractmethod
    def text(self, part: Part) -> str:
        """What a part says, in the platform's Markdown."""

    @abstractmethod
    def take_away(self) -> None:
        """Somebody deletes the newest answer."""

    @abstractmethod
    def shown(self) -> list[str]:
        """What people see of the answers, in order, whitespace at the ends aside."""

    @abstractmethod
    def buttons(self, part: Part) -> list[tuple[str, str]]:
        """The buttons of a part: what each says, and what it tells the app when it is pressed."""

    @abstractmethod
    def pressable(self) -> list[list[str]]:
        """What the buttons of each message that people see say."""

    @abstractmethod
    def lose_next_response(self) -> None:
        """The next message arrives, but the sender does not hear of it."""

    @abstractmethod
    def fail_next(self, status: int) -> None:
        """The next message is answered with this status and a page that is no JSON."""

    @abstractmethod
    def limit_next(self, seconds: int) -> None:
        """The next message is one too many."""


class PlatformSuite:
    """The contract of `core.ports.Platform` and `core.ports.CanEdit`."""

    @pytest.fixture
    def stage(self) -> Stage:
        raise NotImplementedError

    @pytest.fixture
    def editing(self, stage: Stage) -> CanEdit:
        assert isinstance(stage.platform, CanEdit)
        assert stage.platform.editable(stage.address)
        return stage.platform

    @pytest.mark.parametrize(
        "answer",
        [
            Answer("Done."),
            Answer(""),
            Answer("It failed.", ok=False),
            Answer("- a list\n- of things", ok=False),
            Answer(LONG, notes=("fine print",) * 3, page="https://notion.example/p-1"),
            Answer("y" * 50_000),
            Answer("```\n" + "code\n" * 5_000 + "```", page="https://notion.example/p-1"),
            Answer("Short.", notes=("n" * 5_000,) * 20, page="https://notion.example/" + "p" * 900),
        ],
        ids=["short", "empty", "failed", "list", "long", "one word", "code", "fine print"],
    )
    async def test_an_answer_renders_within_the_limits_and_the_same_each_time(
        self, stage: Stage, answer: Answer
    ) -> None:
        parts = stage.platform.render(answer)
        assert parts
        assert all(stage.fits(part) for part in parts)
        assert stage.platform.render(answer) == parts

    @pytest.mark.parametrize("text", UNFINISHED)
    async def test_an_unfinished_answer_fits_in_one_message(
        self, stage: Stage, editing: CanEdit, text: str
    ) -> None:
        assert stage.fits(editing.draft(text))

    async def test_the_placeholder_fits_in_one_message(
        self, stage: Stage, editing: CanEdit
    ) -> None:
        assert stage.fits(editing.waiting())

    async def test_nobody_is_called_by_an_answer(self, stage: Stage, editing: CanEdit) -> None:
        answer = Answer(PINGS, notes=(PINGS,))
        for part in [*stage.platform.render(answer), editing.draft(PINGS)]:
            assert stage.calls(part) == []

    @pytest.mark.parametrize("seed", range(20))
    async def test_nobody_is_called_however_it_is_put(
        self, stage: Stage, editing: CanEdit, seed: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same text each time
        text = "".join(chance.choices(CALLS, k=40))
        rendered = stage.platform.render(Answer(text, notes=(text,)))
        for part in [*rendered, editing.draft(text)]:
            assert stage.calls(part) == []
            assert stage.fits(part)

    async def test_no_link_is_made_to_look_like_another(self, stage: Stage) -> None:
        text = "See [https://good.example](https://evil.example/a) and [good.example](https://e.example)."
        said = " ".join(stage.text(part) for part in stage.platform.render(Answer(text)))
        assert not re.search(r"\[[^\]]*good\.example[^\]]*\]\(", said)
        assert "evil.example" in said

    async def test_a_long_fence_is_closed_and_opened_again_with_its_language(
        self, stage: Stage
    ) -> None:
        lines = [f"print({number}, 'of many lines **of code**')" for number in range(900)]
        text = "Here:\n\n```python\n" + "\n".join(lines) + "\n```\n\nThe end."
        parts = [stage.text(part) for part in stage.platform.render(Answer(text))]
        assert len(parts) > 1
        assert [line for part in parts for line in part.split("\n") if "print(" in line] == lines
        for part in parts:
            fences = [line for line in part.split("\n") if line.startswith("```")]
            assert fences[::2] == ["```python"] * len(fences[::2])
            assert fences[1::2] == ["```"] * len(fences[::2])

    async def test_no_link_item_or_character_is_torn(self, stage: Stage) -> None:
        family = "👩\u200d👩\u200d👧"
        words = " ".join(["word"] * 12)
        lines = [
            f"- {family} {words} [link {number}](https://example.com/page-{number})"
            for number in range(400)
        ]
        parts = [stage.text(part) for part in stage.platform.render(Answer("\n".join(lines)))]
        assert len(parts) > 1
        found = [line.strip() for part in parts for line in part.split("\n") if "link" in line]
        assert found == lines

    async def test_no_row_of_a_table_is_torn(self, stage: Stage) -> None:
        rows = [f"| row {number} | of {'many ' * 8}words | end {number} |" for number in range(300)]
        text = "\n".join(["| Name | About | End |", "|---|---|---|", *rows])
        lines = [
            line
            for part in stage.platform.render(Answer(text))
            for line in stage.text(part).split("\n")
        ]
        whole = [line for line in lines if "row " in line and "words" in line and "end " in line]
        assert len(whole) == len(rows)
        assert not [line for line in lines if "end " in line and line not in whole]

    async def test_what_is_half_written_never_shows_as_signs(
        self, stage: Stage, editing: CanEdit
    ) -> None:
        for end in range(1, len(GROWING) + 1):
            shown = stage.text(editing.draft(GROWING[:end]))
            plain = re.sub(r"```.*?(```|$)", "", shown, flags=re.DOTALL)
            assert shown.count("```") % 2 == 0, shown
            assert plain.count("**") % 2 == 0, shown
            assert plain.count("`") % 2 == 0, shown
            assert plain.count("](") == len(re.findall(r"\]\([^()\s]+\)", plain)), shown

    async def test_a_failure_can_be_tried_again(self, stage: Stage) -> None:
        [part] = stage.platform.render(Answer("Away.", ok=False, actions=when_failed(ITEM)))
        assert [label for label, _ in stage.buttons(part)] == ["Retry"]

    async def test_an_answer_whose_beginning_was_deleted_comes_whole(
        self, stage: Stage, editing: CanEdit
    ) -> None:
        reply = await stage.platform.post(stage.address, editing.waiting(), "a:0", again=False)
        stage.take_away()
        [part] = stage.platform.render(Answer("All of it."))
        try:
            await editing.edit(stage.address, reply, part)
        except PlatformFailed as failure:
            if failure.retryable:
                raise
            # Then it is sent as a message of its own, at once.
            await stage.platform.post(stage.address, part, "a:0", again=False)
        assert stage.shown() == ["All of it."]

    async def test_all_answers_in_one_place_draw_on_one_budget(
        self, stage: Stage, editing: CanEdit
    ) -> None:
        if not isinstance(stage.platform, HasBudget):
            pytest.skip("the platform counts no edits")
        reply = await stage.platform.post(stage.address, editing.waiting(), "a:0", again=False)
        first = stage.platform.budget(stage.address, reply)
        assert first is stage.platform.budget(stage.address, reply)
        first.join()
        spent = 0
        while first.take():
            spent += 1
            assert spent < 1000
        # What is left is the end's.
        assert await first.end(0.1)
        first.leave()

    async def test_the_last_message_carries_the_buttons(self, stage: Stage) -> None:
        *first, last = stage.platform.render(Answer(LONG, actions=when_written(ITEM)))
        assert [stage.buttons(part) for part in first] == [[]] * len(first)
        labels = [label for label, _ in stage.buttons(last)]
        assert labels == ["Save to Notion", "Regenerate", "Shorter", "Longer", "👍", "👎"]
        told = [value for _, value in stage.buttons(last)]
        assert len(set(told)) == len(told)
        assert all(str(ITEM) in value for value in told)
        assert all(stage.fits(part) for part in [*first, last])

    async def test_what_grows_can_be_stopped(self, stage: Stage, editing: CanEdit) -> None:
        stop = while_writing(ITEM)
        for part in (editing.waiting(stop), editing.draft("Half", stop), editing.draft(LONG, stop)):
            assert [label for label, _ in stage.buttons(part)] == ["Stop"]
            assert stage.fits(part)

    async def test_an_edit_takes_the_buttons_of_before_away(
        self, stage: Stage, editing: CanEdit
    ) -> None:
        waiting = editing.waiting(while_writing(ITEM))
        reply = await stage.platform.post(stage.address, waiting, "a:0", again=False)
        assert stage.pressable() == [["Stop"]]
        [part] = stage.platform.render(Answer("All.", actions=when_written(ITEM, saved=True)))
        await editing.edit(stage.address, reply, part)
        assert stage.pressable() == [["Regenerate", "Shorter", "Longer", "👍", "👎"]]
        [part] = stage.platform.render(Answer("All."))
        await editing.edit(stage.address, reply, part)
        assert stage.pressable() == [[]]

    async def test_a_failed_answer_says_so_first(self, stage: Stage) -> None:
        [part] = stage.platform.render(Answer("Notion is away.", ok=False))
        await stage.platform.post(stage.address, part, "a:0", again=False)
        assert stage.shown()[0].startswith("⚠️")

    async def test_an_edited_message_shows_the_last_text(
        self, stage: Stage, editing: CanEdit
    ) -> None:
        reply = await stage.platform.post(stage.address, editing.waiting(), "a:0", again=False)
        await editing.edit(stage.address, reply, editing.draft("Half of"))
        [part] = stage.platform.render(Answer("Half of it and the rest."))
        await editing.edit(stage.address, reply, part)
        await editing.edit(stage.address, reply, part)
        assert stage.shown() == ["Half of it and the rest."]

    async def test_a_message_whose_response_was_lost_is_not_sent_twice(self, stage: Stage) -> None:
        [part] = stage.platform.render(Answer("Once."))
        stage.lose_next_response()
        with pytest.raises(PlatformFailed) as failure:
            await stage.platform.post(stage.address, part, "a:0", again=False)
        assert failure.value.retryable
        await stage.platform.post(stage.address, part, "a:0", again=True)
        assert stage.shown() == ["Once."]

    async def test_a_message_that_was_never_sent_is_sent_by_the_second_try(
        self, stage: Stage
    ) -> None:
        [part] = stage.platform.render(Answer("Late."))
        stage.fail_next(503)
        with pytest.raises(PlatformFailed):
            await stage.platform.post(stage.address, part, "a:0", again=False)
        await stage.platform.post(stage.address, part, "a:0", again=True)
        assert stage.shown() == ["Late."]

    async def test_a_placeholder_that_was_lost_can_still_be_edited(
        self, stage: Stage, editing: CanEdit
    ) -> None:
        stage.lose_next_response()
        with pytest.raises(PlatformFailed):
            await stage.platform.post(stage.address, editing.waiting(), "a:0", again=False)
        reply = await stage.platform.post(stage.address, editing.waiting(), "a:0", again=True)
        [part] = stage.platform.render(Answer("The end."))
        await editing.edit(stage.address, reply, part)
        assert stage.shown() == ["The end."]

    async def test_a_very_long_answer_arrives_whole_and_in_order(self, stage: Stage) -> None:
        parts = stage.platform.render(Answer(LONG))
        assert len(parts) > 1
        for number, part in enumerate(parts):
            await stage.platform.post(stage.address, part, f"a:{number}", again=False)
        assert " ".join(" ".join(stage.shown()).split()) == " ".join(LONG.split())

    async def test_a_later_message_whose_response_was_lost_is_not_sent_twice(
        self, stage: Stage
    ) -> None:
        first, second, *_ = stage.platform.render(Answer(LONG))
        await stage.platform.post(stage.address, first, "a:0", again=False)
        stage.lose_next_response()
        with pytest.raises(PlatformFailed):
            await stage.platform.post(stage.address, second, "a:1", again=False)
        await stage.platform.post(stage.address, second, "a:1", again=True)
        assert len(stage.shown()) == 2

    @pytest.mark.parametrize(("status", "retryable"), [(500, True), (503, True), (403, False)])
    async def test_a_refusal_says_whether_to_try_again_and_tells_no_secret(
        self, stage: Stage, status: int, retryable: bool
    ) -> None:
        [part] = stage.platform.render(Answer("Hello."))
        stage.fail_next(status)
        with pytest.raises(PlatformFailed) as failure:
            await stage.platform.post(stage.address, part, "a:0", again=False)
        assert failure.value.retryable is retryable
        told = f"{failure.value!r} {failure.value.message}"
        assert not [secret for secret in stage.secrets if secret in told]

    async def test_a_limit_says_when_to_come_back(self, stage: Stage) -> None:
        [part] = stage.platform.render(Answer("Hello."))
        stage.limit_next(7)
        with pytest.raises(RateLimited) as limited:
            await stage.platform.post(stage.address, part, "a:0", again=False)
        assert limited.value.retry_after == 7
        assert stage.shown() == []

    async def test_a_server_that_is_not_there_is_worth_another_try(self, stage: Stage) -> None:
        [part] = stage.platform.render(Answer("Hello."))
        stage.lose_next_response()
        with pytest.raises(PlatformFailed) as failure:
            await stage.platform.post(stage.address, part, "a:0", again=False)
        assert failure.value.retryable

    async def test_closing_twice_is_closing_once(self, stage: Stage) -> None:
        [part] = stage.platform.render(Answer("Hello."))
        await stage.platform.post(stage.address, part, "a:0", again=False)
        await stage.platform.close()
        await stage.platform.close()
