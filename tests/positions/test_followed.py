"""跟单内容 目标持仓: what is uploaded is traded, from the request to the fills."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from desk.console.app import make_app
from desk.core.values import Follows
from desk.journal import PositionBook, PositionClient
from desk.journal.view_plans import plans
from desk.positions import keys, routes
from desk.positions.service import PositionService
from tests import checks
from tests.world import World, strategy

PING_AN, PU_FA = "000001.XSHE", "600000.XSHG"
Upload = Callable[[dict[str, int]], int]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, strategies=[strategy("小市值", "xsz", "0.5", follows=Follows.TARGET)])
    made.config = replace(made.config, position_upload=True)
    for symbol in ("000001.SZ", "600000.SH"):
        made.scene(symbol, price=Decimal(10))
    yield made
    made.close()


@pytest.fixture
def upload(world: World) -> Upload:
    """Upload a list by HTTP and let the trading loop see it; the status."""
    book, api_key = PositionBook(world.journal), keys.new_api_key()
    book.add_client(
        PositionClient(
            client_id="py", public_key=None, key_digest=keys.key_digest(api_key),
            strategy="", may_read=False, created_at=world.clock.now(),
        )
    )  # fmt: skip
    service = PositionService(book=book, config=lambda: world.config, clock=world.clock)
    client = make_app(routes.local(service)).test_client()

    def post(held: dict[str, int]) -> int:
        rows = [{"code": code, "volume": volume, "cost": 9.5} for code, volume in held.items()]
        body = {"strategy_name": "小市值", "positions": rows}
        answer = client.post("/api/v1/positions/update", json=body, headers={"X-API-Key": api_key})
        world.settle()
        return answer.status_code

    return post


def events(world: World) -> int:
    with world.journal.look() as look:
        return int(look.rows("SELECT COUNT(*) FROM events")[0][0])


def building(world: World, upload: Upload) -> None:
    """The first target, approved and bought: 1000 × 0.5."""
    assert upload({PING_AN: 1000}) == 200
    (plan,) = plans(world.journal)
    assert world.own("000001.SZ") == 0
    assert world.command("approve", id=plan["id"])[0]
    world.pass_time(10)
    assert world.own("000001.SZ") == 500


def test_an_uploaded_target_is_approved_once_and_then_traded(world: World, upload: Upload) -> None:
    building(world, upload)
    world.clock.turn(60)
    assert upload({PING_AN: 1000, PU_FA: 2000}) == 200
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (500, 1000)
    world.go_to(world.clock.now() + timedelta(days=3))
    assert upload({PING_AN: 800, PU_FA: 2000, "600519.XSHG": 0}) == 200
    world.pass_time(10)
    assert (world.own("000001.SZ"), world.own("600000.SH")) == (400, 1000)
    checks.assert_books_agree(world)
    checks.assert_history_explains_books(world)


def test_an_upload_with_a_bad_row_trades_nothing(world: World, upload: Upload) -> None:
    building(world, upload)
    before = events(world)
    assert upload({PU_FA: -100}) == 400
    world.pass_time(30)
    assert (events(world), world.own("000001.SZ"), world.own("600000.SH")) == (before, 500, 0)


def test_an_upload_that_empties_the_strategy_sells_nothing_by_itself(world: World, upload: Upload) -> None:
    building(world, upload)
    world.go_to(world.clock.now() + timedelta(days=3))
    assert upload({}) == 200
    world.pass_time(60)
    assert world.own("000001.SZ") == 500
    (plan,) = plans(world.journal)
    assert [(order["side"], order["shares"]) for order in plan["orders"]] == [("sell", 500)]


def test_a_target_told_every_half_minute_is_an_event_when_it_changes_and_every_five_minutes(
    world: World, upload: Upload
) -> None:
    building(world, upload)
    begun = events(world)
    for _ in range(20):  # ten minutes
        world.clock.turn(30)
        assert upload({PING_AN: 1000}) == 200
    assert events(world) - begun == 2
    assert upload({PING_AN: 1100}) == 200
    assert events(world) - begun == 3


def test_a_strategy_that_is_followed_by_its_orders_is_not_traded_by_an_upload(world: World, upload: Upload) -> None:
    world.config = replace(world.config, strategies=(strategy("小市值", "xsz", "0.5"),))
    assert upload({PING_AN: 1000}) == 200
    assert events(world) == 0
