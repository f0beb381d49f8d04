"""Many answers that grow at once in one process, on their way out to Slack.

The texts come from a clock and not from a model, whose packages would be what is measured: each
answer gets a word every 20 ms. Slack is in a process of its own. All that stands between is the
product's: what is settled, the budget, the calls.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from benchmarks.world import BOT_TOKEN, elsewhere
from bot.slack.adapter import SlackPlatform
from core.actions import while_writing
from core.config import Settings
from core.jobs.show import Show
from core.live import Feed
from core.messages import Answer
from core.ports import Part, Reply

TOKEN = 0.02
EVERY = 0.01


@dataclass(frozen=True, slots=True)
class Crowd:
    """How late the event loop was, each hundredth of a second, and bytes for each answer."""

    lags: list[float]
    each: float


async def crowd(answers: int, words: int) -> Crowd:
    """So many answers of so many words each, begun one by one within half of an answer's time."""
    async with elsewhere() as outside:
        settings = Settings(
            _env_file=None,
            slack_bot_token=BOT_TOKEN,  # type: ignore[arg-type] # pydantic makes a secret of it
            slack_api_url=outside.settings["SLACK_API_URL"],
        )
        platform = SlackPlatform(settings)
        place = {"response_url": "", "enterprise_id": "", "accepted_at": f"{time.time():.6f}"}
        place |= {name: outside.command[name] for name in ("channel_id", "user_id", "team_id")}
        root = await platform.post(
            place | {"delivery": "root"}, platform.render(Answer("When?"))[0], "root:0", again=False
        )
        address = place | {"thread": root["ts"], "message": root["ts"]}
        await _answer(platform, address, words // 10, 0.0)
        gc.collect()
        before, lags, most = memory(), list[float](), 0
        running = asyncio.gather(
            *(
                _answer(platform, address, words, words * TOKEN / 2 * number / answers)
                for number in range(answers)
            )
        )
        while not running.done():
            due = time.perf_counter() + EVERY
            await asyncio.sleep(EVERY)
            lags.append(time.perf_counter() - due)
            most = max(most, memory()) if len(lags) % 20 == 0 else most
        await running
        await platform.close()
        return Crowd(lags, (most - before) / answers)


async def _answer(
    platform: SlackPlatform, place: dict[str, str], words: int, begins: float
) -> None:
    """One answer: its words in lines of a list, then its end."""
    item, feed = uuid4(), Feed()
    address = place | {"delivery": str(item)}

    async def post(part: Part) -> Reply:
        return await platform.post(address, part, f"{item}:0", again=False)

    await asyncio.sleep(begins)
    async with Show(platform, address, feed, post, None, while_writing(item)) as show:
        for number in range(words):
            feed.add(("\n- " if number % 9 == 0 else " ") + f"w{number}")
            await asyncio.sleep(TOKEN)
        feed.complete()
    [part] = platform.render(Answer(feed.text.strip()))
    assert show.reply is not None
    await platform.edit(address, show.reply, part)
    show.close()


def memory(process: int | str = "self") -> int:
    """Bytes of a process that are in memory."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
