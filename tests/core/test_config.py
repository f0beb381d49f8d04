from pathlib import Path

import pytest

from core.config import Settings, load_settings
from core.config_names import perhaps_meant, unread
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
    with pytest.raises(Misconfigured, match=rf"{name} must be an http\(s\) address"):
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


@pytest.fixture
def dot_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder's `.env`, which is read as in a run."""
    file = tmp_path / ".env"
    monkeypatch.setitem(Settings.model_config, "env_file", str(file))
    return file


def test_a_secret_file_can_be_named_in_the_env_file(
    monkeypatch: pytest.MonkeyPatch, dot_env: Path, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"secret {name}\n")
    dot_env.write_text(
        f"SLACK_BOT_TOKEN_FILE={tmp_path}/one\nNOTION_TOKEN_FILE={tmp_path}/one\n"
        f"DISCORD_TOKEN=typed\nDISCORD_TOKEN_FILE={tmp_path}/nowhere\nOPENAI_API_KEY_FILE=\n"
    )
    monkeypatch.setenv("NOTION_TOKEN_FILE", f"{tmp_path}/two")
    settings = load_settings()
    found = settings.slack_bot_token, settings.notion_token, settings.discord_token
    assert [each and each.get_secret_value() for each in found] == [
        "secret one",
        "secret two",  # the environment goes before the file
        "typed",  # the name goes before its file
    ]
    assert settings.openai_api_key is None


def test_a_secret_file_that_is_no_text_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(
        Misconfigured, match=r"OPENAI_API_KEY_FILE: cannot read .*key: it is no text"
    ):
        load_settings()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("SLACK_BOT_TOKN=x", "Did you mean SLACK_BOT_TOKEN?"),
        ("portt=1", "PORTT in .env is no setting, so it is not read. Did you mean PORT?"),
        ("OPEN_AI_API_KEY=x", "Did you mean OPENAI_API_KEY?"),
        ("SLACK_TOKEN=x", "Did you mean SLACK_BOT_TOKEN?"),
        ("NOTION_DATABASE_ID=x", "There are NOTION_TOKEN, NOTION_PARENT, "),
        ("PORT_FILE=x", "PORT comes from no file: set PORT itself."),
        ("SECRET_KEY_FIEL=x", "Did you mean SECRET_KEY_FILE?"),
    ],
)
def test_a_misspelt_setting_is_told_with_the_one_that_was_meant(
    dot_env: Path, line: str, told: str
) -> None:
    dot_env.write_text(f"{line}\n")
    [said] = unread(load_settings())
    assert told in said
    assert "=x" not in said


@pytest.mark.parametrize(
    ("name", "meant", "is_ours"),
    [
        ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN", True),
        ("SLAK_BOT_TOKEN", "SLACK_BOT_TOKEN", True),
        ("SLACK_SIGNING_SECERT", "SLACK_SIGNING_SECRET", True),
        ("OPENAI_APIKEY", "OPENAI_API_KEY", True),
        ("NOTION_TOKN_FILE", "NOTION_TOKEN_FILE", True),
        ("PUBLIC_ULR", "PUBLIC_URL", False),
        ("REDIS_URI", "REDIS_URL", False),
    ],
)
def test_a_setting_that_is_misspelt_in_the_environment_is_told_too(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str, is_ours: bool
) -> None:
    monkeypatch.setenv(name, "xyzzy")
    found = unread(load_settings()), perhaps_meant(load_settings())
    [said] = found[0] if is_ours else found[1]
    assert f"{name} in the environment is no setting" in said
    assert f"Did you mean {meant}?" in said
    assert ("another program" in said) is not is_ours
    assert "xyzzy" not in said
    assert found[1 if is_ours else 0] == []
    monkeypatch.setenv(meant, "redis://localhost:6379" if "REDIS" in meant else "http://x")
    if not meant.endswith("_FILE"):
        assert unread(load_settings()) == perhaps_meant(load_settings()) == [], "it is there"


def test_other_programs_names_in_the_environment_are_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [
        "HOSTNAME",
        "HOSTS",
        "PORTS",
        "LOGNAME",
        "REDIS_HOST",
        "REDIS_PORT",
        "REDIS_SERVICE_HOST",
        "DATABASE_USER",
        "DATABASE_NAME",
        "OPENAI_API_BASE",
        "OPENAI_ORG_ID",
        "OPENAI_API_TYPE",
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_API_URL",
        "NOTION_API_KEY",
        "NOTION_DATABASE_ID",
        "NOTION_TOKEN_V2",
        "NOTION_ASSISTANT_PORT",
        "SLACK_TOKEN",
        "SLACK_API_TOKEN",
        "SLACK_WEBHOOK_URL",
        "SLACK_APP_ID",
        "DISCORD_BOT_TOKEN",
        "DISCORD_WEBHOOK_URL",
        "SMTP_PASS",
        "SMTP_SSL",
        "SECRET_KEY_BASE",
        "PUBLIC_IP",
        "PUBLIC_KEY",
        "DEEPSEEK_API_BASE",
        "DATA_HOME",
        "TEMPLATES_DIR",
    ]:
        monkeypatch.setenv(name, "x")
    settings = load_settings()
    assert unread(settings) == perhaps_meant(settings) == []


def test_what_belongs_to_others_is_no_misspelt_setting(dot_env: Path) -> None:
    dot_env.write_text(
        "POSTGRES_PASSWORD=x\nCOMPOSE_PROJECT_NAME=notes\nTZ=UTC\nNOTION_TOKEN=x\n"
        "NOTION_TOKEN_OLD=spare\nSECRET_KEY_FILE=\nexport LOG_LEVEL=debug\n"
    )
    settings = load_settings()
    assert unread(settings) == []
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "PORT must be a number from 1 to 65535, not “abc”."),
        ("PORT", "70000", "PORT must be a number from 1 to 65535, not “70000”."),
        ("BCRYPT_COST", "4", "BCRYPT_COST must be a number from 10 to 15, not “4”."),
        ("SMTP_PORT", "25.5", "SMTP_PORT must be a number from 1 to 65535, not “25.5”."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not “loud”."),
        ("SMTP_TLS", "x" * 60, f"SMTP_TLS must be auto, starttls, tls or none, not “{'x' * 39}…”."),
        (
            "DATABASE_URL",
            "mysql://u:p@h",
            "DATABASE_URL must begin with sqlite:/// or postgresql://.",
        ),
    ],
)
def test_a_wrong_setting_says_what_it_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as raised:
        load_settings()
    assert raised.value.message == said


def test_every_limit_and_choice_of_a_setting_is_said_in_plain_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "?")
    with pytest.raises(Misconfigured) as raised:
        load_settings()
    assert raised.value.message.startswith("Some settings are wrong. ")
    for library in ("Input", "should", "valid", "unable", "greater"):
        assert library not in raised.value.message
