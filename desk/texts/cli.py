"""What the command line says to a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# --- the daemon -------------------------------------------------------------------------------------------------------

STOPPING = "正在停止：处理完手头的请求…"
STOPPED = "已停止。"
EXCHANGE_STOPPED = "模拟交易所停了"
ACCOUNTS_NEED_RESTART = "账户有增减或换了通道，要停下程序再启动（main.py run）才生效；其余改动也等到那时。"
CONSOLE_LATER = "控制台在后续版本提供。"


def already_running(home: Path) -> str:
    return f"这个文件夹里已有一个跟单程序在运行：{home}。一个文件夹只能运行一个；要重启请先停下它。"


def port_occupied(host: str, port: int) -> str:
    return f"端口被占用：{host}:{port} 已被别的程序使用。请关掉它，或在 聚宽跟单设置.json 里改「端口」。"


def cannot_listen(host: str, port: int, why: str) -> str:
    return f"不能监听 {host}:{port}（{why}）。请检查 聚宽跟单设置.json 里的「监听地址」和「端口」。"


def threads_failed(names: Sequence[str], folder: Path) -> str:
    return f"程序的一部分意外结束（{'、'.join(names)}），已全部停下；原因见 {folder} 里今天的日志。"


def channel_unbuilt(strategy: str, mode: str, account: str, channel: str) -> str:
    return (
        f"策略 {strategy} 是{mode}模式，账户 {account} 的通道 {channel} 在后续版本提供，现在还接不上，没有启动。"
        f"请先把策略改回模拟（strategy mode {strategy} 模拟），或把账户的通道写成 paper。"
    )


def shadow_only(account: str, shadow: str) -> str:
    return f"账户 {account} 的券商通道在后续版本提供；它的模拟策略现在跟到 {shadow}，成交价来自合成行情，不是真实行情。"


def store_unusable(account: str, why: str) -> str:
    return f"模拟账户 {account} 的存档打不开（{why or '原因不明'}）。请检查 data/paper 文件夹。"


def bad_variable(name: str) -> str:
    return f'环境变量 {name} 要写成 JSON，例如 {{"账户名": "端口文件"}}。'


def notice(text: str) -> str:
    return f"提示：{text}"


def started(address: str, accounts: Sequence[str], logs: Path) -> str:
    words = [f"接收 {address}" if address else "", f"账户 {'、'.join(accounts)}" if accounts else ""]
    return f"已启动：{'，'.join(word for word in words if word)}；日志在 {logs}，按 Ctrl-C 停止。"


# --- asking the daemon ------------------------------------------------------------------------------------------------

NOT_RUNNING = "跟单程序没有在运行，这件事要由它来做。请先启动：python main.py run"
HALT_KEPT = "跟单程序没有在运行；急停已记下，下次启动时先急停，不会下单。"
UNHALT_KEPT = "跟单程序没有在运行；已记下，下次启动时解除急停。"
RELOADED = "运行中的程序已采用。"
TAKES_EFFECT_LATER = "程序没有在运行，下次启动时生效。"
LIQUIDATE_NEEDS_YES = "清仓会把各策略持有的股票全部卖出。确定的话请加 --yes 再执行一次。"
LIVE_NEEDS_YES = "实盘模式会用真钱自动下单。确定的话请加 --yes 再执行一次。"
RECONCILE_NEEDS_YES = "按账户修正账本需要人来决定。看过上面的差异、确定的话请加 --yes 再执行一次。"
RECONCILE_LATER = "按账户修正账本在后续版本提供；现在请看上面的差异，冻结的股票先在券商终端核对。"
RESTORE_NEEDS_YES = "恢复会用备份换掉现在的账本（旧的会改名留下）。确定的话请加 --yes 再执行一次。"
TEST_LIVE_NEEDS_YES = "这会在真实账户里下一笔真的委托。确定的话请加 --yes 再执行一次。"


def no_answer(seconds: float) -> str:
    return f"命令已记下，但程序在 {seconds:.0f} 秒内没有回答；请看 status 和日志。"


def reload_refused(why: str) -> str:
    return f"配置文件已改好，但运行中的程序没有采用：{why}"


# --- lists ------------------------------------------------------------------------------------------------------------

NOTHING = {
    "signals": "今天还没有信号。",
    "orders": "今天还没有委托。",
    "fills": "今天还没有成交。",
    "positions": "没有持仓。",
    "books": "还没有账本。",
}
RANGE_EMPTY = "这段时间里没有记录。"
NO_STRATEGIES = "还没有策略。请用 strategy add 名称 添加。"
NO_MESSAGES = "还没有发过通知。"


def unknown_id(wanted: str) -> str:
    return f"没有编号为 {wanted} 的信号。请用 signals 查看编号，写开头几位就可以。"


def ambiguous_id(wanted: str, found: Sequence[str]) -> str:
    return f"以 {wanted} 开头的不止一个，请多写几位：\n" + "\n".join(f"  {one}" for one in found)


def bad_date(text: str) -> str:
    return f"日期要写成 2026-11-20，不是 {text}。"


def later(verb: str, version: str) -> str:
    return f"{verb} 在{version}提供。"


LATER = {
    "keys": "后续版本（控制台与接口）",
    "jq-positions": "后续版本（聚宽持仓核对）",
    "replay": "后续版本（回放一天的信号）",
    "autostart": "后续版本（Windows 开机自启）",
    "report --png": "后续版本（当日图片）",
}
