"""A real daemon on a paper account that is always open, its owner, and the strategies that send to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import main
from desk.clock import SystemClock
from tests.browser.window import Window
from tests.cli.homes import OTHER, SECRET, Running, free_port, running, until, write_home
from tests.stand_in.programs import Postman
from tests.stand_in.senders import Sender

OWNER, PASSWORD, TRADING = "店主", "ein langes Kennwort", "handeln 1"
_LINK = re.compile(r"http://\S+/setup/\S+")


class Desk:
    """`小市值` (kid xsz) follows by itself, `轮动` (kid etf) waits for a person's approval."""

    def __init__(self, daemon: Running, port: int) -> None:
        self.daemon, self.home = daemon, daemon.home
        self._postmen = {kid: Postman(port, Sender(kid, key)) for kid, key in (("xsz", SECRET), ("etf", OTHER))}
        self._sent = 0
        self._set_up = False

    @classmethod
    @contextmanager
    def opened(cls, home: Path) -> Iterator[Desk]:
        port = free_port()
        strategies = [
            {"名称": "小市值", "标识": "xsz", "密钥": SECRET, "跟单比例": 0.5, "账户": "模拟账户"},
            {"名称": "轮动", "标识": "etf", "密钥": OTHER, "跟单比例": 0.3, "账户": "模拟账户", "模式": "确认"},
        ]
        # An order that rests must rest until a slow machine has come to press its button.
        write_home(home, 端口=port, 策略=strategies, 委托等待秒数=300)
        with running(home) as daemon:
            desk = cls(daemon, port)
            try:
                yield desk
            finally:
                for postman in desk._postmen.values():
                    postman.close()

    def link(self) -> str:
        """The set-up link that the first start has printed."""
        until(lambda: _LINK.search(self.daemon.said))
        found = _LINK.search(self.daemon.said)
        assert found is not None
        return found[0]

    @property
    def root(self) -> str:
        return self.link().partition("/setup/")[0]

    def set_up(self, window: Window) -> None:
        """Make the owner by the link, as the first person at this PC does."""
        window.root = self.root
        window.open(self.link())
        window.fill(name=OWNER, password=PASSWORD, again=PASSWORD)
        window.send("完成")

    def let_in(self, window: Window) -> None:
        window.root = self.root
        if self._set_up:
            self.log_in(window)
            return
        self.set_up(window)
        window.open("/account")
        form = "form[action$='/trading-password']"
        window.fill(form, password=PASSWORD, fresh=TRADING, again=TRADING)
        window.send("更改", within=form)
        window.sees("已设置")
        self._set_up = True

    def log_in(self, window: Window) -> None:
        window.open("/login")
        window.fill(name=OWNER, password=PASSWORD)
        window.send("登录")
        window.at("/")

    def signal(self, security: str, shares: int, *, kid: str = "xsz", buy: bool = True, price: float = 10) -> None:
        """Let a strategy tell the receiver of an order that JoinQuant has filled, until it is acknowledged."""
        self._sent += 1
        postman, now = self._postmen[kid], SystemClock().now()
        content = {
            "y": "o", "q": self._sent, "r": "s", "d": int(now.timestamp()), "o": str(self._sent), "x": security,
            "b": int(buy), "a": shares, "f": shares, "p": price, "u": "h",
        }  # fmt: skip
        postman.deliver(postman.sender.body(content, at=now))

    def verb(self, *words: str) -> int:
        """A verb of the command line; its exit code."""
        return main.main([*words, "--home", str(self.home)])
