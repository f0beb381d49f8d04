"""Settings: the one place that reads the environment, `.env` and secret files.

Each setting is described by the `description` beside it; `.env.example` and the operator's guide
are held to this list by a test. Any secret can come from a file: `NAME_FILE=/run/secrets/name`.
"""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    SettingsConfigDict,
)
from pydantic_settings import PydanticBaseSettingsSource as Source

from core import config_words as words
from core.config_files import SecretFiles
from core.errors import Misconfigured

List = Annotated[tuple[str, ...], NoDecode]
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}


class Settings(BaseSettings):
    """Every setting, validated once at the start."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=True
    )

    # The server
    port: int = Field(8080, ge=0, le=65535, description="The port of the web server.")
    host: str = Field("127.0.0.1", description="The address the web server listens on.")
    public_url: str = Field(
        "", description="The address people reach the server at; http://localhost:PORT if unset."
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs sessions and encrypts stored tokens. Several, comma-separated, newest "
        "first, to rotate. Made and kept in data/ for a local run, required for any other.",
    )
    cors_origins: List = Field((), description="Web origins that may call the API, by comma.")
    log_format: Literal["console", "json"] = Field("console", description="How logs are written.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least important log line that is written."
    )

    # Accounts and mail
    bcrypt_cost: int = Field(
        12, ge=10, le=15, description="What a password's hash costs; one more doubles the time."
    )
    link_confirmation: Literal["code", "chat"] = Field(
        "code",
        description="chat: who confirms a link on the web is joined once the person in chat types "
        "/notion link yes; code: at once.",
    )
    audit_days: int = Field(
        365, ge=1, le=3650, description="For how many days the audit log is kept."
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="The mail server: smtp://user:password@host:587, smtps:// for TLS from the "
        "first byte, smtp+starttls:// to insist on it. Goes before SMTP_HOST.",
    )
    smtp_host: str | None = Field(
        None, description="The mail server; without one, mail is shown in a local run's log."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_username: str | None = Field(None, description="The user name there, if it wants one.")
    smtp_password: SecretStr | None = Field(None, description="The password there.")
    smtp_tls: Literal["auto", "starttls", "tls", "none"] = Field(
        "auto", description="auto: STARTTLS where offered; starttls insists; tls at once; none."
    )
    mail_from: str | None = Field(
        None, description="The sender of mail; no-reply at the host of PUBLIC_URL if unset."
    )

    # Storage
    database_url: str = Field(
        "sqlite+aiosqlite:///./data/notion-assistant.db",
        description="SQLite for one process, or postgresql://user:password@host/name.",
    )
    redis_url: str | None = Field(
        None, description="Redis, to share limits between processes; in-process if unset."
    )

    # AI providers
    ai_providers: List = Field(
        (), description="Order of preference, by comma; every one with a key if unset."
    )
    ai_prices: List = Field(
        (),
        description="US dollars for a million tokens in/out, by comma: claude-sonnet-5-5=3/15, or "
        "by provider: openai=2/10. Usage shows no cost where there is none.",
    )
    openai_api_key: SecretStr | None = Field(None, description="Turns OpenAI on.")
    openai_base_url: str = Field(
        "https://api.openai.com/v1", description="OpenAI, or any compatible server."
    )
    openai_model: str = Field("gpt-6.2-sol", description="The model asked for by default.")
    anthropic_api_key: SecretStr | None = Field(None, description="Turns Anthropic on.")
    anthropic_base_url: str = Field("https://api.anthropic.com", description="Anthropic's API.")
    anthropic_model: str = Field("claude-sonnet-5-5", description="The model asked for by default.")
    deepseek_api_key: SecretStr | None = Field(None, description="Turns DeepSeek on.")
    deepseek_base_url: str = Field("https://api.deepseek.com", description="DeepSeek's API.")
    deepseek_model: str = Field("deepseek-v4-flash", description="The model asked for by default.")

    # Notion
    notion_token: SecretStr | None = Field(
        None, description="An internal integration's token; a local stand-in if unset."
    )
    notion_parent: str | None = Field(
        None, description="The page or data source that pages go to: its address or id."
    )
    notion_client_id: str | None = Field(
        None,
        description="A public integration's client id: people connect a Notion of their own. Its "
        "redirect URI is PUBLIC_URL/auth/notion/callback.",
    )
    notion_client_secret: SecretStr | None = Field(None, description="Its client secret.")
    notion_base_url: str = Field("https://api.notion.com", description="Notion's API.")
    notion_requests_per_minute: int = Field(
        180, ge=1, le=10_000, description="Notion's limit for a connection; 600 on larger plans."
    )
    save_titles: Literal["line", "model"] = Field(
        "line",
        description="What names the page of a saved message: its first line, or a model's title.",
    )
    save_title_model: str | None = Field(
        None, description="The model asked for titles; the provider's own default if unset."
    )
    follow_days: int = Field(
        30,
        ge=0,
        le=365,
        description="Days for which a page follows edits, replies and deletions of what it was "
        "saved from; 0 for not at all.",
    )

    # Slack
    slack_bot_token: SecretStr | None = Field(None, description="The bot token (xoxb-…).")
    slack_signing_secret: SecretStr | None = Field(
        None, description="Turns Slack over HTTP on: POST /slack/events."
    )
    slack_app_token: SecretStr | None = Field(
        None, description="The app token (xapp-…); turns Slack over Socket Mode on."
    )
    slack_client_id: str | None = Field(
        None,
        description="Lets many workspaces install the app, PUBLIC_URL/slack/install, and people "
        "sign in with Slack.",
    )
    slack_client_secret: SecretStr | None = Field(None, description="Its client secret.")
    slack_api_url: str = Field("https://slack.com/api/", description="Slack's Web API.")

    # Discord
    discord_token: SecretStr | None = Field(None, description="The bot token; turns Discord on.")
    discord_client_id: str | None = Field(
        None, description="The application: its invite links, and signing in with Discord."
    )
    discord_client_secret: SecretStr | None = Field(
        None, description="Its client secret; turns signing in with Discord on."
    )
    discord_api_url: str = Field("https://discord.com/api/v10", description="Discord's API.")
    discord_gateway_url: str = Field(
        "wss://gateway.discord.gg/", description="Discord's gateway, where the bot connects."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Source,
        env_settings: Source,
        dotenv_settings: Source,
        file_secret_settings: Source,  # noqa: ARG003 - a folder of files; ours are named one by one
    ) -> tuple[Source, ...]:
        """What is given, then the environment, then `.env`, then the files that these name."""
        named = [
            cast("EnvSettingsSource", each).env_vars for each in (env_settings, dotenv_settings)
        ]
        files = SecretFiles(settings_cls, SECRETS, *named)
        return init_settings, env_settings, dotenv_settings, files

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        upper = str(value).upper()
        return upper if upper in logging.getLevelNamesMapping() else value

    @field_validator("cors_origins", "ai_providers", "ai_prices", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("ai_prices")
    @classmethod
    def _are_prices(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            words.price(each)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        # Not quoted: it holds a password.
        try:
            parts = urlsplit(value.get_secret_value() if value else "smtp://localhost")
            good = parts.scheme in ("smtp", "smtps", "smtp+starttls") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            good = False
        if not good:
            why = "must be like smtp://user:password@host:587"
            raise ValueError(why)
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_a_mailbox(cls, value: str | None) -> str | None:
        if value is not None and ("@" not in value or not value.isprintable()):
            why = "must be like Notion Assistant <assistant@example.com>"
            raise ValueError(why)
        return value

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, value: str) -> str:
        scheme, _, rest = value.partition("://")
        drivers = {
            "postgresql": "postgresql+asyncpg",
            "postgres": "postgresql+asyncpg",
            "postgresql+asyncpg": "postgresql+asyncpg",
            "sqlite": "sqlite+aiosqlite",
            "sqlite+aiosqlite": "sqlite+aiosqlite",
        }
        if scheme not in drivers:
            why = "must begin with sqlite:/// or postgresql://"
            raise ValueError(why)
        return f"{drivers[scheme]}://{rest}"

    @field_validator(
        "public_url",
        "openai_base_url",
        "anthropic_base_url",
        "deepseek_base_url",
        "notion_base_url",
        "slack_api_url",
        "discord_api_url",
    )
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        # Not quoted: an address may hold a password.
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if value and not good:
            why = "must be an http(s) address, such as https://notion.example.com"
            raise ValueError(why)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if not self.public_url:
            object.__setattr__(self, "public_url", f"http://localhost:{self.port}")
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        return self

    @property
    def prices(self) -> dict[str, tuple[float, float]]:
        """Dollars for a million tokens in and out, by the name of a model or of a provider.

        What is written on this machine costs none, unless a price is set.
        """
        return {"offline": (0.0, 0.0)} | dict(words.price(each) for each in self.ai_prices)

    @property
    def embedded(self) -> bool:
        """Whether the database is a SQLite file, which has one owner at a time."""
        return self.database_url.startswith("sqlite")

    @property
    def local(self) -> bool:
        """Whether this is a run on somebody's own machine, where stand-ins are welcome."""
        return self.embedded and urlsplit(self.public_url).hostname in LOCAL_HOSTS

    @property
    def data_dir(self) -> Path:
        """Where files are kept: the SQLite file's folder, `data` otherwise."""
        if self.embedded:
            return Path(self.database_url.partition(":///")[2]).parent
        return Path("data")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys, newest first.

        Raises Misconfigured where none is set and this is no local run.
        """
        if self.secret_key is not None:
            keys = tuple(k.strip() for k in self.secret_key.get_secret_value().split(","))
            if any(len(key.encode()) < 32 for key in keys):
                raise Misconfigured(
                    "SECRET_KEY must be at least 32 bytes. Make one: openssl rand -hex 32"
                )
            return keys
        if not self.local:
            raise Misconfigured("SECRET_KEY is not set. Make one: openssl rand -hex 32")
        return (_kept_key(self.data_dir / "secret-key"),)


SECRETS = (
    "database_url",  # these two hold a password more often than not
    "redis_url",
    *(
        name
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    ),
)


def program() -> str:
    """What to type for this program: `make run` installs it into a folder of the current one."""
    installed = ".venv/bin/notion-assistant"
    return installed if Path(installed).exists() else "notion-assistant"


def load_settings(**overrides: Any) -> Settings:
    """Reads the settings. Raises Misconfigured, naming each setting that is wrong."""
    try:
        return Settings(**overrides)
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f".env cannot be read: {error}") from None
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise Misconfigured(words.wrong(problems, Settings.model_fields)) from None


def _kept_key(path: Path) -> str:
    """The key a local run made for itself, made now if it is the first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="utf-8").strip()
