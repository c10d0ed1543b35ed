"""A receiver at its post, with the real journal, a clock to turn, and a list of what a person was told."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

import Receiver as door
from base_func import BEIJING
from desk.core.config import Config, StrategyConfig
from desk.journal import Accepted, Journal, NewBody
from desk.senders import Keyring
from tests.stand_in.clock import StandInClock
from tests.stand_in.senders import HELD_ORDER, Sender

SECRET = "gd2_ZcuxSX7cFldMDx3uK1Sto5dwnO-CwhExmMg1v8S_U7I"
OTHER_SECRET = "gd2_00vutwzdzB-XOrRopPdGdVcGWi_BucEY5ygDWyXTivA"
MORNING = datetime(2026, 11, 20, 9, 35, tzinfo=BEIJING)
VECTORS = Path(__file__).parent.parent / "vectors"
TOKEN = "令牌 test-token"
SMALL_CAP = StrategyConfig(name="小市值", kid="xsz", secret=SECRET, accounts=())
OLD = StrategyConfig(
    name="老策略", kid="old", secret=OTHER_SECRET, accounts=(), v1_token=TOKEN, v1_until=date(2026, 11, 20)
)


class Gate:
    """A journal that can be told to fail; otherwise the real one."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.failure: Exception | None = None

    def accept(self, body: NewBody) -> Accepted:
        if self.failure is not None:
            raise self.failure
        return self._journal.accept(body)

    def kid_has_v2(self, kid: str) -> bool:
        return self._journal.kid_has_v2(kid)


class Post:
    """A receiver with all that stands around it."""

    def __init__(self, folder: Path) -> None:
        self.clock = StandInClock(MORNING)
        self.journal = Journal.open(folder / "journal.sqlite3", clock=self.clock)
        self.gate = Gate(self.journal)
        self.config = Config(home=folder, strategies=(SMALL_CAP, OLD), failed_per_minute=5)
        self.alarms: list[tuple[str, str, str]] = []
        self.sender = Sender("xsz", SECRET)
        self.restart()

    def restart(self) -> None:
        keyring = Keyring(lambda: self.config)
        self.receiver = door.Receiver(
            journal=self.gate, keyring=keyring, clock=self.clock, alarm=lambda *alarm: self.alarms.append(alarm)
        )
        self.http: FlaskClient = door.make_app(self.receiver).test_client()

    def send(self, body: bytes) -> tuple[int, Any]:
        """Status, and (st, q) of a signed acknowledgement or the JSON of any other answer."""
        response = self.http.post("/api/order", data=body)
        if response.status_code == 200 and b'"m"' in response.data:
            return 200, self.sender.read_ack(body, response.data)
        return response.status_code, response.get_json()

    def order(self, seq: int = 1, **changes: Any) -> bytes:
        return self.sender.body(HELD_ORDER | {"q": seq} | changes, at=self.clock.now())

    @property
    def titles(self) -> list[str]:
        return [title for title, _, _ in self.alarms]
