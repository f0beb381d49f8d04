"""The terminal where it is interrupted, shares its data with another, or is typed into."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import sys
import termios
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import aiohttp
from product import Product, World, eventually, said

Launch = Callable[..., Awaitable[Product]]
EXIT_OF_CTRL_C = 130


async def _asked(world: World, number: int = 1) -> None:
    async def asked() -> bool:
        return len(world.ai.calls) >= number and world.ai.calls[number - 1].tokens > 0

    await eventually(asked, "the model was never asked")


async def test_two_terminals_without_a_server_share_one_core_and_lose_nothing(
    world: World, launch: Launch
) -> None:
    world.ai.answer = lambda prompt: f"# {prompt}\n\n" + "with some words " * 20
    world.ai.token_delay = 0.02
    product = await launch(start=False)
    prompts = ("lakes", "forests", "rivers")
    done = await asyncio.gather(*(product.chat(f"/notion generate {p}") for p in prompts))
    for prompt, (code, out, err) in zip(prompts, done, strict=True):
        assert (code, err) == (0, ""), prompt
        assert out.startswith(f"# {prompt}")
    _, out, _ = await product.chat("/notion history")
    assert all(prompt in out for prompt in prompts)
    assert len(world.ai.calls) == len(prompts)


async def test_a_terminal_carries_on_where_the_one_with_the_core_was_killed(
    world: World, launch: Launch
) -> None:
    world.ai.hold_after = 4
    product = await launch(start=False)
    first = await product.command("chat", "--user", "ada", "/notion generate lakes")
    await _asked(world)
    second = await product.command("chat", "--user", "ada", "/notion generate rivers")
    await _asked(world, 2)
    first.kill()
    await first.communicate()
    world.ai.hold_after = None
    code, out, err = await said(second)
    assert code == 0, out + err
    assert "second point" in out

    async def finished() -> bool:
        return "lakes" in (await product.chat("/notion history"))[1]

    await eventually(finished, "what the first one asked for is lost")


async def test_running_answers_reach_whoever_waits_while_the_server_stops(
    world: World, launch: Launch
) -> None:
    world.ai.answer = lambda prompt: f"# {prompt}\n\n" + "word " * 60 + "to the last"
    world.ai.hold_after = 30
    product = await launch()
    terminal = await product.command("chat", "--user", "ada", "/notion generate lakes")
    async with aiohttp.ClientSession(product.url) as http:
        form = {"email": "a@example.com", "username": "ada", "password": "a-wombat-reads-maps"}
        async with http.post("/auth/register", json=form) as answer:
            token = (await answer.json())["access_token"]
        wish = {"prompt": "rivers"}
        headers = {"Authorization": f"Bearer {token}"}
        events = headers | {"Accept": "text/event-stream"}
        async with (
            http.post("/content/generate", json=wish, headers=events) as stream,
            asyncio.TaskGroup() as tasks,
        ):
            whole = tasks.create_task(_posted(http, wish, headers))
            await _asked(world, 3)
            assert product.process is not None
            product.process.send_signal(signal.SIGINT)

            async def refused() -> bool:
                async with http.post("/content/generate", json=wish, headers=events) as answer:
                    return answer.status == HTTPStatus.SERVICE_UNAVAILABLE and (
                        "The server is stopping" in await answer.text()
                    )

            await eventually(refused, "the server takes new work while it stops")
            code, _, err = await product.chat("/notion generate forests")
            assert (code, "The server is stopping" in err) == (1, True)
            world.ai.hold_after = None
            assert "event: done" in await stream.text()
    assert (await whole)[0] == 200
    code, out, err = await said(terminal)
    assert (code, err) == (0, "")
    assert "to the last" in out
    assert await product.dead() == 0
    assert "left for the next start" not in product.output()


async def _posted(
    http: aiohttp.ClientSession, wish: dict[str, str], headers: dict[str, str]
) -> tuple[int, str]:
    async with http.post("/content/generate", json=wish, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_an_answer_to_a_terminal_that_is_gone_does_not_hold_up_the_stop(
    world: World, launch: Launch
) -> None:
    world.ai.token_delay = 0.05
    product = await launch()
    terminal = await product.command("chat", "--user", "ada", "/notion generate lakes")
    await _asked(world)
    terminal.kill()
    await terminal.communicate()

    async def written() -> bool:
        return world.paid == 1

    await eventually(written, "the answer was never finished")
    async with asyncio.timeout(30):
        assert await product.stop() == 0
    await product.start()
    _, out, err = await product.chat("/notion generate rivers")
    assert "An answer from before to “/notion generate lakes”: it is done." in err
    assert "second point" in out


async def test_ctrl_c_says_that_the_answer_goes_on_and_it_does(
    world: World, launch: Launch
) -> None:
    world.ai.token_delay = 0.05
    product = await launch()
    terminal = await product.command("chat", "--user", "ada", "/notion generate lakes")
    await _asked(world)
    terminal.send_signal(signal.SIGINT)
    code, _, err = await said(terminal)
    assert code == EXIT_OF_CTRL_C
    assert err.strip() == "Not waiting any more; it goes on, and will be in /notion history."

    async def there() -> bool:
        return "lakes" in (await product.chat("/notion history"))[1]

    await eventually(there, "it did not go on")


async def test_ctrl_c_without_a_server_finishes_the_answer_before_it_leaves(
    world: World, launch: Launch
) -> None:
    world.ai.token_delay = 0.1
    product = await launch(start=False)
    terminal = await product.command("chat", "--user", "ada", "/notion generate lakes")
    await _asked(world)
    terminal.send_signal(signal.SIGINT)
    code, _, err = await said(terminal)
    assert (code, "Traceback" in err) == (EXIT_OF_CTRL_C, False)
    assert "it goes on" in err
    assert world.paid == 1
    _, out, _ = await product.chat("/notion history")
    assert "lakes" in out


async def test_an_answer_cut_off_by_head_is_not_told_again(world: World, launch: Launch) -> None:
    world.ai.token_delay = 0.05
    product = await launch()
    shell = await asyncio.create_subprocess_shell(
        f"{sys.executable} -m notion_assistant.cli chat --user ada '/notion generate lakes'"
        " | head -c 5",
        cwd=product.directory,
        env=product.environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, _, err = await said(shell)
    assert err == ""

    async def written() -> bool:
        return world.paid == 1

    await eventually(written, "the answer was never finished")
    code, _, err = await product.chat("/notion generate rivers")
    assert (code, err) == (0, "")


async def test_text_that_says_nothing_and_unknown_options_are_refused(launch: Launch) -> None:
    product = await launch(start=False)
    for arguments, words in (
        (("",), "TEXT is empty"),
        (("  ",), "TEXT is empty"),
        (("--foo",), "--foo"),
    ):
        code, out, err = await said(await product.command("chat", *arguments))
        assert (code, out) == (2, ""), arguments
        assert words in err


class Typist:
    """Somebody at the interactive prompt."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._read = b""

    async def start(self) -> None:
        ours, theirs = pty.openpty()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "notion_assistant.cli", "chat", "--user", "ada"),
            cwd=self._product.directory,
            env=self._product.environment
            | {
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "TERM": "dumb",
                "PROMPT_TOOLKIT_NO_CPR": "1",
            },
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self._ours = ours
        asyncio.get_running_loop().add_reader(ours, self._take)

    def _take(self) -> None:
        try:
            self._read += os.read(self._ours, 65536)
        except OSError:
            asyncio.get_running_loop().remove_reader(self._ours)

    async def type(self, text: str) -> None:
        """Types at the prompt, once it is there."""
        await self.sees("> ")
        await asyncio.sleep(0.3)  # it is written a moment before keys are read one by one
        self.press(text)

    def press(self, text: str) -> None:
        """Types at once."""
        os.write(self._ours, text.encode())

    async def sees(self, text: str) -> None:
        async def seen() -> bool:
            return text in self._read.decode(errors="replace")

        await eventually(seen, f"{text!r} never showed up in {self._read.decode()!r}")
        self._read = self._read[self._read.index(text.encode()) + len(text.encode()) :]

    async def left(self) -> int:
        """Leaves by Ctrl-D, again where a key was pressed before the prompt read keys."""

        async def gone() -> bool:
            if self._process.returncode is None:
                self.press("\x04")
                await asyncio.wait([asyncio.create_task(self._process.wait())], timeout=2)
            return self._process.returncode is not None

        await eventually(gone, "the prompt was not left")
        code = await self._process.wait()
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        return code


async def test_the_prompt_keeps_its_place_through_ctrl_c_and_a_restart_and_ends_with_ctrl_d(
    world: World, launch: Launch
) -> None:
    product = await launch()
    typist = Typist(product)
    await typist.start()
    await typist.sees("Ctrl-D to leave")
    await typist.type("half a line\x03")
    await typist.type("/notion generate lakes\r")
    await typist.sees("second point")
    await product.stop()
    await product.start()
    await typist.type("/notion history\r")
    await typist.sees("Your history")
    world.ai.token_delay = 0.05
    await typist.type("/notion generate rivers\r")
    await _asked(world, 2)
    typist.press("\x03")
    await typist.sees("it goes on")
    await typist.sees("An answer from before to “/notion generate rivers”: it is done.")
    typist.press("\x04")
    assert await typist.left() == 1, "what was not waited for does not count as done"


async def test_an_idle_prompt_without_a_server_is_in_nobodys_way(
    world: World, launch: Launch
) -> None:
    product = await launch(start=False)
    typist = Typist(product)
    await typist.start()
    await typist.sees("Ctrl-D to leave")
    await typist.type("/notion generate lakes\r")
    await typist.sees("second point")
    code, out, err = await product.chat("/notion history")
    assert (code, err) == (0, "")
    assert "lakes" in out
    await product.start()
    await typist.type("/notion history rivers\r")
    await typist.sees("Nothing in your history")
    assert product.process is not None
    assert product.process.returncode is None
    await typist.type("\x04")
    assert await typist.left() == 0
    assert len(world.ai.calls) == 1
