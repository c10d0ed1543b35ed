"""A console over a desk in which every text that a stranger can set is one that would like to be more than text."""

from __future__ import annotations

from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from desk.access import Place, Role, Scope, tables
from desk.access.book import stamp
from desk.core.targets import Adjustment, TargetPosition
from desk.core.values import Message
from desk.journal import NewUpload, PositionBook
from desk.journal.outbox import know_robot, put_message
from desk.logs import FOLDER
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.texts import paper
from tests.console.desk_room import DeskRoom
from tests.console.lived_in import LivedIn
from tests.console.room import PASSWORD, TRADING, Browser

EVIL = "{{7*7}}<script>alert(1)</script>\"><img src=x onerror='alert(2)'>javascript:alert(3)"
LINK = "javascript:alert(3)//<script>"
STOCK = "000001.SZ"


class Hostile(LivedIn):
    def __init__(self, folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(paper, "instrument_name", lambda symbol: EVIL)
            patch.setattr(paper, "REJECTED_LATER", EVIL)
            super().__init__(folder, DeskRoom(folder / "desk", (EVIL, f"2{EVIL}", f"3{EVIL}"), EVIL))
            self._trade()
        self._write()
        self._let_in()

    def _trade(self) -> None:
        """A refused order with the broker's words, a gap, a halt with its reason."""
        world = self.world
        self.ask(
            "order", {"key": "k", "account": EVIL, "symbol": STOCK, "side": "buy", "shares": "300", "price": "9"}, EVIL
        )
        world.pass_time(2)
        for order in world.broker_orders():
            if not order.status.final:
                world.exchange.reject(order.client_order_id)
        world.pass_time(2)
        world.snapshot({"600000.XSHG": 300}, kid="bm", equity=100000)
        self.ask("halt", {"reason": EVIL}, EVIL)
        world.pass_time(2)

    def _write(self) -> None:
        """What others have said, uploaded, configured, and left in the log."""
        now, book = self.clock.now(), PositionBook(self.journal)
        book.save_adjustments(
            [Adjustment(symbol=EVIL, shares=100, cost=Decimal(1), name=EVIL, remark=EVIL)], by=EVIL, at=now
        )
        position = TargetPosition(symbol=EVIL, shares=100, cost=Decimal(1), name=EVIL)
        book.upload(NewUpload(at=now, strategy=EVIL, client_id=EVIL, auth_type=EVIL, positions=(position,)))
        self.journal.change(lambda session: know_robot(session, EVIL, now))
        message = Message(at=now, kind=EVIL, title=EVIL, text=EVIL, key=EVIL)
        self.journal.change(lambda session: put_message(session, message))
        self.journal.note_settings_change(at=now, who=EVIL, key=EVIL, old=EVIL, new=EVIL)
        home = self.world.config.home
        (home / FOLDER).mkdir(parents=True)
        (home / FOLDER / f"{now:%Y-%m-%d}.log").write_text(f"{now:%Y-%m-%d %H:%M:%S} ERROR {EVIL}\n", encoding="utf-8")
        (home / "config").mkdir()
        for file in (FOLLOW_FILE, ANALYSIS_FILE):
            (home / "config" / file).write_text(f'{{"公网地址": "{LINK}"}}', encoding="utf-8")

    def _let_in(self) -> None:
        """Users, keys and noted changes whose names have not come through the door."""
        now = self.clock.now()
        user = self.book.add_user(EVIL, Role.ADMIN, self.guard.hasher.hash(PASSWORD), now)
        self.guard.set_trading_password(user, TRADING, login_password=PASSWORD)
        self.book.add_key(user.user_id, b"digest", name=EVIL, start=EVIL, scope=Scope.READ, at=now)
        with self.book.database.change() as change:
            row = {"client_id": EVIL, "secret": "x", "user_id": user.user_id, "created_at": stamp(now)}
            change.execute(tables.signed_clients.insert().values(**row))
        self.guard.trail.note(EVIL, at=now, who=EVIL, via=EVIL, address=EVIL, target=EVIL, old=EVIL, new=EVIL)
        self.guard.log_in(EVIL, PASSWORD, "", Place(address=EVIL, agent=EVIL))
        self.boss = Browser(self.app.test_client())
        self.boss.client.environ_base["HTTP_USER_AGENT"] = EVIL
        assert self.boss.log_in(EVIL).status_code == 302


class Reader(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def shown(self) -> str:
        """The text, and what attributes show."""
        return "\n".join([self.text, *(value for _, attrs in self.tags for value in attrs.values())])

    def runs(self) -> list[str]:
        """What would run, or lead elsewhere."""
        found = []
        for tag, attrs in self.tags:
            if tag in ("iframe", "object", "embed", "base", "style") or (tag == "script" and not attrs.get("src")):
                found.append(tag)
            found += [f"{tag} {name}" for name in attrs if name.startswith("on") or name == "style"]
            for name in ("href", "src", "action", "formaction", "data-events"):
                if not attrs.get(name, "/").startswith(("/", "#")) or attrs.get(name, "").startswith("//"):
                    found.append(f"{tag} {name}={attrs[name]}")
        return found
