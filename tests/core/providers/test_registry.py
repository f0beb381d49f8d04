from __future__ import annotations

import subprocess
import sys

import pytest

from core.config import load_settings
from core.errors import Misconfigured
from core.providers.registry import CanWarm, providers

KEYS = {"openai_api_key": "a", "anthropic_api_key": "b", "deepseek_api_key": "c"}


def test_every_provider_with_a_key_is_there_in_the_registrys_order() -> None:
    found = providers(load_settings(**KEYS))
    assert list(found) == ["openai", "anthropic", "deepseek"]
    assert [provider.name for provider in found.values()] == list(found)


def test_without_a_key_the_offline_one_answers() -> None:
    assert list(providers(load_settings())) == ["offline"]


def test_a_key_turns_the_offline_one_off() -> None:
    assert list(providers(load_settings(deepseek_api_key="c"))) == ["deepseek"]


def test_ai_providers_sets_the_order_and_who_takes_part() -> None:
    found = providers(load_settings(ai_providers="DeepSeek, openai,offline,openai", **KEYS))
    assert list(found) == ["deepseek", "openai", "offline"]


def test_a_name_that_is_no_provider_names_the_setting_and_the_choice() -> None:
    with pytest.raises(Misconfigured, match=r"AI_PROVIDERS names 'opnai'.*openai, anthropic"):
        providers(load_settings(ai_providers="opnai", **KEYS))


def test_a_name_without_its_key_names_the_variable_and_what_works_without() -> None:
    with pytest.raises(Misconfigured, match=r"ANTHROPIC_API_KEY is not set.*offline works"):
        providers(load_settings(ai_providers="anthropic", openai_api_key="a"))


def test_each_provider_takes_its_model_from_its_setting() -> None:
    found = providers(load_settings(openai_model="mine", **KEYS))
    assert found["openai"].model == "mine"


def test_those_that_start_slowly_can_be_warmed() -> None:
    for provider in providers(load_settings(ai_providers="openai,anthropic", **KEYS)).values():
        assert isinstance(provider, CanWarm)


def test_no_key_shows_when_a_provider_is_printed() -> None:
    provider = providers(load_settings(openai_api_key="sk-secret"))["openai"]
    assert "sk-secret" not in repr(vars(provider))


def test_making_the_providers_imports_no_sdk() -> None:
    code = (
        "import sys; from core.config import load_settings; "
        "from core.providers.registry import providers; "
        "providers(load_settings(_env_file=None, openai_api_key='a', anthropic_api_key='b')); "
        "assert not {'openai', 'anthropic', 'httpx2', 'xllamacpp'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


@pytest.mark.parametrize(("name", "sdk"), [("openai", "openai"), ("anthropic", "anthropic")])
async def test_warming_imports_the_sdk_and_reaches_nobody(name: str, sdk: str) -> None:
    provider = providers(load_settings(**KEYS))[name]
    assert isinstance(provider, CanWarm)
    await provider.warm()
    assert sdk in sys.modules
    await provider.close()
