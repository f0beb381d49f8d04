"""The terminal as a chat platform."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from product import Product, World, eventually

from sandbox.notion.ids import NOTES_DATA_SOURCE_ID

Launch = Callable[..., Awaitable[Product]]


async def test_a_prompt_piped_in_becomes_a_page_and_stands_in_the_history(
    world: World, launch: Launch
) -> None:
    product = await launch(start=False)
    code, out, err = await product.chat("/notion generate a plan --save", "/notion history")
    assert (code, err) == (0, "")
    assert out.count("Written by the stand-in") == 1
    (page,) = await world.pages()
    address = re.search(r"^Notion page: (\S+)$", out, re.MULTILINE)
    assert address
    assert page["id"].replace("-", "") in address[1]
    assert f"[a plan]({address[1]})" in out


async def test_a_prompt_of_several_lines_is_one_command(world: World, launch: Launch) -> None:
    product = await launch(start=False)
    code, _, err = await product.chat("/notion generate a plan\\", "\\", "for Mars", "/notion help")
    assert (code, err) == (0, "")
    assert [call.messages[-1]["content"] for call in world.ai.calls] == ["a plan\n\nfor Mars"]


async def test_help_lists_every_command_and_wrong_ones_end_with_an_error(
    launch: Launch,
) -> None:
    product = await launch(start=False)
    code, out, _ = await product.chat("/notion help")
    assert code == 0
    for usage in ("/notion generate <prompt>", "/notion history [words]", "/notion help"):
        assert usage in out
    code, out, err = await product.chat(
        "/notion generat x", "/notion generate", "/notion generate x --sve", "/notion help"
    )
    assert code == 1
    assert "Did you mean `/notion generate`?" in err
    assert "needs a prompt" in err
    assert "Did you mean `--save`?" in err
    assert "/notion history [words]" in out, "what follows a wrong line is carried out"


async def test_a_person_searches_chooses_saves_there_and_sees_what_it_took(
    world: World, launch: Launch
) -> None:
    product = await launch(start=False)
    code, out, err = await product.chat(
        "/notion usage",
        "/notion search notes",
        "/notion to",
        "/notion to Notes",
        "/notion generate a plan --save",
        "/notion to",
        "/notion usage",
    )
    assert (code, err) == (0, "")
    assert "You have spent nothing yet." in out
    found = r"^1\. \[Notes\]\(http\S+\) \(data source\) — in Notion Assistant, edited "
    assert re.search(found, out, re.MULTILINE)
    assert "this server's default" in out
    assert "your own choice" in out
    assert re.search(r"^\| today \| openai \| \S+ \| 1 \| \d+ \| \d+ \|$", out, re.MULTILINE)
    assert await world.pages() == [], "not to the server's default"
    [page] = world.notion.store.pages_under(NOTES_DATA_SOURCE_ID)
    assert page.id.replace("-", "") in out


async def test_a_choice_nobody_can_make_fails_and_a_cleared_one_is_gone(
    world: World, launch: Launch
) -> None:
    product = await launch(start=False)
    code, out, err = await product.chat(
        "/notion to Nowhere",
        "/notion to Notes --channel",
        "/notion to --clear --channel",
        "/notion generate a plan --save",
    )
    assert code == 1
    assert "is called “Nowhere”" in err
    assert "no longer chosen for this channel" in out
    assert len(await world.pages()) == 1


async def test_with_a_server_on_the_same_data_it_goes_through_the_server(
    world: World, launch: Launch
) -> None:
    product = await launch()
    code, out, _ = await product.chat("/notion generate a plan")
    assert code == 0
    assert "Written by the stand-in" in out
    # The server is still the one owner, and has the item.
    code, out, _ = await product.chat("/notion history")
    assert "a plan" in out
    assert await product.stop() == 0


async def test_a_second_server_on_the_same_data_is_refused_in_a_sentence(launch: Launch) -> None:
    product = await launch()
    second = Product(product.directory, {**product.environment, "PORT": "0"})
    await second.start(wait=False)
    assert await second.dead() == 1
    assert "one owner at a time" in second.output()
    assert "Traceback" not in second.output()


async def test_an_answer_cut_off_by_a_crash_comes_when_the_server_is_back(
    world: World, launch: Launch
) -> None:
    world.ai.hold_after = 8
    product = await launch()
    asking = asyncio.create_task(product.chat("/notion generate a plan --save"))

    async def begun() -> bool:
        return bool(world.ai.calls) and world.ai.calls[0].tokens > 3

    await eventually(begun, "the model was never asked")
    product.kill()
    await product.dead()
    world.ai.hold_after = None
    await product.start()
    code, out, err = await asking
    assert code == 0, out + err
    assert "waiting for it to come back" in err
    assert "second point" in out
    assert "Notion page:" in out
    assert len(await world.pages()) == 1


async def test_two_people_have_two_histories(launch: Launch) -> None:
    product = await launch()
    await product.chat("/notion generate a plan of ada", user="ada")
    _, out, _ = await product.chat("/notion history", user="bob")
    assert "Your history is empty" in out


async def test_wrong_settings_are_named_without_a_traceback(launch: Launch) -> None:
    product = await launch(start=False, PORT="many", DATABASE_URL="mysql://x")
    product.environment["PORT"] = "many"
    product.environment["DATABASE_URL"] = "mysql://x"
    code, _, err = await product.chat("/notion help")
    assert code == 1
    assert "PORT" in err
    assert "DATABASE_URL" in err
    assert "Traceback" not in err


async def test_two_terminals_of_one_person_each_get_their_own_answer(
    world: World, launch: Launch
) -> None:
    world.ai.answer = lambda prompt: f"# {prompt}\n\n" + "with some words " * 20
    world.ai.token_delay = 0.01
    product = await launch()
    prompts = ("lakes", "forests", "rivers")
    done = await asyncio.gather(*(product.chat(f"/notion generate {p}") for p in prompts))
    for prompt, (code, out, err) in zip(prompts, done, strict=True):
        assert (code, err) == (0, "")
        assert out.startswith(f"# {prompt}")


async def test_words_of_one_item_show_it_whole_again(launch: Launch) -> None:
    product = await launch()
    await product.chat("/notion generate a plan", "/notion generate a retro")
    _, out, _ = await product.chat("/notion history retro")
    assert "Written by the stand-in" in out
    assert "a retro" in out
    assert "Notion page" not in out


async def test_a_place_that_is_none_is_told_before_anything_is_spent(
    world: World, launch: Launch
) -> None:
    product = await launch()
    code, out, err = await product.chat("/notion generate a plan --to Nowhere")
    assert (code, out) == (1, "")
    assert "Nowhere" in err
    assert world.paid == 0


async def test_a_folder_that_cannot_be_written_is_named_without_a_traceback(
    launch: Launch, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("in the way")
    product = await launch(start=False)
    code, _, err = await product.chat("/notion help")
    assert code == 1
    assert "cannot be written" in err
    assert "Traceback" not in err


async def test_where_pages_of_the_stand_in_open_is_said_where_there_is_one(
    launch: Launch,
) -> None:
    local = {"NOTION_TOKEN": "", "NOTION_PARENT": "", "NOTION_BASE_URL": "", "PUBLIC_URL": ""}
    product = await launch(start=False, **local)
    code, _, err = await product.chat("/notion generate a plan", "/notion history")
    assert (code, err) == (0, "")
    code, out, err = await product.chat("/notion generate a plan --save")
    assert code == 0
    assert re.search(r"\S\n\nNotion page: http://localhost\S+/sandbox/notion/", out)
    assert "stand-in for Notion open while" in err
