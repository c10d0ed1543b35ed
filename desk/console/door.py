"""Who is asking, and whether he may: logins of browsers, API keys of programs, and the log of what they change.

Every view says what it needs (`needs`, or `open_to_all`); one that says nothing is served to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user, login_user  # type: ignore[import-untyped]
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]
from werkzeug.exceptions import BadRequest, Unauthorized

from desk.access import ApiKey, Guard, Locked, Login, Place, Scope, SignedRequest, Unfit, User, WrongPassword
from desk.console.words import say

BACKGROUND = "X-Background"  # a page that refreshes itself; it does not keep a login alive
_COOKIE = "gendan_console"
_EXTENSION = "gendan.door"
_NOTICES, _NOTICE = 3, 300  # kept for the next page: how many, of how many characters

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    user: User
    scope: Scope
    via: str  # login:<id> | key:<id> | signed:<client id>
    login: Login | None


class _Known(UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps of somebody: the token of his login, or his key."""

    def __init__(self, *, login: Login | None = None, key: ApiKey | None = None, token: str = "") -> None:
        self.login = login
        self.key = key
        self._token = token

    def get_id(self) -> str:
        return self._token


def needs(scope: Scope, *, by_login: bool = False) -> Callable[[View], View]:
    """Serve this view to those whose role or key has the scope. `by_login`: not to keys, whatever their scope."""

    def marked(view: View) -> View:
        view.needs, view.by_login = scope, by_login  # type: ignore[attr-defined]
        return view

    return marked


def open_to_all(view: View) -> View:
    """Serve this view to whoever reaches the port."""
    view.needs = None  # type: ignore[attr-defined]
    return view


def in_background(view: View) -> View:
    """Asked by pages on their own: it does not keep a login alive. Stands below `needs`."""
    view.in_background = True  # type: ignore[attr-defined]
    return view


def asks_trading_password(back: str, *, keeps: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Let a form of this view pass only with the right `trading_password`; stands below `needs`.

    Else the page of the endpoint `back` says why not, and gets the fields that it `keeps`. A key is asked for none: its
    owner gave it its scope with his.
    """
    return _asks("trading", back, keeps)


def asks_password(back: str) -> Callable[[View], View]:
    """The same with the login's own `password`, for what opens doors; a key is refused."""
    return _asks("login", back)


def _asks(kind: str, back: str, keeps: tuple[str, ...] = ()) -> Callable[[View], View]:
    def guarded(view: View) -> View:
        @wraps(view)
        def asked(*args: Any, **kwargs: Any) -> Any:
            if the_caller().login is None and kind == "trading":
                return view(*args, **kwargs)
            wrong = proven(kind)
            if wrong:
                flash(wrong, "bad")
                kept: dict[str, Any] = {name: request.form.get(name) or None for name in keeps}
                return redirect(url_for(back, **kept))
            return view(*args, **kwargs)

        asked.asks = kind  # type: ignore[attr-defined]
        return asked  # type: ignore[return-value]

    return guarded


def proven(kind: str) -> str:
    """Why the password in this form does not prove that it is the user himself, '' when it does."""
    user, guard = the_caller().user, the_guard()
    try:
        if kind == "trading":
            guard.prove_trading(user, request.form.get("trading_password", ""), place())
        else:
            guard.prove(user, request.form.get("password", ""), place())
    except Locked as locked:
        return say("locked", minutes=minutes(locked))
    except Unfit:
        return say("trading.none")
    except WrongPassword:
        return say(f"{kind}_password.wrong")
    return ""


def note(action: str, target: str = "", *, old: object = None, new: object = None) -> None:
    """Write a change of this request into the audit log: who and from where are known. No secrets.

    `old` and `new` are kept as JSON unless they are text.
    """
    caller = the_caller()
    the_guard().trail.note(
        action,
        at=the_guard().clock.now(),
        who=caller.user.name,
        via=caller.via,
        address=place().address,
        target=target,
        old=_written(old),
        new=_written(new),
    )


def authorize(scope: Scope | str, *, by_login: bool = False) -> Caller:
    """Let the request pass if it may do this, its CSRF token checked where a browser changes something.

    Raises Unauthorized, Forbidden, BadRequest.
    """
    caller = _caller()
    if caller is None:
        raise Unauthorized
    if caller.login is not None:
        _csrf().protect()
    if not caller.scope.covers(Scope(scope)) or (by_login and caller.login is None):
        abort(403)
    return caller


def prove_signed(said: SignedRequest) -> str:
    """Let a signed request pass, once: from here on its client is who asks. Raises NotSigned."""
    client = the_guard().signed.prove(said)
    via = f"signed:{client.client_id}"
    g.signed_caller = Caller(user=client.owner, scope=Scope.TRADE, via=via, login=None)
    return via


def the_caller() -> Caller:
    """Who is asking. Raises Unauthorized."""
    caller = _caller()
    if caller is None:
        raise Unauthorized
    return caller


def the_login() -> Login:
    """The login of the browser that is asking. Raises Unauthorized."""
    login = the_caller().login
    if login is None:
        raise Unauthorized
    return login


def still_there() -> Callable[[], bool]:
    """Asks, also after this request, whether who asks now may still: a login may have ended, a key be revoked."""
    guard = the_guard()
    if the_caller().login is not None:
        token = current_user.get_id()
        return lambda: guard.login(token, background=True) is not None
    text = _key_text()
    return lambda: guard.key(text) is not None


def somebody() -> Caller | None:
    """Who is asking, on pages that are open to all."""
    return _caller()


def is_known() -> bool:
    return somebody() is not None


def the_guard() -> Guard:
    guard: Guard = current_app.extensions[_EXTENSION]
    return guard


def place() -> Place:
    return Place(address=request.remote_addr or "", agent=request.user_agent.string)


def enter(token: str) -> None:
    """Log this browser in with the token of a new login; nothing of its session before is kept."""
    login = the_guard().login(token)
    assert login is not None, "it was opened a moment ago"
    session.clear()
    login_user(_Known(login=login, token=token))


def may_see(view: object, caller: Caller) -> bool:
    """Whether this caller would be let in there."""
    scope = getattr(view, "needs", None)
    return scope is None or caller.scope.covers(scope)


def leave() -> None:
    """Log this browser out; its login is over also for whoever has copied its cookie."""
    caller = somebody()
    if caller is not None and caller.login is not None:
        the_guard().end(caller.login.login_id)
    session.clear()


def guard_app(app: Flask, guard: Guard, *, by_themselves: tuple[str, ...], url: Callable[[], str]) -> None:
    """Put the guard before every request. `by_themselves`: blueprints that let in whom they know.

    `url`: how browsers reach the console through a proxy, '' for not at all.
    """
    app.session_interface = _Cookies(url)
    app.extensions[_EXTENSION] = guard
    app.secret_key = guard.cookie_secret()
    app.config.update(
        SESSION_COOKIE_NAME=_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # as long as its session
        WTF_CSRF_CHECK_DEFAULT=False,  # asked below: a program with a key has no token
    )
    CSRFProtect(app)
    manager = LoginManager(app)
    manager.session_protection = None  # an address may change; the table of logins shows where from

    def by_login(token: str) -> _Known | None:
        alone = getattr(app.view_functions.get(request.endpoint or ""), "in_background", False)
        login = guard.login(token, background=alone or BACKGROUND in request.headers)
        return None if login is None else _Known(login=login, token=token)

    def by_key(_: Any) -> _Known | None:
        text = _key_text()
        key = guard.key(text) if text else None
        return None if key is None else _Known(key=key)

    manager.user_loader(by_login)
    manager.request_loader(by_key)

    def judge() -> Response | None:
        _known_host(url())
        if request.endpoint is None or request.blueprint in by_themselves:
            return None
        view = app.view_functions[request.endpoint]
        wanted = getattr(view, "needs", "nothing")
        if wanted == "nothing":
            abort(403)
        if wanted is None:
            _csrf().protect()
        else:
            authorize(wanted, by_login=getattr(view, "by_login", False))
        return None

    app.before_request(judge)


def _caller() -> Caller | None:
    signed: Caller | None = g.get("signed_caller")
    if signed is not None:
        return signed
    login: Login | None = getattr(current_user, "login", None)
    if login is not None:
        return Caller(user=login.user, scope=login.user.scope, via=f"login:{login.login_id}", login=login)
    key: ApiKey | None = getattr(current_user, "key", None)
    if key is None:
        return None
    scope = key.scope if key.owner.scope.covers(key.scope) else key.owner.scope
    return Caller(user=key.owner, scope=scope, via=f"key:{key.key_id}", login=None)


def _csrf() -> Any:
    return current_app.extensions["csrf"]


def _key_text() -> str:
    return request.headers.get("X-API-Key") or _bearer()


def _bearer() -> str:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else ""


class _Cookies(SecureCookieSessionInterface):
    """Cookies that a browser sends back over https alone, where it has come by https."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    def get_cookie_secure(self, app: Flask) -> bool:
        parts = urlsplit(self._url())
        return parts.scheme == "https" and request.host == parts.netloc

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save it; the console's own files are the same for everybody."""
        if request.blueprint == "files":
            return
        if kept := session.get("_flashes"):  # a cookie beyond 4 KB is dropped by browsers, and the login with it
            session["_flashes"] = [(kind, text[:_NOTICE]) for kind, text in kept[-_NOTICES:]]
        super().save_session(app, session, response)


def is_from_this_pc() -> bool:
    """Whether the browser runs on this PC, and has not come by a proxy's name."""
    try:
        return ip_address(request.remote_addr or "").is_loopback and (
            _host() == "localhost" or ip_address(_host()).is_loopback
        )
    except ValueError:
        return False


def _host() -> str:
    """The host that was asked for, without its port."""
    host = request.host.rpartition(":")[0] if ":" in request.host.rpartition("]")[2] else request.host
    return host.strip("[]").lower()


def _known_host(url: str) -> None:
    """Refuse other names: a page elsewhere could have its own name resolved to this PC. An address is no name."""
    if _host() == "localhost" or (url and request.host == urlsplit(url).netloc):
        return
    try:
        ip_address(_host())
    except ValueError:
        raise BadRequest(say("bad_host")) from None


def minutes(locked: Locked) -> int:
    return -(-locked.wait_s // 60)


def _written(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
