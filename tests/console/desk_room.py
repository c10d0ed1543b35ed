"""The REST interface over a whole desk: real journal, real trading loop, a clock to turn, a stub at the door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import abort, request

from desk.access import FILE_NAME, AccessBook, NotSigned, SignedRequest, Trail
from desk.cli import facts
from desk.cli.home import Home
from desk.console.api.acting import Acting
from desk.console.api.docs_page import pages
from desk.console.api.operations import reports, table
from desk.console.api.reading import Reading
from desk.console.api.reports import Reports
from desk.console.api.routes import make_api
from desk.console.app import make_app
from desk.console.compat.counter import Counter
from desk.console.compat.mini_qmt import make_mini_qmt
from desk.console.compat.qmt_web import make_qmt_web
from desk.console.metrics import Metrics, make_health
from desk.core.batch import CommandResult
from desk.core.config import AccountConfig
from desk.core.values import Mode, SnapshotPolicy
from tests.world import NO_LIMITS, World, strategy

BANK, BANK_HERE = "000001.XSHE", "000001.SZ"
SCOPES = {"reader": ("read",), "trader": ("read", "trade"), "admin": ("read", "trade", "admin")}


def authorize(scope: str) -> str:
    """The stub at the door: the name of a role is its key."""
    who = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if who not in SCOPES:
        abort(401)
    if scope not in SCOPES[who]:
        abort(403)
    return f"api:{who}"


def nobody_signs(said: SignedRequest) -> str:
    raise NotSigned("none")


class DeskRoom:
    """Two strategies; buys, a sale that waits for a person, a plan, and a buy below a lot."""

    def __init__(
        self, folder: Path, names: tuple[str, str, str] = ("小市值", "白马", "轮动"), account: str = "主账户"
    ) -> None:
        self.world = World(
            folder,
            strategies=[
                strategy(names[0], "xsz", account=account),
                strategy(names[1], "bm", account=account, mode=Mode.CONFIRM),
                strategy(names[2], "ld", account=account, snapshot_policy=SnapshotPolicy.PROPOSE),
            ],
            accounts=[AccountConfig(name=account, limits=NO_LIMITS)],
        )
        world = self.world
        for symbol in (BANK_HERE, "600000.SH"):
            world.scene(symbol, price=Decimal(10))
        self.trading = True
        self.noted: list[tuple[str, dict[str, str]]] = []
        self.first = world.order("1", BANK, "buy", 300)
        world.pass_time(10)
        world.order("2", BANK, "buy", 50)
        world.order("3", "600000.XSHG", "buy", 200, kid="bm")
        world.order("4", "600000.XSHG", "buy", 100, kid="ld")
        world.pass_time(10)
        world.snapshot({"600000.XSHG": 300}, kid="ld", equity=100000)
        world.journal.ask("reconcile", {}, "test")  # a durable write: the account's look is stored as well
        world.settle()
        journal = world.journal
        reading = Reading(
            journal=journal,
            config=lambda: world.config,
            status_view=lambda: facts.status(journal, world.config, Home(folder)),
        )
        acting = Acting(journal=journal, ask=self.ask, trading=lambda: self.trading, note=self.note)
        self.access = AccessBook(folder / FILE_NAME)
        beside = Reports(
            journal=journal,
            config=lambda: world.config,
            trail=Trail(self.access.database),
            quote=lambda account, symbol: world.desks[account].broker.quote(symbol) if account in world.desks else None,
            instrument=lambda account, symbol: world.desks[account].broker.instrument(symbol),
        )
        self.operations = [*table(reading, acting), *reports(beside)]
        self.metrics = Metrics(journal, folder / "journal.db", lambda: self.trading)
        api = make_api(self.operations, authorize, pages(self.operations, "0.1.0"))
        counter = Counter(journal=journal, status_view=reading.status_view, acting=acting)
        older = (make_qmt_web(counter, authorize, nobody_signs), make_mini_qmt(counter, authorize))
        self.app = make_app(api, *older, make_health(self.metrics, authorize))
        self.client = self.app.test_client()

    def note(self, verb: str, args: Mapping[str, str]) -> None:
        self.noted.append((verb, dict(args)))

    def ask(self, verb: str, args: Mapping[str, str], by: str) -> CommandResult:
        world = self.world
        row = world.journal.ask(verb, dict(args), by)
        world.settle()
        result = world.journal.command_result(row)
        assert result is not None
        return result

    def get(self, path: str, who: str = "reader") -> tuple[int, Any]:
        answer = self.client.get(f"/api/v2{path}", headers={"Authorization": f"Bearer {who}"})
        return answer.status_code, answer.get_json()

    def post(self, path: str, body: Any = None, who: str = "trader", key: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {who}", **({"Idempotency-Key": key} if key else {})}
        answer = self.client.post(f"/api/v2{path}", json=body, headers=headers)
        return answer.status_code, answer.get_json()

    def next_day(self) -> None:
        self.world.go_to(self.world.clock.now() + timedelta(days=3))
        self.world.pass_time(10)

    def close(self) -> None:
        self.access.close()
        self.world.close()
