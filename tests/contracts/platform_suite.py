"""What every chat platform's way out must do; each adapter's tests give it a stage to do it on."""

from abc import ABC, abstractmethod
from uuid import UUID

import pytest

from core.actions import when_written, while_writing
from core.errors import PlatformFailed, RateLimited
from core.messages import Answer
from core.ports import Address, CanEdit, Part, Platform

ITEM = UUID("6f0d7a1e-6b0b-4d5e-9f6b-0c8a4a0d9d11")
LONG = "\n\n".join(f"Paragraph {number}: " + "word " * 120 for number in range(60))
PINGS = "Hello <!channel> and <!here>, <@U0AAAAAAA>, @everyone, @here, <@&1234567890>."
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
