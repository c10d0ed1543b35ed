"""What the journal says to a person (账本)."""

from __future__ import annotations

LOCKED = "账本数据库被另一个程序锁住，现在不能写入"
FULL = "磁盘已满，账本不能写入"
READ_ONLY = "账本文件是只读的，不能写入"
IO_ERROR = "磁盘读写出错，账本不能写入"
CANNOT_OPEN = "账本文件打不开（文件夹不存在或没有权限）"
CLOSED = "账本已经关闭"
DISCONNECTED = "与账本数据库的连接中断"
OUT_OF_MEMORY = "内存不足，账本不能写入"
CORRUPT = "账本文件已损坏。请用 `python main.py restore` 从备份恢复；损坏的文件会保留"
NOT_A_JOURNAL = "这个文件不是跟单账本，没有改动它"
OUTDATED = "账本由旧版程序写成，请先启动一次跟单程序完成升级，再来查看"
NO_WAL = "账本所在的磁盘不支持 WAL 模式（例如网络盘），请把数据文件夹放在本机磁盘上"
NO_BACKUP_FOR_SERVER = "数据库服务器上的账本请用它自己的工具备份（例如 pg_dump）"
IN_USE = "账本正在使用中，请先停止跟单程序再恢复"
DRIVER_MISSING = '缺少数据库驱动，请先安装：pip install "psycopg[binary]"'

CONFLICT_TITLE = "同一编号的信号内容不同"
EMPTIED_TITLE = "策略上传了空的持仓"
ROBOT_REMOVED = "机器人已从配置中删除"
SILENCED = "按「不推送的消息」没有推送"  # journals hold it: what was not wanted is told from what was lost by it


def emptied(strategy: str, client_id: str, before: int) -> str:
    return (
        f"{client_id} 为策略 {strategy} 上传了空的持仓（之前有 {before} 只）。照这份持仓交易会全部卖出。"
        "如果不是本意，请马上停掉按它交易的程序，再重新上传"
    )


def unusable(where: str, why: str) -> str:
    return f"账本不可用（{where}）：{why}"


def newer(found: str, known: str) -> str:
    return f"账本由更新的程序写成（版本 {found}，本程序只认识到 {known}），请升级程序后再用"


def unsuited(backend: str) -> str:
    return (
        f"不支持数据库 {backend}：它没有条件唯一索引，保证不了“同一账户同一股票同一方向只有一笔在途委托”。"
        "请用 SQLite 或 PostgreSQL"
    )


def old_sqlite(found: str) -> str:
    return f"Python 自带的 SQLite 太旧（{found}，至少需要 3.35），请换用更新的 Python"


def unproven(what: str) -> str:
    return f"这个数据库没有守住约束：{what}"


def damaged(found: str) -> str:
    return f"{CORRUPT}（检查结果：{found}）"


def not_a_backup(why: str) -> str:
    return f"这个备份不能用：{why}"


def not_copied(target: str, why: str) -> str:
    return f"备份没有写成（{target}）：{why}"


def server_said(text: str) -> str:
    return f"数据库返回错误：{text}"


def conflict(kid: str, body_id: str) -> str:
    return f"标识 {kid} 的消息 {body_id} 已经收过，这次内容不同，已拒绝，没有执行。如果不是您自己在重发，请尽快更换密钥"


ARRIVED = "收到信号"


def decided(account: str, side: str, symbol: str, shares: int) -> str:
    return f"已决定：{account} {side} {symbol} {shares} 股"


def order_step(client_order_id: str, fact: str, state: str) -> str:
    return f"委托 {client_order_id}：{fact} → {state}"


def filled(client_order_id: str, shares: int, price: str) -> str:
    return f"委托 {client_order_id}：成交 {shares} 股 @ {price}"


def book_changed(cause: str) -> str:
    return f"记账：{cause}"


def told(title: str) -> str:
    return f"通知：{title}"


def ended(verdict: str) -> str:
    return f"结束：{verdict}"


def differs(what: str, said: str, added: str) -> str:
    return f"{what}：账上是 {said}，按历史重算是 {added}"


def queue_differs(event_id: str) -> str:
    return f"信号 {event_id}：待处理队列与处理结果不一致"
