"""What the self-test says, and how each thing is mended."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

MEND_PYTHON = "请用 Python 3.11、3.12 或 3.13。"
MEND_CONFIG = "改好后用 python main.py check-config 再查；还没有配置就先 python main.py init。"
MEND_CLOCK = "请在系统里打开“自动设置时间”，对时后再试。"
MEND_FOLDER = "请检查这个文件夹的权限，或用 --home 换一个能写的地方。"
MEND_DISK = "请清理磁盘，至少留出 1 GB。"
MEND_SLOW = "收信号要先落盘再回答；换到固态硬盘，或关掉同步盘、杀毒软件对 data 文件夹的扫描。"
MEND_RESTART = "请看今天的日志，停下程序再启动。"
MEND_PORT = "请关掉占用它的程序，或在 聚宽跟单设置.json 里改「端口」，frp 里也要跟着改。"
MEND_JOURNAL = "请停下程序，用 python main.py restore 恢复最近的备份；先把坏的文件留着。"
MEND_HISTORY = "请不要继续交易：先 python main.py backup，再核对券商持仓，把这几行发给维护者。"
MEND_ACCOUNTS = "请在 分析配置.json 的「账户」里写一个账户。"
MEND_CHANNEL = "请用 strategy mode 改回模拟，或把账户的通道改成 paper。"
MEND_CALENDAR = "请运行 python -m desk.calendar_source .，或在交易日文件里写上以后的交易日。"
MEND_ROBOTS = "不配也能跟单；要收消息就在群里加一个机器人，把它的 key 写进「微信token」。"
MEND_NO_TUNNEL = "聚宽要经公网才找得到这台电脑；配好 frp 后把地址写进「公网地址」。"
MEND_TUNNEL_UNKNOWN = "先启动程序（main.py run），再做一次自检。"
MEND_TUNNEL_UNPROVEN = "策略有了程序生成的密钥（strategy add 或 strategy rekey）之后就能测。"
MEND_TUNNEL = "请看 frpc 是否在运行、服务器的端口是否放行、local_port 是否等于「端口」。"

JOURNAL_NEW = "还没有，第一次启动时建立"
JOURNAL_GOOD = "完好，与它自己的历史一致"
CLOCK_BEHIND = "现在的时间早于账本里的最后一个信号"
NO_ACCOUNTS = "没有账户"
NO_ROBOTS = "没有配置机器人，消息只进日志"
NO_TUNNEL = "没有写公网地址"


def config_good(strategies: int, accounts: int) -> str:
    return f"能用，{strategies} 个策略，{accounts} 个账户"


def clock_said(now: datetime) -> str:
    return f"北京时间 {now:%Y-%m-%d %H:%M:%S}，走得匀；请与手机对一下"


def clock_drifts(drift: float) -> str:
    return f"系统时间正在跳动（{drift:.2f} 秒）"


def disk_unusable(folder: Path, why: str) -> str:
    return f"{folder} 不能写（{why}）"


def disk_free(free: int) -> str:
    return f"剩余 {free / 1024**3:.1f} GB"


def sync_took(seconds: float) -> str:
    return f"写入并落盘一次 {seconds * 1000:.1f} 毫秒"


def receiving(where: str) -> str:
    return f"程序正在接收 {where}"


def not_answering(where: str) -> str:
    return f"程序在运行，但 {where} 没有回答"


def port_free(where: str) -> str:
    return f"{where} 空着，可以用"


def port_taken(where: str) -> str:
    return f"{where} 被别的程序占用"


def cannot_listen(where: str, why: str) -> str:
    return f"{where} 不能监听（{why}）"


def channel_later(account: str, channel: str) -> str:
    return f"{account} 的通道 {channel} 在后续版本提供，模拟策略先用合成行情跟"


def paper_account(account: str) -> str:
    return f"{account} 是模拟账户"


def calendar_until(until: date) -> str:
    return f"知道到 {until:%Y-%m-%d}"


def robots(count: int) -> str:
    return f"{count} 个机器人；试发用 python main.py notify test"


def tunnel_unknown(where: str) -> str:
    return f"{where}，程序没在运行，测不了"


def tunnel_good(where: str) -> str:
    return f"{where} 通"


def tunnel_bad(where: str) -> str:
    return f"{where} 不通，聚宽的信号进不来"


def tunnel_strange(where: str) -> str:
    return f"{where} 有应答，但应答的不是本程序，聚宽的信号进不来"


def tunnel_unproven(where: str) -> str:
    return f"{where}，没有任何策略密钥，证明不了应答的是不是本程序"


def verdict(bad: int, warned: int) -> str:
    if bad:
        return f"\n有 {bad} 项必须处理，{warned} 项请留意。"
    return f"\n可以开始；{warned} 项请留意。" if warned else "\n一切正常。"
