"""What is said of the accounts at a broker's terminal: the library, the line, one program for an account."""

from __future__ import annotations

LINE_BACK = "券商恢复"
CONNECTING = "正在连接"
MATCHING = "已连接，正在核对委托和持仓"
NO_PAPER_EXCHANGE = "没有连上模拟交易所，正在重试"


def library_needed(strategy: str, mode: str, account: str, why: str) -> str:
    return (
        f"策略 {strategy} 是{mode}模式，要经账户 {account} 的 MiniQMT 下单，但{why}。没有启动。"
        f"先用模拟：python main.py strategy mode {strategy} 模拟；装法见 docs/windows.md。"
    )


def library_hangs(seconds: float) -> str:
    return f"导入 xtquant 超过 {seconds:.0f} 秒没有完成，请重启电脑再试"


def shadow_synthetic(account: str, shadow: str, why: str) -> str:
    return f"账户 {account} 接不上 MiniQMT（{why}）；它的模拟策略跟到 {shadow}，成交价来自合成行情，不是真实行情。"


def shadow_real(account: str, shadow: str) -> str:
    return f"账户 {account} 接 MiniQMT；它的模拟策略跟到 {shadow}，按 MiniQMT 的真实行情成交，不动真钱。"


def account_taken(account: str) -> str:
    return (
        f"这台电脑上另有一个跟单程序正在用账户 {account} 的资金账号。一个资金账号只能由一个程序下单；"
        "请先停下那一个（可能在别的文件夹里运行，或由自启动任务启动）。"
    )


def line_back(account: str) -> str:
    return f"账户 {account} 已重新连上券商，委托、成交、持仓核对完毕，恢复下单。"


def quotes_said(age_s: float | None) -> str:
    return f"行情 {age_s:.0f} 秒前" if age_s is not None else "行情正常，今天还没有成交"


def no_quotes(account: str) -> str:
    return f"账户 {account} 取不到行情；请看 MiniQMT 的行情是否已连接。"


def no_line(account: str, why: str) -> str:
    return f"账户 {account} 没有连接上：{why}。"
