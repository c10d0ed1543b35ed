"""The tables of the access book."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _words(name: str, *, nullable: bool = False, unique: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable, unique=unique)


def _whole(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def _digest(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False, unique=True)


def _owner() -> Column[int]:
    return Column("user_id", Integer, ForeignKey("users.id"), nullable=False)


# Times are whole milliseconds since 1970.

users = Table(
    "users",
    metadata,
    _id(),
    _words("name"),
    _words("folded", unique=True),  # the name as it is compared
    _words("role"),
    _whole("enabled"),
    _words("password_hash"),
    _words("trading_hash", nullable=True),
    _words("totp_secret", nullable=True),
    _whole("totp_step"),  # the last step whose code was used; none is good twice
    _whole("created_at"),
    _whole("last_login_at", nullable=True),
    CheckConstraint("role IN ('viewer', 'trader', 'admin')", name="role_known"),
    sqlite_autoincrement=True,
)

logins = Table(
    "logins",
    metadata,
    _id(),
    _digest("digest"),
    _owner(),
    _whole("created_at"),
    _whole("seen_at"),
    _words("address"),
    _words("agent"),
    _whole("ended_at", nullable=True),
    Index(None, "user_id", "ended_at"),
    sqlite_autoincrement=True,
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _digest("digest"),
    _owner(),
    _words("name"),
    _words("start"),
    _words("scope"),
    _whole("created_at"),
    _whole("used_at", nullable=True),
    _whole("revoked_at", nullable=True),
    CheckConstraint("scope IN ('read', 'trade', 'admin')", name="scope_known"),
    sqlite_autoincrement=True,
)

signed_clients = Table(
    "signed_clients",
    metadata,
    _id(),
    _words("client_id", unique=True),
    _words("secret"),  # readable: a digest of it could check no HMAC
    _owner(),
    _whole("created_at"),
    _whole("used_at", nullable=True),
    _whole("revoked_at", nullable=True),
    sqlite_autoincrement=True,
)

used_signatures = Table(
    "used_signatures",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    _whole("at"),
    Index(None, "at"),
)

links = Table(
    "links",
    metadata,
    _id(),
    _digest("digest"),
    _whole("expires_at"),
    _whole("used_at", nullable=True),
)

failures = Table(
    "failures",
    metadata,
    _id(),
    _whole("at"),
    _words("subject"),  # login:<name> | trading:<name>
    _words("address"),
    Index(None, "subject", "at"),
    Index(None, "at"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _whole("at"),
    _words("who"),
    _words("via"),
    _words("address"),
    _words("action"),
    _words("target"),
    _words("old", nullable=True),
    _words("new", nullable=True),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

secrets = Table(
    "secrets", metadata, Column("name", Text, primary_key=True), Column("value", LargeBinary, nullable=False)
)

schema_version = Table("alembic_version", metadata, Column("version_num", Text, primary_key=True))

# A change that was recorded stays recorded.
GUARDS = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows do not change'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows stay'); END",
)
