"""Every provider by its name. A new one is its file, its test and a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from core.config import Settings
from core.errors import Misconfigured
from core.ports import Provider
from core.providers import anthropic, deepseek, offline, openai

Loader = Callable[[Settings], Provider | None]
"""Makes a provider cheaply, without its SDK; None where its key is not set."""

LOADERS: dict[str, Loader] = {
    "openai": openai.load,
    "anthropic": anthropic.load,
    "deepseek": deepseek.load,
    "offline": offline.load,
}
FALLBACK = "offline"


@runtime_checkable
class CanWarm(Protocol):
    """The power to do ahead of time what the first use would have to wait for."""

    async def warm(self) -> None:
        """Imports or starts what is needed; asks no vendor. May raise ProviderFailed."""
        ...


def providers(settings: Settings) -> dict[str, Provider]:
    """The providers by name, in order of preference; never empty.

    AI_PROVIDERS names them, else it is every one with a key, else the offline one. Raises
    Misconfigured where AI_PROVIDERS names one that does not exist or has no key.
    """
    if settings.ai_providers:
        names = dict.fromkeys(name.lower() for name in settings.ai_providers)
        return {name: _named(name, settings) for name in names}
    found = {
        name: provider
        for name, load in LOADERS.items()
        if name != FALLBACK and (provider := load(settings)) is not None
    }
    return found or {FALLBACK: _named(FALLBACK, settings)}


def _named(name: str, settings: Settings) -> Provider:
    if name not in LOADERS:
        raise Misconfigured(
            f"AI_PROVIDERS names {name!r}, which is no provider. It may name "
            f"{', '.join(LOADERS)}; unset, every provider with a key is used."
        )
    provider = LOADERS[name](settings)
    if provider is None:
        raise Misconfigured(
            f"AI_PROVIDERS names {name}, but {name.upper()}_API_KEY is not set. Set it, or take "
            f"{name} out of AI_PROVIDERS; {FALLBACK} works without a key."
        )
    return provider
