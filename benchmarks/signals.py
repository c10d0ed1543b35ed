"""The strategy that the benchmarks play, its home's configuration, and its signed bodies."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from desk.clock import SystemClock
from desk.core.config import AccountConfig, AccountShare, Config, StrategyConfig
from desk.core.values import Mode
from tests.stand_in.senders import Sender

KID, SECRET = "s1", "gd2_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
NAME, ACCOUNT = "小市值", "模拟账户"


def config(home: Path) -> Config:
    """What the receiver alone needs to know."""
    return Config(
        home=home,
        strategies=(
            StrategyConfig(
                name=NAME,
                kid=KID,
                secret=SECRET,
                accounts=(AccountShare(account=ACCOUNT, ratio=Decimal(1)),),
                mode=Mode.LIVE,
            ),
        ),
        accounts=(AccountConfig(name=ACCOUNT),),
    )


def write_home(home: Path, port: int, **analysis: object) -> None:
    """Write the configuration of a daemon that trades at any hour, without pacing and without limits."""
    follow = {
        "监听地址": "127.0.0.1",
        "端口": port,
        "策略": [{"名称": NAME, "标识": KID, "密钥": SECRET, "跟单比例": 1, "账户": ACCOUNT, "模式": "模拟"}],
        "限额": dict.fromkeys(("单笔金额", "单日成交额", "单日委托数", "单日撤单数", "每秒委托数")),
    }
    account = {"名称": ACCOUNT, "通道": "paper", "初始资金": 1_000_000_000, "行情": "合成", "全天交易": True}
    analysis["账户"] = [account]
    (home / "config").mkdir(parents=True)
    for name, content in (("聚宽跟单设置.json", follow), ("分析配置.json", analysis)):
        (home / "config" / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


class Signals:
    """Makes bodies of the one strategy, numbered as a strategy numbers them."""

    def __init__(self) -> None:
        self.sender = Sender(KID, SECRET)
        self._clock = SystemClock()
        self._seq = 0

    def bought(self, number: int) -> bytes:
        """The n-th stock was bought at JoinQuant: 100 shares, filled at the market."""
        return self._order(number, f=100, p=10.0, u="h")

    def rests(self, number: int, limit: float) -> bytes:
        """A limit order that stays open at JoinQuant."""
        return self._order(number, f=0, p=0, u="o", k="l", l=limit)

    def _order(self, number: int, **more: object) -> bytes:
        self._seq += 1
        now = self._clock.now()
        order = {
            "y": "o",
            "q": self._seq,
            "r": "s",
            "d": int(now.timestamp()),
            "o": f"17{self._seq:08d}",
            "x": f"{600000 + number}.XSHG",
            "b": 1,
            "a": 100,
        }
        return self.sender.body(order | more, at=now)


def symbol(number: int) -> str:
    """The n-th stock by its own name."""
    return f"{600000 + number}.SH"
