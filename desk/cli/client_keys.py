"""Keys of those who upload and read positions: made once, shown once, never overwritten, revoked for ever."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk.cli.exits import CONFIG, Leave
from desk.cli.home import Home
from desk.clock import SystemClock
from desk.core.config import Config
from desk.journal import ClientExists, PositionBook, PositionClient
from desk.positions import keys
from desk.settings.loader import config_folder
from desk.texts import client_keys as texts

_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What `keys new` made: an API key, or the file that holds the new private key; neither for a key brought along."""

    client_id: str
    api_key: str = ""
    file: Path | None = None


def new_pair(home: Path, client_id: str, *, strategy: str, public: Path | None, out: Path | None) -> Made:
    """Make a key pair and know its public part, or know the public key in a file. Raises Leave."""
    from desk.positions import signatures

    place, config = _place(home, client_id, strategy)
    if public is not None:
        pem = _read(public)
        if not signatures.is_public_key(pem):
            raise Leave(CONFIG, texts.no_public_key(public, signatures.MIN_BITS))
        _know(place, config, client_id, strategy, public_key=pem)
        return Made(client_id=client_id)
    private, pem = signatures.new_pair()
    file = out or config_folder(home) / "keys" / f"{client_id}.pem"
    _write_new(file, private)
    try:
        _know(place, config, client_id, strategy, public_key=pem)
    except BaseException:
        file.unlink()
        raise
    return Made(client_id=client_id, file=file)


def new_api_key(home: Path, client_id: str, *, strategy: str, may_read: bool) -> Made:
    """Make an API key, of which only the digest is kept. Raises Leave."""
    place, config = _place(home, client_id, strategy)
    api_key = keys.new_api_key()
    _know(place, config, client_id, strategy, key_digest=keys.key_digest(api_key), may_read=may_read)
    return Made(client_id=client_id, api_key=api_key)


def listing(home: Path) -> list[dict[str, Any]]:
    place = Home(home)
    with place.look(place.config(), SystemClock()) as journal:
        return [
            {
                "client_id": client.client_id,
                "kind": "rsa" if client.public_key is not None else "api_key",
                "strategy": client.strategy or None,
                "may_read": client.may_read,
                "created_at": client.created_at.isoformat(),
                "revoked_at": None if client.revoked_at is None else client.revoked_at.isoformat(),
            }
            for client in PositionBook(journal).clients()
        ]


def revoke(home: Path, client_id: str) -> None:
    """Raises Leave."""
    place, clock = Home(home), SystemClock()
    with place.write(place.config(), clock) as journal:
        if not PositionBook(journal).revoke_client(client_id, clock.now()):
            raise Leave(CONFIG, texts.no_such_client(client_id))


def set_password(home: Path, password: str) -> None:
    """Raises Leave."""
    if not keys.fit_password(password):
        raise Leave(CONFIG, texts.PASSWORD_LENGTH)
    place, clock = Home(home), SystemClock()
    with place.write(place.config(), clock) as journal:
        PositionBook(journal).set_password(keys.hash_password(password), clock.now())


def _place(home: Path, client_id: str, strategy: str) -> tuple[Home, Config]:
    if not _CLIENT_ID.fullmatch(client_id):
        raise Leave(CONFIG, texts.bad_client_id(client_id[:40]))
    place = Home(home)
    config = place.config()
    if strategy and config.strategy(strategy) is None:
        raise Leave(CONFIG, texts.no_such_strategy(strategy))
    return place, config


def _know(
    place: Home,
    config: Config,
    client_id: str,
    strategy: str,
    *,
    public_key: str | None = None,
    key_digest: bytes | None = None,
    may_read: bool = False,
) -> None:
    clock = SystemClock()
    client = PositionClient(
        client_id=client_id,
        public_key=public_key,
        key_digest=key_digest,
        strategy=strategy,
        may_read=may_read,
        created_at=clock.now(),
    )
    with place.write(config, clock) as journal:
        try:
            PositionBook(journal).add_client(client)
        except ClientExists:
            raise Leave(CONFIG, texts.client_exists(client_id)) from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Leave(CONFIG, texts.cannot_read(file)) from error


def _write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet, for its owner alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        raise Leave(CONFIG, texts.file_exists(file)) from None
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
