"""What the demo says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from desk.texts.labels import width

BAR = "{percentage:3.0f}% {bar:20} {n}/{total} {desc}"
REPEATED = "同一个包再发一次"
FORGED = "内容被改过的包"
TOO_SLOW = "等了很久也没有发生，演示没有走完"
_DESCRIPTION = 60  # columns


def fitted(text: str) -> str:
    while width(text) > _DESCRIPTION:
        text = text[:-1]
    return text


def opening(home: Path) -> str:
    return (
        "Gendan 跟单演示：两个策略、一个模拟账户、两个交易日，全天交易。\n"
        "信号由真正的聚宽端代码签名加密后经 HTTP 发来，收下、入账、折算、下单、成交都是真程序；只有交易所是模拟的。\n"
        f"临时文件夹：{home}（结束后删除）"
    )


NO_LIBRARY = (
    "没有安装 xtquant，演示不了 miniqmt-sim：它用真正的 xtquant 程序库，接一个模拟的 MiniQMT 终端。"
    "请先 pip install -r requirements-dev.txt；只想看跟单过程，用 python main.py demo。"
)


def opening_at_a_terminal(home: Path, version: str) -> str:
    return (
        "Gendan 跟单演示（miniqmt-sim）：两个策略、一个 MiniQMT 账户、两个交易日的上午。\n"
        "信号由真正的聚宽端代码签名加密后经 HTTP 发来；收下、入账、折算、追单、对账都是真程序，\n"
        f"下单经过真正的程序库 {version}；只有 MiniQMT 终端和交易所是模拟的，没有任何真实账户。\n"
        f"临时文件夹：{home}（结束后删除）"
    )


def undelivered(strategy: str, log: Sequence[str]) -> str:
    return f"{strategy} 的信号没有送到：{' '.join(log)}"


def heading(number: int, text: str) -> str:
    return f"\n{number}. {text}\n{'─' * 60}"


def quoted(message: str) -> str:
    return "\n".join(f"  │ {line}" for line in message.splitlines()) + "\n"


def unfinished(why: str) -> str:
    return f"\n演示没有走完：{why}"


def verdict(problems: Sequence[str]) -> str:
    if problems:
        return f"\n演示发现 {len(problems)} 个问题（见上）。"
    return (
        "\n演示通过：账本、交易所、信号三方一致。\n"
        "接下来：python main.py init 写自己的配置，python main.py run 启动，"
        "python main.py snippet 策略名 拿到要贴进聚宽的代码。"
    )


def serving(home: Path, address: str) -> str:
    verbs = ("status", "signals", "orders", "fills", "positions", "books", "report", 'halt --reason "试试"')
    lines = "\n".join(f"  python main.py --home {home} {verb}" for verb in verbs)
    return f"\n程序继续运行（接收 {address}），Ctrl-C 结束。另开一个窗口可以试：\n{lines}"
