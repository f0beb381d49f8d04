"""A model for many at once: OpenAI's Responses API, and as little work as can be for each token.

`python -m benchmarks.model` prints where it listens, and ends with its standard input. The stand-in
in `sandbox/ai` would take more of the machine for 500 answers at once than what is measured. What
is asked ends with the number of tokens and the word that the answer is to begin with; `GET /times`
says for each such word when its first and its last token were sent, by `time.time`.
https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import NamedTuple

import aiohttp

from benchmarks import processes
from sandbox.ai.responses import Responses
from sandbox.ai.script import Asked

FIRST_TOKEN, TOKEN = 0.3, 0.02
"""Seconds to the first token, and from each to the next."""

_WIRE = Responses()
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Times(NamedTuple):
    """When the first and the last token of an answer were sent; 0.0 where they were not."""

    first: float = 0.0
    last: float = 0.0


def pieces(tokens: int, word: str) -> list[str]:
    """An answer's tokens: words in lines of a list, after that first one. Most are short, so that
    thousands are still one message."""
    rest = []
    for number in range(1, tokens):
        named = number % 10 == 0 or number == tokens - 1
        said = f"w{number}" if named else "x"
        rest.append(("\n- " if number % 9 == 1 else " ") + said)
    return [f"{word}\n", *rest]


class Model:
    """The answers under way, and what was sent of each."""

    def __init__(self) -> None:
        self.times: dict[str, Times] = {}

    @cache  # noqa: B019 - there is one model
    def frames(self, model: str, tokens: int) -> list[bytes]:
        """The tokens after the first as they go out: the same for all who ask."""
        asked = Asked(model, [], stream=True, max_tokens=0, usage=True)
        return [_chunk(_WIRE.token(asked, piece)) for piece in pieces(tokens, "")[1:]]


class _Connection(asyncio.Protocol):
    """One connection: requests that come one after another."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, found, body = self._came.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        if found and len(body) >= length:
            self._came = body[length:]
            if head.startswith(b"GET /times"):
                told = json.dumps(self._model.times).encode()
                size = f"HTTP/1.1 200 OK\r\nContent-Length: {len(told)}\r\n"
                self._transport.write(f"{size}Content-Type: application/json\r\n\r\n".encode())
                self._transport.write(told)
            else:
                self._begin(json.loads(body[:length]))

    def _begin(self, body: dict[str, object]) -> None:
        asked = _WIRE.asked(body, {})
        self._transport.write(_HEAD + b"".join(map(_chunk, _WIRE.begin(asked))))
        loop = asyncio.get_running_loop()
        loop.call_later(FIRST_TOKEN, self._token, asked, 0, loop.time() + FIRST_TOKEN)

    def _token(self, asked: Asked, number: int, due: float) -> None:
        if self._transport.is_closing():
            return
        model, words = self._model, asked.prompt.split()
        tokens, word = int(words[-2]), words[-1]
        if number:
            self._transport.write(model.frames(asked.model, tokens)[number - 1])
        else:
            self._transport.write(_chunk(_WIRE.token(asked, f"{word}\n")))
            model.times[word] = Times(time.time())
        if number + 1 < tokens:
            due += TOKEN
            asyncio.get_running_loop().call_at(due, self._token, asked, number + 1, due)
            return
        model.times[word] = Times(model.times[word].first, time.time())
        end = _WIRE.end(asked, "".join(pieces(tokens, word)), tokens, "stop")
        self._transport.write(b"".join(map(_chunk, end)) + b"0\r\n\r\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def elsewhere() -> AbstractAsyncContextManager[str]:
    """The model, in a process of its own; gives its address."""
    return processes.elsewhere("benchmarks.model")


async def times(url: str) -> dict[str, Times]:
    """What the model at this address sent, by first word."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/times") as response:
        return {word: Times(*found) for word, found in (await response.json()).items()}


async def _serve() -> None:
    model = Model()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(model), "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
