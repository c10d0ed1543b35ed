"""A position sync with the real journal, both of its ports, and a clock to turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

import Receiver as door
from base_func import BEIJING
from desk.clock import Clock
from desk.console.app import make_app
from desk.core.config import Config, StrategyConfig
from desk.journal import Journal, PositionBook, PositionClient
from desk.positions import keys, routes
from desk.positions.service import PositionService
from desk.senders import Keyring
from tests.stand_in.clock import StandInClock
from tests.stand_in.position_client import key_pair, token

NOW = datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING)
PRIVATE, PUBLIC = key_pair()
BANK = {"code": "000001.XSHE", "name": "平安银行", "volume": 1000, "cost": 12.5}
WINE = {"code": "600519.XSHG", "volume": 100, "cost": 1450.0}
PASSWORD = "内部的密码 1234"


def strategy(name: str, kid: str) -> StrategyConfig:
    return StrategyConfig(name=name, kid=kid, secret="", accounts=())


class Room:
    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.turned = StandInClock(NOW)
        self.clock = clock or self.turned
        self.folder = folder
        self.config = Config(
            home=folder,
            strategies=(strategy("小市值", "xsz"), strategy("白马", "bm")),
            failed_per_minute=5,
            position_upload=True,
        )
        self.open()

    def open(self) -> None:
        self.journal = Journal.open(self.folder / "journal.sqlite3", clock=self.clock)
        self.book = PositionBook(self.journal)
        self.service = PositionService(book=self.book, config=lambda: self.config, clock=self.clock, rounds=4)
        self.local: FlaskClient = make_app(routes.local(self.service)).test_client()
        receiver = door.Receiver(
            journal=self.journal, keyring=Keyring(lambda: self.config), clock=self.clock, alarm=lambda *_: None
        )
        self.door: FlaskClient = door.make_app(receiver, routes.tunnelled(self.service)).test_client()

    def restart(self) -> None:
        self.journal.close()
        self.open()

    def switch(self, **changes: Any) -> None:
        self.config = replace(self.config, **changes)

    # --- who may do what ----------------------------------------------------------------------------------------------

    def add_client(self, client_id: str, *, public_key: str = PUBLIC, strategy: str = "") -> None:
        self.book.add_client(
            PositionClient(
                client_id=client_id, public_key=public_key, key_digest=None,
                strategy=strategy, may_read=False, created_at=self.clock.now(),
            )
        )  # fmt: skip

    def add_key(self, client_id: str, *, strategy: str = "", may_read: bool = False) -> str:
        api_key = keys.new_api_key()
        self.book.add_client(
            PositionClient(
                client_id=client_id, public_key=None, key_digest=keys.key_digest(api_key),
                strategy=strategy, may_read=may_read, created_at=self.clock.now(),
            )
        )  # fmt: skip
        return api_key

    def set_password(self, password: str = PASSWORD) -> None:
        self.book.set_password(keys.hash_password(password, 4), self.clock.now())

    # --- asking -------------------------------------------------------------------------------------------------------

    def upload(
        self, *positions: Any, name: str = "小市值", at: int | None = None, auth: str | None = None, raw: bytes = b""
    ) -> tuple[int, Any]:
        """Upload through the tunnelled port with a token of the client `jq`, made at `at` (seconds)."""
        stamp = int(self.clock.now().timestamp()) if at is None else at
        headers = {"X-Auth-Token": token(PRIVATE, "jq", stamp) if auth is None else auth}
        body: dict[str, Any] = {"strategy_name": name, "positions": list(positions)}
        client = self.door.application.test_client()  # one is not for several threads
        if raw:
            answer = client.post("/api/v1/positions/update", data=raw, headers=headers)
        else:
            answer = client.post("/api/v1/positions/update", json=body, headers=headers)
        return answer.status_code, answer.get_json()

    def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        answer = self.local.post(f"/api/v1{path}", json=body, headers=_named(headers))
        return answer.status_code, answer.get_json()

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        answer = self.local.get(f"/api/v1{path}", headers=_named(headers))
        return answer.status_code, answer.get_json()


def _named(headers: dict[str, str]) -> list[tuple[str, str]]:
    return [(name.replace("_", "-"), value) for name, value in headers.items()]
