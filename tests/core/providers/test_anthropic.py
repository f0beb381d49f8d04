from __future__ import annotations

from core.config import load_settings
from core.ports import Prompt, Turn, Usage
from core.providers.anthropic import load
from sandbox.ai.server import AiServer


async def test_no_sampling_setting_is_sent_and_the_limit_is() -> None:
    async with AiServer() as ai:
        provider = load(load_settings(**ai.settings("anthropic")))
        assert provider is not None
        prompt = Prompt("", (Turn("user", "hello"),), max_tokens=77)
        parts = [part async for part in provider.stream(prompt)]
        await provider.close()
        body = ai.calls[-1].body
    assert isinstance(parts[-1], Usage)
    assert not {"temperature", "top_p", "top_k", "system"} & body.keys()
    assert body["max_tokens"] == 77
