"""DeepSeek: chat completions on its own address. https://api-docs.deepseek.com"""

from __future__ import annotations

from core.config import Settings
from core.providers.compatible import Compatible
from core.providers.sdk import SILENCE
from core.providers.vendor import Vendor, access

VENDOR = Vendor("deepseek", "DeepSeek")


def load(settings: Settings, *, silence: float = SILENCE) -> Compatible | None:
    """DeepSeek as the settings describe it; None without DEEPSEEK_API_KEY."""
    found = access(settings, VENDOR)
    return None if found is None else Compatible(VENDOR, found, silence=silence)
