"""Names that were meant for a setting and are none, so that nobody reads them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from core import config_words as words
from core.config import SECRETS, Settings


def unread(settings: Settings) -> list[str]:
    """What stands in `.env` or the environment and was meant for a setting, a sentence each."""
    known = (Settings.model_fields, SECRETS, settings.model_fields_set)
    file = words.unread(DotEnvSettingsSource(Settings).env_vars, *known)
    return [*file, *(said for said, is_ours in _misspelt(settings) if is_ours)]


def perhaps_meant(settings: Settings) -> list[str]:
    """What stands in the environment and is like a setting, but may be another program's."""
    return [said for said, is_ours in _misspelt(settings) if not is_ours]


def _misspelt(settings: Settings) -> Iterator[tuple[str, bool]]:
    file = DotEnvSettingsSource(Settings).env_vars
    around = EnvSettingsSource(Settings).env_vars
    given = {name for name in around if name not in file}
    return words.misspelt(given, Settings.model_fields, SECRETS, settings.model_fields_set)
