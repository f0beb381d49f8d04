from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ProviderFailed, RateLimited
from core.ports import Extract, Prompt, Turn, Usage
from core.providers import offline_process
from core.providers.offline import OfflineModel, OfflineText
from core.providers.offline_process import ModelProcess, weights

ASKED = Prompt("Long rules.", (Turn("user", "a plan for the week"),), max_tokens=30)

# One model at a time: on two cores, four of them would make each other's time limits.
pytestmark = pytest.mark.xdist_group("offline-model")

needs_model = pytest.mark.skipif(
    weights() is None, reason="the offline model's packages are not installed here"
)


@pytest.fixture
async def model() -> AsyncIterator[OfflineModel]:
    found = weights()
    assert found is not None
    made = OfflineModel(found, queue=2)
    yield made
    await made.close()


async def answer(provider: OfflineModel | OfflineText, prompt: Prompt = ASKED) -> str:
    parts = [part async for part in provider.stream(prompt)]
    assert isinstance(parts[-1], Usage)
    return "".join(part for part in parts if isinstance(part, str))


def runs(pid: int) -> bool:
    found = subprocess.run(["ps", "-o", "stat=", str(pid)], capture_output=True, text=True)
    return found.stdout.strip()[:1] not in ("", "Z")


def arguments(pid: int | None) -> str:
    found = subprocess.run(["ps", "-ww", "-o", "args=", str(pid)], capture_output=True, text=True)
    assert "offline_server.py" in found.stdout
    return found.stdout


async def until_gone(pid: int) -> None:
    for _ in range(400):
        if not runs(pid):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"process {pid} still runs after twenty seconds")


@needs_model
async def test_a_page_with_headings_and_a_list_comes_out(model: OfflineModel) -> None:
    prompt = Prompt("", (Turn("user", "a launch checklist for our mobile app"),))
    text = await answer(model, prompt)
    assert text.startswith("# A launch checklist for our mobile app\n\n")
    assert "\n## " in text
    assert "\n- [ ] " in text


@needs_model
async def test_another_model_by_name_is_said_to_be_missing(model: OfflineModel) -> None:
    other = [part async for part in model.stream(replace(ASKED, model="gpt-9"))]
    usual = [part async for part in model.stream(ASKED)]
    assert isinstance(other[-1], Usage)
    assert isinstance(usual[-1], Usage)
    assert "no “gpt-9”" in (other[-1].note or "")
    assert (other[-1].model, usual[-1].note) == (model.model, None)


@needs_model
@pytest.mark.parametrize("text", ['say "hi" \\\\ 100%', "🎉 寿司 計画", "寿司" * 5000, " "])
async def test_no_prompt_is_too_odd_or_too_long(model: OfflineModel, text: str) -> None:
    assert (await answer(model, Prompt("", (Turn("user", text),), max_tokens=60))).startswith("# ")


@needs_model
async def test_the_process_starts_at_first_use_and_there_is_one(model: OfflineModel) -> None:
    assert model.process.pid is None
    await asyncio.gather(answer(model), answer(model), answer(model))
    first = model.process.pid
    await answer(model)
    assert first is not None
    assert model.process.pid == first


@needs_model
async def test_closing_ends_the_process_and_a_later_use_starts_one(model: OfflineModel) -> None:
    await answer(model)
    pid = model.process.pid
    assert pid is not None
    await model.close()
    await until_gone(pid)
    assert await answer(model)
    assert model.process.pid not in (None, pid)


@needs_model
async def test_a_process_that_died_is_started_again(model: OfflineModel) -> None:
    await answer(model)
    pid = model.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    assert await answer(model)
    assert model.process.pid not in (None, pid)


@needs_model
async def test_a_process_that_dies_while_it_writes_fails_that_answer_alone(
    model: OfflineModel,
) -> None:
    async def kill_it_while_it_writes() -> None:
        async for _ in model.stream(Prompt("", ASKED.turns, max_tokens=500)):
            if model.process.pid is not None:
                os.kill(model.process.pid, signal.SIGKILL)

    with pytest.raises(ProviderFailed) as caught:
        await kill_it_while_it_writes()
    assert caught.value.retryable
    assert await answer(model)


@needs_model
async def test_closing_an_answer_early_frees_the_model_for_the_next(model: OfflineModel) -> None:
    async with aclosing(model.stream(Prompt("", ASKED.turns, max_tokens=500))) as parts:
        await anext(parts)
    async with asyncio.timeout(30):
        assert await answer(model)


@needs_model
async def test_a_full_queue_says_when_to_come_back(model: OfflineModel) -> None:
    waiting = [asyncio.create_task(answer(model)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(RateLimited) as caught:
        await answer(model)
    assert caught.value.retry_after == 15
    assert all(await asyncio.gather(*waiting))


@needs_model
async def test_nobody_without_the_key_is_answered(model: OfflineModel) -> None:
    access = await model.process.access()
    assert len(access.key) >= 32
    assert access.key not in repr(access)
    assert access.key not in arguments(model.process.pid)


async def test_a_start_that_takes_too_long_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "slow.py"
    script.write_text("import time; time.sleep(60)", encoding="utf-8")
    monkeypatch.setattr(offline_process, "SCRIPT", script)
    process = ModelProcess(tmp_path / "none.gguf", limit=0.2)
    with pytest.raises(ProviderFailed, match="OPENAI_API_KEY") as caught:
        await process.access()
    assert caught.value.retryable
    assert process.pid is None


@needs_model
@pytest.mark.parametrize("steps", [1, 3, 10, 100])
async def test_giving_up_while_the_process_starts_leaves_no_one_waiting(
    model: OfflineModel, steps: int
) -> None:
    asking = asyncio.create_task(answer(model))
    for _ in range(steps):
        await asyncio.sleep(0.002)
    asking.cancel()
    _, waiting = await asyncio.wait({asking}, timeout=30)
    assert not waiting
    assert await answer(model)


CLOSES_KEPT_CONNECTIONS = r"""
import json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
PARTS = [
    CHUNK | {"choices": [{"index": 0, "delta": {"content": "# A"}, "finish_reason": None}]},
    CHUNK | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
]

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answered = False

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.answered:
            self.close_connection = True
            return
        self.answered = True
        sent = "".join(f"data: {json.dumps(part)}\n\n" for part in PARTS) + "data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent.encode())

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


async def test_a_server_that_closes_a_kept_connection_is_still_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "closes.py"
    script.write_text(CLOSES_KEPT_CONNECTIONS, encoding="utf-8")
    monkeypatch.setattr(offline_process, "SCRIPT", script)
    model = OfflineModel(tmp_path / "none.gguf")
    assert [await answer(model), await answer(model)] == ["# A", "# A"]
    await model.close()


async def test_a_model_that_does_not_load_says_what_to_set(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    model = OfflineModel(broken)
    with pytest.raises(ProviderFailed, match="did not start"):
        await answer(model)
    await model.close()


PARENT = """
import asyncio, sys
from pathlib import Path
from core.providers.offline_process import ModelProcess

async def main():
    process = ModelProcess(Path(sys.argv[1]))
    await process.access()
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@needs_model
@pytest.mark.crash
async def test_the_process_ends_when_the_application_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(weights()), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert runs(pid)
    parent.kill()
    await parent.wait()
    await until_gone(pid)


async def test_without_a_model_the_text_says_so_and_what_to_set() -> None:
    text = await answer(OfflineText())
    assert text.startswith("# A plan for the week\n")
    assert "No AI model wrote this" in text
    assert "OPENAI_API_KEY, ANTHROPIC_API_KEY or DEEPSEEK_API_KEY" in text


@needs_model
async def test_from_pages_it_quotes_and_starts_no_process(model: OfflineModel) -> None:
    prompt = Prompt(
        "", ASKED.turns, question="launch?", extracts=(Extract("Plan", "Launch: May."),)
    )
    *parts, usage = [part async for part in model.stream(prompt)]
    assert "> Launch: May." in "".join(map(str, parts))
    assert isinstance(usage, Usage)
    assert usage.note is not None
    assert usage.note.startswith("Quoted, not written")
    assert model.process.pid is None
