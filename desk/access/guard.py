"""The rules of access: who gets in, for how long, and when it is enough. Time comes in by the clock.

Failures are counted by name, not by address: behind one address may stand everybody. Whoever is logged in stays so
while his name is locked.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.access import passwords, totp
from desk.access.book import AccessBook
from desk.access.errors import Locked, NoSuchLink, Unfit, WrongPassword
from desk.access.passwords import Hasher, digest, fit_name, fit_password, folded, new_token
from desk.access.records import ApiKey, Login, Role, Scope, User
from desk.access.signed import SignedClients
from desk.access.trail import Trail
from desk.clock import Clock, fresh_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    idle: timedelta = timedelta(minutes=60)
    longest: timedelta = timedelta(hours=12)
    link: timedelta = timedelta(minutes=30)
    tries: int = 5  # failures of one name within `lock`, then it is locked until the first of them is so old
    lock: timedelta = timedelta(minutes=15)
    failed_per_minute: int = 20  # of all names together
    seen_every: timedelta = timedelta(minutes=1)  # a login's last use is noted no more often


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a request comes from."""

    address: str
    agent: str = ""


class Guard:
    """Usable from any thread."""

    def __init__(
        self, book: AccessBook, *, clock: Clock, hasher: Hasher | None = None, limits: Limits | None = None
    ) -> None:
        self.book = book
        self.trail = Trail(book.database)
        self.signed = SignedClients(book.database, clock)
        self.clock = clock
        self.limits = limits or Limits()
        self.hasher = hasher or Hasher()
        self._trying = threading.Lock()  # or failures at the same time would be more than are allowed
        self._offered: dict[int, str] = {}  # user -> the TOTP secret that he has been shown

    def cookie_secret(self) -> bytes:
        """What the console's cookies are signed with; the same over restarts."""
        return self.book.secret("cookies", fresh_bytes(32))

    def has_users(self) -> bool:
        """Whether somebody can log in as administrator."""
        return any(user.enabled and user.role is Role.ADMIN for user in self.book.users())

    # --- the set-up link --------------------------------------------------------------------------------------------

    def new_link(self) -> str:
        """The token of a link that sets an administrator up; older links are void."""
        token = new_token()
        self.book.add_link(digest(token), self.clock.now() + self.limits.link)
        return token

    def link_holds(self, token: str) -> bool:
        return self.book.link_holds(digest(token), self.clock.now())

    def use_link(self, token: str, name: str, password: str, place: Place) -> str:
        """Make an administrator, or give one of this name a new password; the token of his login.

        Raises NoSuchLink, Unfit.
        """
        now = self.clock.now()
        name = fit_name(name)
        hashed = self.hasher.hash(fit_password(password, unlike=name))
        if not self.book.use_link(digest(token), now):
            raise NoSuchLink
        known = self.book.credentials(name=name)
        if known is None:
            user = self.book.add_user(name, Role.ADMIN, hashed, now)
        else:
            fresh = {"role": Role.ADMIN.value, "enabled": 1, "password_hash": hashed, "totp_secret": None}
            self.book.change_user(known.id, **fresh, trading_hash=None)
            self.book.end_logins(now, user_id=known.id)
            user = self._user(known.id)
        for subject in ("login", "trading"):
            self.book.forget_failures(_subject(subject, user.name))
        self._note("user.set_up", user, place, via="link", target=user.name, new=Role.ADMIN.value)
        return self._open(user, place)

    # --- logins -----------------------------------------------------------------------------------------------------

    def log_in(self, name: str, password: str, code: str, place: Place) -> str:
        """The token of a new login. Raises WrongPassword, Locked."""
        with self._trying:
            subject = _subject("login", name)
            self._not_too_many()
            self._not_locked(subject)
            known = self.book.credentials(name=name)
            enabled = known is not None and bool(known.enabled)
            right = self.hasher.right(password, known.password_hash if known is not None else None)
            if known is None or not (right and enabled and self._code_fits(known.id, known.totp_secret, code)):
                self.book.failed(subject, self.clock.now(), place.address)
                if known is not None:
                    self._note("login.failed", self._user(known.id), place, via="login", target=known.name)
                raise WrongPassword
            self.book.forget_failures(subject)
        user = self._user(known.id)
        self._note("login", user, place, via="login", target=user.name)
        return self._open(user, place)

    def login(self, token: str, *, background: bool = False) -> Login | None:
        """The login of this token, while it holds. `background`: a page that refreshes itself is no use of it."""
        found = self.book.login(digest(token))
        if found is None:
            return None
        now = self.clock.now()
        if now - found.seen_at >= self.limits.idle or now - found.created_at >= self.limits.longest:
            self.book.end_logins(now, login_id=found.login_id)
            return None
        if not background and now - found.seen_at >= self.limits.seen_every:
            self.book.seen(found.login_id, now)
        return found

    def end(self, login_id: int) -> bool:
        return self.book.end_logins(self.clock.now(), login_id=login_id) == 1

    def end_others(self, login: Login) -> int:
        """End the user's other logins; how many there were."""
        return self.book.end_logins(self.clock.now(), user_id=login.user.user_id, but=login.login_id)

    def renewed(self, login: Login, place: Place) -> str:
        """A new token for somebody who has proven himself anew; all of his older logins end."""
        self.book.end_logins(self.clock.now(), user_id=login.user.user_id)
        return self._open(login.user, place)

    def _open(self, user: User, place: Place) -> str:
        token = new_token()
        self.book.add_login(user.user_id, digest(token), self.clock.now(), place.address, place.agent)
        return token

    # --- passwords and codes ----------------------------------------------------------------------------------------

    def prove(self, user: User, password: str, place: Place) -> None:
        """Ask for the login's password once more. Raises WrongPassword, Locked."""
        self._prove("login", user, password, place)

    def prove_trading(self, user: User, password: str, place: Place) -> None:
        """Ask for the trading password. Raises WrongPassword, Locked; Unfit when none is set."""
        if not user.has_trading_password:
            raise Unfit("trading_password")
        self._prove("trading", user, password, place)

    def _prove(self, kind: str, user: User, password: str, place: Place) -> None:
        with self._trying:
            subject = _subject(kind, user.name)
            self._not_locked(subject)
            known = self.book.credentials(user_id=user.user_id)
            hashed = None if known is None else known.password_hash if kind == "login" else known.trading_hash
            if not self.hasher.right(password, hashed):
                self.book.failed(subject, self.clock.now(), place.address)
                self._note(f"{kind}_password.failed", user, place, via=kind, target=user.name)
                raise WrongPassword
            self.book.forget_failures(subject)

    def set_password(self, user: User, password: str) -> None:
        """Raises Unfit."""
        self.book.change_user(user.user_id, password_hash=self.hasher.hash(fit_password(password, unlike=user.name)))

    def set_trading_password(self, user: User, password: str, *, login_password: str) -> None:
        """Raises Unfit: it may be neither the name nor the login's password."""
        fit_password(password, at_least=passwords.MIN_TRADING, unlike=user.name)
        fit_password(password, at_least=passwords.MIN_TRADING, unlike=login_password)
        self.book.change_user(user.user_id, trading_hash=self.hasher.hash(password))

    def offer_totp(self, user: User) -> tuple[str, str]:
        """A secret for the user's phone and its picture; it counts when `take_totp` has seen a code of it."""
        secret = self._offered.setdefault(user.user_id, totp.new_secret())
        return secret, totp.picture(secret, user.name)

    def take_totp(self, user: User, code: str) -> None:
        """Raises Unfit for a code that does not fit what was offered."""
        secret = self._offered.get(user.user_id, "")
        step = totp.step_of(secret, code, self.clock.now()) if secret else None
        if step is None:
            raise Unfit("code")
        del self._offered[user.user_id]
        self.book.change_user(user.user_id, totp_secret=secret, totp_step=step)

    def drop_totp(self, user: User) -> None:
        self.book.change_user(user.user_id, totp_secret=None)

    def _code_fits(self, user_id: int, secret: str | None, code: str) -> bool:
        if secret is None:
            return True
        step = totp.step_of(secret, code, self.clock.now())
        return step is not None and self.book.use_step(user_id, step)

    # --- users ------------------------------------------------------------------------------------------------------

    def add_user(self, name: str, role: Role, password: str) -> User:
        """Raises Unfit, NameTaken."""
        name = fit_name(name)
        hashed = self.hasher.hash(fit_password(password, unlike=name))
        return self.book.add_user(name, role, hashed, self.clock.now())

    def set_role(self, user: User, role: Role) -> None:
        """Raises Unfit for the last administrator. A login holds for the role it was made in: all of his end."""
        if role is not Role.ADMIN:
            self._not_the_last(user)
        self.book.change_user(user.user_id, role=role.value)
        self.book.end_logins(self.clock.now(), user_id=user.user_id)

    def enable(self, user: User, enabled: bool) -> None:
        """Raises Unfit for the last administrator. Whoever is disabled is logged out at once."""
        if not enabled:
            self._not_the_last(user)
        self.book.change_user(user.user_id, enabled=int(enabled))
        if not enabled:
            self.book.end_logins(self.clock.now(), user_id=user.user_id)

    def reset(self, user: User, password: str) -> None:
        """A new password by an administrator: second factor and trading password go, logins end. Raises Unfit."""
        self.set_password(user, password)
        self.book.change_user(user.user_id, totp_secret=None, trading_hash=None)
        self.book.end_logins(self.clock.now(), user_id=user.user_id)
        self.book.forget_failures(_subject("login", user.name))
        self.book.forget_failures(_subject("trading", user.name))

    def _not_the_last(self, user: User) -> None:
        others = [u for u in self.book.users() if u.role is Role.ADMIN and u.enabled and u.user_id != user.user_id]
        if user.role is Role.ADMIN and not others:
            raise Unfit("last_admin")

    # --- API keys ---------------------------------------------------------------------------------------------------

    def new_key(self, owner: User, name: str, scope: Scope) -> tuple[int, str]:
        """(number, text) of a new key; the text is shown now and never again. Raises Unfit."""
        name = fit_name(name)
        if not owner.scope.covers(scope):
            raise Unfit("scope")
        text = new_token(passwords.KEY_PREFIX)
        start = text[: len(passwords.KEY_PREFIX) + 4]
        key_id = self.book.add_key(
            owner.user_id, digest(text), name=name, start=start, scope=scope, at=self.clock.now()
        )
        return key_id, text

    def key(self, text: str) -> ApiKey | None:
        """The live key of this text; it may do no more than its owner."""
        found = self.book.key(digest(text))
        if found is None:
            return None
        now = self.clock.now()
        if found.used_at is None or now - found.used_at >= self.limits.seen_every:
            self.book.key_used(found.key_id, now)
        return found

    def revoke_key(self, key: ApiKey) -> bool:
        return self.book.revoke_key(key.key_id, self.clock.now())

    # --- failures ---------------------------------------------------------------------------------------------------

    def _not_too_many(self) -> None:
        """Strangers' failures slow down strangers; who is in already must be able to halt."""
        now, limits = self.clock.now(), self.limits
        recent = self.book.failures_since(now - timedelta(minutes=1))
        if len(recent) >= limits.failed_per_minute:
            raise Locked(_wait(recent[limits.failed_per_minute - 1] + timedelta(minutes=1), now))

    def _not_locked(self, subject: str) -> None:
        now, limits = self.clock.now(), self.limits
        failed = self.book.failures_since(now - limits.lock, subject)
        if len(failed) >= limits.tries:
            raise Locked(_wait(failed[limits.tries - 1] + limits.lock, now))

    def _user(self, user_id: int) -> User:
        found = self.book.user(user_id)
        assert found is not None, "users are disabled, never deleted"
        return found

    def _note(self, action: str, user: User, place: Place, *, via: str, target: str, new: str | None = None) -> None:
        self.trail.note(
            action, at=self.clock.now(), who=user.name, via=via, address=place.address, target=target, new=new
        )


def _subject(kind: str, name: str) -> str:
    return f"{kind}:{folded(name)[:64]}"


def _wait(until: datetime, now: datetime) -> int:
    return max(1, int((until - now).total_seconds()) + 1)
