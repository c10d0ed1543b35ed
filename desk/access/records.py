"""What the access book keeps, as frozen records. Times are aware, in Beijing time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a request may do; each holds those before it."""

    READ = "read"
    TRADE = "trade"
    ADMIN = "admin"

    def covers(self, wanted: Scope) -> bool:
        order = tuple(Scope)
        return order.index(self) >= order.index(wanted)


class Role(StrEnum):
    VIEWER = "viewer"  # 只看
    TRADER = "trader"  # 交易员
    ADMIN = "admin"  # 管理员


SCOPES = {Role.VIEWER: Scope.READ, Role.TRADER: Scope.TRADE, Role.ADMIN: Scope.ADMIN}


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    user_id: int
    name: str
    role: Role
    enabled: bool
    has_trading_password: bool
    has_totp: bool
    created_at: datetime
    last_login_at: datetime | None

    @property
    def scope(self) -> Scope:
        return SCOPES[self.role]


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A session: a browser that has logged in."""

    login_id: int  # names it in lists; the token itself is not kept
    user: User
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    key_id: int
    name: str
    start: str  # its first letters, to tell one from another
    scope: Scope
    owner: User
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedClient:
    """A program that signs its requests; what it signs with is never shown again."""

    client_id: str
    owner: User
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """One change: who, when, from where, what, old → new; never a secret."""

    row_id: int
    at: datetime
    who: str
    via: str  # login:<id> | key:<id> | signed:<client id> | link | cli
    address: str
    action: str
    target: str
    old: str | None
    new: str | None
