"""EasyXT、QMT、MiniQMT 用户的例子：每 30 秒读一次账户持仓，交给跟单程序的持仓同步，并列出策略之间的冲突。

在自己的程序里这样用（trader 和 account 是 xtquant 的 XtQuantTrader 和 StockAccount，已经连接并订阅）：

    from gendan_client.examples.easyxt_sync import start

    stop = threading.Event()
    start("jq2qmt_config.json", "双均线策略", trader, account, stop)   # 在自己的线程里运行，直到 stop.set()

配置文件就是 EasyXT 原来的 jq2qmt_config.json；simple_api_key 填 `main.py keys new 名字 --api-key --read` 给出的密钥。
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Callable

from gendan_client import (
    QMT,
    FailedReading,
    GendanError,
    IntervalSync,
    Position,
    PositionServer,
    Reading,
    Round,
    conflict_table,
    find_conflicts,
    read_easyxt_config,
    read_positions,
)
from gendan_client.outside import Outside
from gendan_client.transport import Transport


def read_account(trader: Any, account: Any) -> Reading:
    """读账户的全部持仓。读不到、读不全都是错误；只有资产查询也证实市值为 0，才算真的空仓。"""
    asset, rows = trader.query_stock_asset(account), trader.query_stock_positions(account)
    if asset is None or rows is None:
        raise FailedReading("柜台没有回答")
    positions = read_positions(rows, QMT)
    if any(position.shares for position in positions):
        return Reading.whole(positions)
    if asset.market_value != 0:
        raise FailedReading(f"柜台说持仓市值是 {asset.market_value} 元，却没有给出持仓")
    return Reading.nothing_held()


def start(
    config_file: str | Path,
    strategy: str,
    trader: Any,
    account: Any,
    stop: threading.Event,
    *,
    say: Callable[[str], None] = print,
    transport: Transport | None = None,
    outside: Outside | None = None,
) -> None:
    """按 EasyXT 的配置文件同步，直到 stop 被设置。"""
    config = read_easyxt_config(Path(config_file).read_bytes())
    if config.unused:
        say("配置里这些部分这里用不到：" + "、".join(config.unused))
    if not (config.enabled and config.auto_sync):
        say("配置里没有打开同步（enabled、auto_sync），什么也不做")
        return
    proof, name = config.proof(), config.strategy_name(strategy)
    server = PositionServer(
        config.server_url, api_key=config.simple_api_key, transport=transport, outside=outside
    )  # fmt: skip

    def upload(reading: Reading) -> None:
        config.limits.check(reading)
        server.upload(name, reading, proof)

    earlier: dict[str, tuple[Position, ...]] = {}

    def tell(done: Round) -> None:
        if done.error is not None:
            say(f"没有同步，服务器上的持仓没有变：{done.error}")
            return
        say(f"{name} 已同步")
        try:
            now = {held.strategy: held.positions for held in server.all()}
        except GendanError as error:
            say(f"没有读到各策略的持仓：{error}")
            return
        found = find_conflicts(now, earlier)
        earlier.clear()
        earlier.update(now)
        if found:
            say(conflict_table(found))

    IntervalSync(
        lambda: read_account(trader, account), upload,
        interval_s=config.interval_s, tries=config.retry_times, outside=outside, tell=tell,
    ).run(stop)  # fmt: skip
