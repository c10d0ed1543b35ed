"""The access book: users, logins, keys, links and failures in SQL. What is allowed is decided in `guard`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import CursorResult, Row, Select, select, update
from sqlalchemy.exc import IntegrityError

from base_func import BEIJING
from desk.access.database import FILE_NAME, Database
from desk.access.errors import NameTaken
from desk.access.passwords import folded
from desk.access.records import ApiKey, Login, Role, Scope, User
from desk.access.tables import api_keys, failures, links, logins, secrets, users

__all__ = ["FILE_NAME", "AccessBook", "as_user", "moment", "stamp"]


def stamp(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, BEIJING)


def _number(made: CursorResult[Any]) -> int:
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else moment(ms)


class AccessBook:
    """Open once; usable from any thread."""

    def __init__(self, file: Path) -> None:
        """Raises AccessUnusable."""
        self.database = Database(file)

    def close(self) -> None:
        self.database.close()

    def secret(self, name: str, fresh: bytes) -> bytes:
        """The secret of this name: what is kept, else `fresh`, which is kept from now on."""
        with self.database.change() as change:
            kept = change.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar()
            if kept is None:
                change.execute(secrets.insert().values(name=name, value=fresh))
            return fresh if kept is None else bytes(kept)

    # --- users ------------------------------------------------------------------------------------------------------

    def users(self) -> list[User]:
        with self.database.look() as look:
            return [as_user(row) for row in look.execute(select(users).order_by(users.c.id))]

    def user(self, user_id: int) -> User | None:
        with self.database.look() as look:
            row = look.execute(select(users).where(users.c.id == user_id)).first()
        return None if row is None else as_user(row)

    def credentials(self, *, name: str = "", user_id: int = 0) -> Row[Any] | None:
        """The row with the hashes of this user."""
        wanted = users.c.id == user_id if user_id else users.c.folded == folded(name)
        with self.database.look() as look:
            return look.execute(select(users).where(wanted)).first()

    def add_user(self, name: str, role: Role, password_hash: str, at: datetime) -> User:
        """Raises NameTaken."""
        row = {"name": name, "folded": folded(name), "role": role.value, "enabled": 1, "password_hash": password_hash}
        try:
            with self.database.change() as change:
                made = change.execute(users.insert().values(**row, totp_step=0, created_at=stamp(at)))
                found = change.execute(select(users).where(users.c.id == _number(made))).one()
        except IntegrityError as error:
            raise NameTaken from error
        return as_user(found)

    def change_user(self, user_id: int, **values: Any) -> None:
        with self.database.change() as change:
            change.execute(update(users).where(users.c.id == user_id).values(**values))

    def use_step(self, user_id: int, step: int) -> bool:
        """Remember the step of a code; False if it or a later one was used."""
        with self.database.change() as change:
            later = update(users).where(users.c.id == user_id, users.c.totp_step < step).values(totp_step=step)
            return change.execute(later).rowcount == 1

    # --- logins -----------------------------------------------------------------------------------------------------

    def add_login(self, user_id: int, digest: bytes, at: datetime, address: str, agent: str) -> int:
        with self.database.change() as change:
            row = {"digest": digest, "user_id": user_id, "created_at": stamp(at), "seen_at": stamp(at)}
            made = change.execute(logins.insert().values(**row, address=address, agent=agent[:200]))
            change.execute(update(users).where(users.c.id == user_id).values(last_login_at=stamp(at)))
            return _number(made)

    def login(self, digest: bytes) -> Login | None:
        """The login that has not been ended and whose user is enabled."""
        with self.database.look() as look:
            row = look.execute(_LIVE_LOGINS.where(logins.c.digest == digest)).first()
        return None if row is None else _login(row)

    def logins(self, user_id: int | None = None) -> list[Login]:
        wanted = _LIVE_LOGINS if user_id is None else _LIVE_LOGINS.where(users.c.id == user_id)
        with self.database.look() as look:
            return [_login(row) for row in look.execute(wanted.order_by(logins.c.seen_at.desc()))]

    def seen(self, login_id: int, at: datetime) -> None:
        with self.database.change() as change:
            change.execute(update(logins).where(logins.c.id == login_id).values(seen_at=stamp(at)))

    def end_logins(self, at: datetime, *, login_id: int | None = None, user_id: int | None = None, but: int = 0) -> int:
        """End one login, or all of a user but one; how many were live."""
        wanted = logins.c.id == login_id if user_id is None else logins.c.user_id == user_id
        with self.database.change() as change:
            ended = update(logins).where(wanted, logins.c.id != but, logins.c.ended_at.is_(None))
            return change.execute(ended.values(ended_at=stamp(at))).rowcount

    # --- API keys ---------------------------------------------------------------------------------------------------

    def add_key(self, user_id: int, digest: bytes, *, name: str, start: str, scope: Scope, at: datetime) -> int:
        with self.database.change() as change:
            row = {"digest": digest, "user_id": user_id, "name": name, "start": start, "scope": scope.value}
            return _number(change.execute(api_keys.insert().values(**row, created_at=stamp(at))))

    def key(self, digest: bytes) -> ApiKey | None:
        """The key that has not been revoked and whose owner is enabled."""
        live = _KEYS.where(api_keys.c.digest == digest, api_keys.c.revoked_at.is_(None), users.c.enabled == 1)
        with self.database.look() as look:
            row = look.execute(live).first()
        return None if row is None else _key(row)

    def keys(self, user_id: int | None = None) -> list[ApiKey]:
        wanted = _KEYS if user_id is None else _KEYS.where(users.c.id == user_id)
        with self.database.look() as look:
            return [_key(row) for row in look.execute(wanted.order_by(api_keys.c.id.desc()))]

    def key_used(self, key_id: int, at: datetime) -> None:
        with self.database.change() as change:
            change.execute(update(api_keys).where(api_keys.c.id == key_id).values(used_at=stamp(at)))

    def revoke_key(self, key_id: int, at: datetime) -> bool:
        with self.database.change() as change:
            revoked = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            return change.execute(revoked.values(revoked_at=stamp(at))).rowcount == 1

    # --- set-up links -----------------------------------------------------------------------------------------------

    def add_link(self, digest: bytes, expires_at: datetime) -> None:
        """From now on this link is the only one."""
        with self.database.change() as change:
            change.execute(links.delete())
            change.execute(links.insert().values(digest=digest, expires_at=stamp(expires_at)))

    def link_holds(self, digest: bytes, at: datetime) -> bool:
        with self.database.look() as look:
            good = (links.c.digest == digest, links.c.used_at.is_(None), links.c.expires_at > stamp(at))
            return look.execute(select(links.c.id).where(*good)).first() is not None

    def use_link(self, digest: bytes, at: datetime) -> bool:
        """Use it up; True for one caller only."""
        good = (links.c.digest == digest, links.c.used_at.is_(None), links.c.expires_at > stamp(at))
        with self.database.change() as change:
            return change.execute(update(links).where(*good).values(used_at=stamp(at))).rowcount == 1

    # --- failures ---------------------------------------------------------------------------------------------------

    def failed(self, subject: str, at: datetime, address: str) -> None:
        with self.database.change() as change:
            change.execute(failures.delete().where(failures.c.at < stamp(at - timedelta(days=1))))
            change.execute(failures.insert().values(at=stamp(at), subject=subject, address=address))

    def failures_since(self, at: datetime, subject: str | None = None) -> list[datetime]:
        """When it failed after `at`, newest first; for all subjects without one."""
        wanted = select(failures.c.at).where(failures.c.at > stamp(at)).order_by(failures.c.at.desc()).limit(100)
        if subject is not None:
            wanted = wanted.where(failures.c.subject == subject)
        with self.database.look() as look:
            return [moment(ms) for (ms,) in look.execute(wanted)]

    def forget_failures(self, subject: str) -> None:
        with self.database.change() as change:
            change.execute(failures.delete().where(failures.c.subject == subject))


_LIVE_LOGINS: Select[Any] = (
    select(
        logins.c.id.label("login_id"),
        logins.c.created_at.label("login_created_at"),
        logins.c.seen_at,
        logins.c.address,
        logins.c.agent,
        users,
    )
    .join_from(logins, users)
    .where(logins.c.ended_at.is_(None), users.c.enabled == 1)
)
_KEYS: Select[Any] = select(
    api_keys.c.id.label("key_id"),
    api_keys.c.name.label("key_name"),
    api_keys.c.start,
    api_keys.c.scope,
    api_keys.c.created_at.label("key_created_at"),
    api_keys.c.used_at,
    api_keys.c.revoked_at,
    users,
).join_from(api_keys, users)


def as_user(row: Row[Any]) -> User:
    return User(
        user_id=row.id,
        name=row.name,
        role=Role(row.role),
        enabled=bool(row.enabled),
        has_trading_password=row.trading_hash is not None,
        has_totp=row.totp_secret is not None,
        created_at=moment(row.created_at),
        last_login_at=_moment(row.last_login_at),
    )


def _login(row: Row[Any]) -> Login:
    return Login(
        login_id=row.login_id,
        user=as_user(row),
        created_at=moment(row.login_created_at),
        seen_at=moment(row.seen_at),
        address=row.address,
        agent=row.agent,
    )


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.key_name,
        start=row.start,
        scope=Scope(row.scope),
        owner=as_user(row),
        created_at=moment(row.key_created_at),
        used_at=_moment(row.used_at),
        revoked_at=_moment(row.revoked_at),
    )
