"""The tables. Migrations under `migrations/` make them; a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware, in UTC. SQLite keeps no zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def _created() -> Column[Any]:
    return Column("created_at", UtcDateTime, nullable=False)


def _owner(name: str = "user_id") -> Column[Any]:
    return Column(name, Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


# A person. Without email: somebody known from chat alone, who has not linked an account.
users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", String(320)),
    Column("username", String(64)),
    Column("password_hash", String(128)),
    _created(),
    # What they chose for themselves: {"provider": "…", "template": "…", …}
    Column("preferences", JSON, nullable=False, server_default=text("'{}'")),
    # What they may do on this server: "member" or "admin".
    Column("role", String(16), nullable=False, server_default="member"),
    # When an admin switched the account off; since when its address is known to be theirs.
    Column("disabled_at", UtcDateTime),
    Column("email_verified_at", UtcDateTime),
    # Tokens a month, where an admin gave them another allowance than everybody.
    Column("allowance", BigInteger),
    # US dollars a month, the same way.
    Column("allowance_dollars", Double),
)
# One spelling of a name is one person, whatever the case.
Index("uq_users_email", func.lower(users.c.email), unique=True)
Index("uq_users_username", func.lower(users.c.username), unique=True)

# Who a person is on a chat platform.
identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    _owner(),
    Column("platform", String(32), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("external_id", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    # When it was joined to an account by a link; None where it was not.
    Column("linked_at", UtcDateTime),
    _created(),
    UniqueConstraint("platform", "workspace", "external_id"),
    Index(None, "user_id"),
)

# What was asked for and what came of it.
content_history = Table(
    "content_history",
    metadata,
    Column("id", Uuid, primary_key=True),
    _owner(),
    Column("prompt", Text, nullable=False),
    Column("generated_content", Text),
    Column("provider", String(32)),
    Column("notion_url", Text),
    Column("model", String(128)),
    Column("template", String(64)),
    Column("note", Text),
    Column("input_tokens", Integer, nullable=False, server_default=text("0")),
    Column("output_tokens", Integer, nullable=False, server_default=text("0")),
    # The page, and which request began to make it, when: whoever finds `saving_since` set looks for
    # a page before making one.
    Column("notion_page_id", String(36)),
    Column("notion_parent", JSON(none_as_null=True)),
    Column("saving_since", UtcDateTime),
    Column("saving_by", Uuid),
    Column("stopped", Boolean, nullable=False, server_default=false()),
    _created(),
    # What was known of it when it was kept: `core.facts.Facts` as JSON.
    Column("facts", JSON(none_as_null=True)),
    # Why its provider broke off before the end.
    Column("error", JSON(none_as_null=True)),
    # Whether its tokens are an estimate: it was broken off before its provider counted.
    Column("estimated", Boolean, nullable=False, server_default=false()),
    Index(None, "user_id", "created_at", "id"),
)

# Items made of messages whose pages follow what becomes of the messages, `until` a moment. `thread`
# is the thread that was saved whole; empty where none was. `taken` is what the change under way
# works on, and where: it is kept until all of it stands on the page.
followed = Table(
    "followed",
    metadata,
    Column(
        "content_id",
        Uuid,
        ForeignKey("content_history.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("platform", String(32), nullable=False),
    Column("place", String(128), nullable=False),
    Column("thread", String(64), nullable=False),
    Column("shape", String(16), nullable=False),
    Column("address", JSON, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    # When what has changed is to be brought to the page, and the request that does.
    Column("due_at", UtcDateTime),
    Column("running", Uuid),
    Column("rounds", Integer, nullable=False, server_default=text("0")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("taken", JSON(none_as_null=True)),
    _created(),
    Index(None, "platform", "place", "thread"),
    Index(None, "due_at"),
    Index(None, "until"),
)

# The messages of such an item: as the page shows them, and as they are by now where that differs.
followed_messages = Table(
    "followed_messages",
    metadata,
    Column(
        "content_id",
        Uuid,
        ForeignKey("followed.content_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("external_id", String(64), primary_key=True),
    Column("shown", JSON(none_as_null=True)),
    Column("wanted", JSON(none_as_null=True)),
    Index(None, "external_id"),
)

# Where a person, or everybody in a channel, wants their pages. `place` is the platform's name for
# the channel.
destinations = Table(
    "destinations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("platform", String(32)),
    Column("place", String(128)),
    Column("notion_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    _created(),
    CheckConstraint(
        "(user_id IS NULL) = (platform IS NOT NULL) AND (platform IS NULL) = (place IS NULL)",
        name="ck_destinations_one_holder",
    ),
    UniqueConstraint("user_id"),
    UniqueConstraint("platform", "place"),
)

# Every request that was accepted, until its answer has reached the person and some days after.
requests = Table(
    "requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("platform", String(32), nullable=False),
    Column("body", JSON, nullable=False),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("answer", JSON(none_as_null=True)),
    # The messages the platform was asked to send: {"0": {"begun": true, "reply": {…}}, …}
    Column("replies", JSON, nullable=False, server_default=text("'{}'")),
    Column("started", Boolean, nullable=False, server_default=false()),
    # The thread in which it waits for the answers before its own.
    Column("queue", String(256)),
    # When its owner asked that the writing end; whoever writes looks here.
    Column("stop_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    _created(),
    Index(None, "finished_at"),
    Index(None, "queue"),
)

# What was said in threads that this app may be asked about, for some days.
messages = Table(
    "messages",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("place", String(128), primary_key=True),
    Column("external_id", String(64), primary_key=True),
    Column("thread", String(64), nullable=False),
    Column("author", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("files", JSON, nullable=False),
    # Whether this app wrote it; whether it was written to this app.
    Column("ours", Boolean, nullable=False),
    Column("to_us", Boolean, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    _created(),
    Index(None, "platform", "place", "thread"),
    Index(None, "created_at"),
)

# When each long connection was last known to be alive, so that what was missed is looked for.
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("seen_at", UtcDateTime, nullable=False),
)

# Refresh tokens, as hashes. Each works once; its use again ends the family.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("family", Uuid, nullable=False),
    _owner(),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    _created(),
    Index(None, "family"),
    Index(None, "user_id"),
)

# First answers to POSTs that carried an Idempotency-Key.
idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer),
    Column("body", Text),
    _created(),
)

# Workspaces whose admin installed the app by OAuth, each with a token of its own. `workspace` is
# empty where a whole organisation installed it, `enterprise` where there is none. The token is
# encrypted.
installations = Table(
    "installations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("platform", String(32), nullable=False),
    Column("enterprise", String(64), nullable=False),
    Column("workspace", String(64), nullable=False),
    Column("name", String(128), nullable=False),
    Column("bot_user", String(64), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("installed_by", String(64), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # Of a token that rotates: what gets the next one, encrypted, when the token ends, and until
    # when some process is on its way to renew it.
    Column("refresh", Text),
    Column("expires_at", UtcDateTime),
    Column("renewing_until", UtcDateTime),
    _created(),
    UniqueConstraint("platform", "enterprise", "workspace"),
)

# One-time codes that join a chat identity and an account, as hashes: made in chat they stand for
# the identity, made on the web for the account. `address` is where the chat hears of it.
link_codes = Table(
    "link_codes",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("identity_id", Uuid, ForeignKey("identities.id", ondelete="CASCADE")),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE")),
    Column("address", JSON, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    _created(),
    CheckConstraint("(identity_id IS NULL) <> (user_id IS NULL)", name="ck_link_codes_one_side"),
    Index(None, "expires_at"),
)

# What people thought of an answer.
ratings = Table(
    "ratings",
    metadata,
    Column(
        "content_id",
        Uuid,
        ForeignKey("content_history.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("good", Boolean, nullable=False),
    _created(),
)
