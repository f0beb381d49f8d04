from pathlib import Path

import pytest

from core.config import Settings, load_settings
from core.errors import Misconfigured


def test_without_any_setting_it_is_a_local_run() -> None:
    settings = load_settings()
    assert settings.port == 8080
    assert settings.public_url == "http://localhost:8080"
    assert settings.local
    assert settings.embedded


def test_the_public_address_follows_the_port_and_loses_its_last_slash() -> None:
    assert load_settings(port=9000).public_url == "http://localhost:9000"
    assert load_settings(public_url="https://n.example.org/").public_url == "https://n.example.org"


def test_a_bare_postgresql_address_gets_its_driver() -> None:
    settings = load_settings(database_url="postgresql://u:p@db/n")
    assert settings.database_url == "postgresql+asyncpg://u:p@db/n"
    assert not settings.local


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_PROVIDERS", "anthropic, openai,")
    assert load_settings().ai_providers == ("anthropic", "openai")


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    key = load_settings().openai_api_key
    assert key is not None
    assert key.get_secret_value() == "from-a-file"


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTION_TOKEN_FILE", "/nowhere/at/all")
    with pytest.raises(Misconfigured, match="NOTION_TOKEN_FILE: cannot read /nowhere/at/all"):
        load_settings()


def test_wrong_settings_are_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("DATABASE_URL", "mysql://x")
    with pytest.raises(Misconfigured) as raised:
        load_settings()
    assert "PORT" in raised.value.message
    assert "DATABASE_URL" in raised.value.message


@pytest.mark.parametrize("value", ["nonsense", "ftp://x.example", "https://", "http://[::1"])
@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "NOTION_BASE_URL", "PUBLIC_URL"])
def test_an_address_that_is_none_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=rf"{name}: is not an http\(s\) address"):
        load_settings()


def test_no_secret_is_shown_by_printing_the_settings() -> None:
    settings = load_settings(openai_api_key="sk-very-secret", notion_token="ntn-secret")
    assert "secret" not in repr(settings).replace("secret_key", "").replace(
        "client_secret", ""
    ).replace("signing_secret", "")


def test_a_local_run_makes_a_key_and_keeps_it_to_itself(tmp_path: Path) -> None:
    settings = load_settings(database_url=f"sqlite:///{tmp_path}/a/x.db")
    (key,) = settings.secret_keys
    assert len(key) == 64
    assert settings.secret_keys == (key,)
    assert (tmp_path / "a" / "secret-key").stat().st_mode & 0o077 == 0
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0, "others' prompts and hashes are in there"


def test_any_other_run_needs_a_key_long_enough() -> None:
    server = {"database_url": "postgresql://u@db/n"}
    with pytest.raises(Misconfigured, match="SECRET_KEY is not set"):
        _ = load_settings(**server).secret_keys
    with pytest.raises(Misconfigured, match="at least 32 bytes"):
        _ = load_settings(secret_key="short", **server).secret_keys
    newer, older = "n" * 32, "o" * 32
    assert load_settings(secret_key=f"{newer},{older}", **server).secret_keys == (newer, older)


def test_every_setting_says_what_it_is_for() -> None:
    assert [n for n, field in Settings.model_fields.items() if not field.description] == []


def test_an_empty_secret_file_is_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    assert load_settings().openai_api_key is None


def test_the_databases_address_can_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@db/n?sslmode=require")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    assert load_settings().database_url.endswith("@db/n?sslmode=require")
