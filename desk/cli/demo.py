"""The demo: two days on the embedded exchange in a temporary home, sent by the real pasted file to the real door.

What is shown is what a user's own system would do: the same daemon, journal, trader and messenger. Exit 0 only if every
signal ended as it must and the books agree with the exchange.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from base_func import symbol_of
from desk.broker.paper import PaperExchange
from desk.cli.asking import wait_for
from desk.cli.daemon import Daemon
from desk.cli.demo_day import ACCOUNT, PRICES, ROTATION, SMALL, Act, Expected, today, yesterday
from desk.cli.exits import FINE, SELF_TEST
from desk.cli.home import RECEIVER, TRADER, Home
from desk.cli.joinquant import Bag, Pasted, Platform
from desk.clock import SystemClock, fresh_bytes, pause
from desk.core.wire import make_secret
from desk.journal import views
from desk.journal.view_books import books
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.files import dump, write_whole
from desk.texts import demo as texts

_PATIENCE_S = 25.0
_LOOK_EVERY_S = 0.05
_MIDNIGHT_ROOM = timedelta(minutes=5)
_BONUS = ("000651.XSHE", Decimal("1.3"))
_RATIOS = {SMALL: ("xsz", "0.5"), ROTATION: ("etf", "0.3")}


class Unfinished(Exception):
    """Something that had to happen did not; the text says what."""


class ShiftedClock(SystemClock):
    """The system's clock, some time earlier."""

    def __init__(self, earlier: timedelta) -> None:
        self._earlier = earlier

    def now(self) -> datetime:
        return super().now() - self._earlier


class Venue(Protocol):
    """Where the demo trades: which account, on which two days, at which exchange."""

    mode: str
    bonus: bool  # whether ten shares become thirteen overnight

    def account(self, home: Path) -> dict[str, object]:
        """The account, as 分析配置.json names it."""
        ...

    def opening(self, home: Path) -> str: ...

    def clocks(self) -> tuple[ShiftedClock, ShiftedClock]:
        """The clocks of both days."""
        ...

    def open(self, home: Path, clock: ShiftedClock) -> None:
        """Begin a day, before its daemon does."""
        ...

    def exchange(self, daemon: Daemon) -> PaperExchange: ...

    def env(self, home: Path) -> dict[str, str]: ...

    def close(self) -> None:
        """End a day, after its daemon has ended."""
        ...


class EmbeddedVenue:
    """The paper exchange inside the daemon, always open."""

    mode = "模拟"
    bonus = True

    def account(self, home: Path) -> dict[str, object]:
        return {"名称": ACCOUNT, "通道": "paper", "全天交易": True, "初始资金": 1000000}

    def opening(self, home: Path) -> str:
        return texts.opening(home)

    def clocks(self) -> tuple[ShiftedClock, ShiftedClock]:
        """Now, but for the minutes around midnight, and the same a day earlier."""
        late = SystemClock().now() + _MIDNIGHT_ROOM
        room = _MIDNIGHT_ROOM * 2 if late.date() != SystemClock().now().date() else timedelta(0)
        return ShiftedClock(room + timedelta(days=1)), ShiftedClock(room)

    def open(self, home: Path, clock: ShiftedClock) -> None:
        """The daemon opens its exchange itself."""

    def exchange(self, daemon: Daemon) -> PaperExchange:
        return daemon.trading.exchanges[ACCOUNT]

    def env(self, home: Path) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """The daemon closes its exchange itself."""


class Robot:
    """A WeCom group robot on a loopback port, so that the demo shows the messages as the group would see them."""

    def __init__(self) -> None:
        heard = self.heard = list[str]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.append(body["text"]["content"])
                answer = b'{"errcode":0,"errmsg":"ok"}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                """Be silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Stage:
    """One day of the demo: a daemon at work and the strategies that send to it."""

    def __init__(
        self, home: Path, venue: Venue, clock: ShiftedClock, secrets: dict[str, str], states: dict[str, Bag]
    ) -> None:
        """`states`: what JoinQuant keeps of each strategy over night, by name."""
        self.clock = clock
        self.venue = venue
        venue.open(home, clock)
        self.daemon = Daemon(
            Home(home),
            clock=clock,
            roles=frozenset({RECEIVER, TRADER}),
            env=venue.env(home),
            console_level=None,
        )
        try:
            self.daemon.open()
        except BaseException:
            venue.close()
            raise
        self.daemon.start()
        self.journal = self.daemon.journal
        self.exchange = venue.exchange(self.daemon)
        self.answers: list[tuple[str, str]] = []  # what a repeated and a forged body were answered
        self.strategies: dict[str, Pasted] = {}
        for name, (kid, _) in _RATIOS.items():
            platform = Platform(clock)
            platform.prices = dict(PRICES)
            if name in states:
                platform.g = states[name].g
                platform.prices |= states[name].prices
                for security, shares in states[name].held.items():
                    platform.hold(security, shares)
            self.strategies[name] = Pasted(
                platform, clock, address=f"http://{self.daemon.address}", kid=kid, secret=secrets[name], name=name
            )

    def close(self) -> None:
        for strategy in self.strategies.values():
            strategy.close()
        try:
            self.daemon.close()
        finally:
            self.venue.close()

    def states(self) -> dict[str, Bag]:
        return {
            name: Bag(
                g=strategy.platform.g,
                prices=dict(strategy.platform.prices),
                held={security: strategy.platform.held(security) for security in strategy.platform.positions},
            )
            for name, strategy in self.strategies.items()
        }

    # --- what acts do -------------------------------------------------------------------------------------------------

    def order(self, strategy: str, security: str, shares: int, *, wait: bool = True) -> None:
        self._send(strategy, "order", security, shares, wait=wait)

    def order_target(self, strategy: str, security: str, shares: int) -> None:
        self._send(strategy, "order_target", security, shares, wait=True)

    def _send(self, strategy: str, name: str, *args: Any, wait: bool) -> None:
        pasted = self.strategies[strategy]
        pasted.call(name, *args)
        if pasted.undelivered:
            raise Unfinished(texts.undelivered(strategy, pasted.platform.log.lines[-1:]))
        if wait:
            self.wait_for_last()

    def scene(self, security: str, **pins: Any) -> None:
        self.exchange.quote(symbol_of(security), Decimal(str(PRICES[security])), self.clock.now())
        self.exchange.scene(symbol_of(security), **pins)

    def repeat(self, strategy: str) -> None:
        """Post the last body again, byte for byte, as a retry after a lost answer would."""
        self.answers.append((texts.REPEATED, self._post(self.strategies[strategy].bodies[-1])))

    def forge(self, strategy: str) -> None:
        """Post a body whose content somebody has changed on the way."""
        body = json.loads(self.strategies[strategy].bodies[-1])
        body["c"] = body["c"][:-6] + ("AAAAAA" if body["c"][-6:] != "AAAAAA" else "BBBBBB")
        self.answers.append((texts.FORGED, self._post(json.dumps(body))))

    def _post(self, body: str) -> str:
        connection = HTTPConnection("127.0.0.1", self.daemon.door.port if self.daemon.door else 0, timeout=10)
        try:
            connection.request("POST", "/api/order", body.encode())
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
            return f"{response.status} {answer.get('st') or answer.get('error', '')}"
        finally:
            connection.close()

    def command(self, verb: str, **args: str) -> None:
        answer = wait_for(self.journal, self.journal.ask(verb, args, "demo"), _PATIENCE_S)
        if not answer.ok:
            raise Unfinished(answer.text)

    def after_close(self) -> None:
        for strategy in self.strategies.values():
            strategy.call("gendan_after_close")

    # --- waiting ------------------------------------------------------------------------------------------------------

    def have_patience(self, true: Callable[[], bool], seconds: float) -> bool:
        """Wait for something at most so long; whether it came true."""
        until = self.clock.monotonic() + seconds
        while not true():
            if self.clock.monotonic() > until:
                return False
            pause(_LOOK_EVERY_S)
        return True

    def wait_until(self, true: Callable[[], bool]) -> None:
        if not self.have_patience(true, _PATIENCE_S):
            raise Unfinished(texts.TOO_SLOW)

    def last(self) -> dict[str, Any]:
        """The latest order signal."""
        return self.signals()[-1]

    def signals(self) -> list[dict[str, Any]]:
        """The orders that the strategies have signalled, both days."""
        return [s for s in views.signals(self.journal, limit=1000) if s["kind"] == "order"]

    def wait_for_last(self) -> None:
        self.wait_until(lambda: bool(self.last()["verdict"] != "working"))

    def attempts_of_last(self) -> int:
        return len(self.last()["orders"])

    def no_debts(self) -> bool:
        return all(
            book["own_shares"] == book["target_shares"] and not book["in_flight_shares"] and not book["pending_shares"]
            for book in books(self.journal)
        )

    def go(self, acts: Iterable[Act], bar: Any) -> list[Expected]:
        expected: list[Expected] = []
        for act in acts:
            bar.set_description_str(texts.fitted(act.title))
            try:
                act.play(self)
            except Unfinished as error:
                raise Unfinished(f"{act.title}：{error}") from error
            expected += act.signals
            bar.update()
        return expected


def play(
    *,
    serve: bool,
    until_asked: Callable[[threading.Event], None],
    out: Callable[[str], None] = print,
    venue: Venue | None = None,
) -> int:
    """Play both days, print what came of them; exit 0 only if everything agrees."""
    from desk.cli import demo_report

    venue = venue or EmbeddedVenue()
    home = Path(tempfile.mkdtemp(prefix="gendan-demo-"))
    robot = Robot()
    stage: Stage | None = None
    try:
        secrets = {name: make_secret(fresh_bytes(32)) for name in _RATIOS}
        _write_home(home, venue, secrets, robot.address)
        first, second = venue.clocks()
        acts = [list(yesterday()), list(today(bonus=venue.bonus))]
        out(venue.opening(home))
        with tqdm(total=sum(map(len, acts)), file=sys.stderr, bar_format=texts.BAR, leave=False, disable=None) as bar:
            stage = Stage(home, venue, first, secrets, {})
            expected = stage.go(acts[0], bar)
            states = _night(stage, second.now().date()) if venue.bonus else stage.states()
            stage.close()
            stage = Stage(home, venue, second, secrets, states)
            stage.wait_until(stage.no_debts)
            expected += stage.go(acts[1], bar)
        problems = demo_report.tell(stage, expected, robot, out)
        if serve:
            out(texts.serving(home, stage.daemon.address))
            until_asked(stage.daemon.over)
            stage.daemon.wait()
        return SELF_TEST if problems else FINE
    except Unfinished as error:
        out(texts.unfinished(str(error)))
        return SELF_TEST
    finally:
        if stage is not None:
            stage.close()
        robot.close()
        shutil.rmtree(home, ignore_errors=True)


def _night(stage: Stage, next_day: date) -> dict[str, Bag]:
    """Ten shares become thirteen, at the exchange and at JoinQuant."""
    security, factor = _BONUS
    stage.exchange.corporate_action(symbol_of(security), next_day, factor)
    states = stage.states()
    states[SMALL].held[security] = int(states[SMALL].held[security] * factor)
    states[SMALL].prices[security] = round(states[SMALL].prices[security] / float(factor), 2)
    return states


def _write_home(home: Path, venue: Venue, secrets: dict[str, str], robot: str) -> None:
    port, console_port = _free_ports()
    follow = {
        "端口": port,
        "委托等待秒数": 1,
        "策略": [
            {"名称": name, "标识": kid, "密钥": secrets[name], "跟单比例": ratio, "账户": ACCOUNT, "模式": venue.mode}
            for name, (kid, ratio) in _RATIOS.items()
        ],
    }
    analysis = {
        "账户": [venue.account(home)],
        "微信token": ["00000000-demo-demo-demo-000000000000"],
        "微信地址": robot,
        "发送摘要时间": [],
        "程序自检通知": [],
        "控制台端口": console_port,
    }
    for name, content in ((FOLLOW_FILE, follow), (ANALYSIS_FILE, analysis)):
        write_whole(home / "config" / name, dump(content), keep_old=False)


def _free_ports() -> tuple[int, int]:
    """Two different ones: both are held until both are known."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return int(first.getsockname()[1]), int(second.getsockname()[1])
