"""What the trading loop answers to a person's command, and the alarms it raises."""

from __future__ import annotations

REJECTED_BY_PERSON = "已被人工拒绝。"
CANCEL_KEPT = "这张委托还没有确认是否到了柜台,撤单要求已记下,一旦确认立即撤。"
CANCEL_COMES = "已要求撤单,余量今天不再追。"
BAD_RESOLVE = "只能判定为 absent(没有这张委托)、live(还在)或 filled N(成交了 N 股)。"
NOTHING_TO_PLAN = "已持有的与比例一致,不需要买卖。"
BAD_ADJUSTMENT = "调整要写整股数,例如 300 或 -300,不能是 0。"
NOT_HALTED = "现在没有急停。"
ORDERED_BEFORE = "这个幂等键的手动委托已经受理过,没有重复下单。"


BROKEN = "程序处理时出错,没有执行;请把日志发给作者。"
BOOKS_AGREE = "账本与账户一致。"
APPLIED = "已按账户持仓改小账本,冻结已解除;少掉的部分不会自动买回。"
NOT_APPLIED = "没有改动。确认无误后用 reconcile --apply 按账户持仓改小账本并解除冻结。"


def unknown_command(verb: str) -> str:
    return f"不认识的命令 {verb}。"


def nothing_waits(wanted: str) -> str:
    return "现在没有等待确认的委托。" if wanted == "all" else f"没有等待确认的 {wanted}。"


def approved(count: int) -> str:
    return f"已批准 {count} 笔。"


def rejected(count: int) -> str:
    return f"已拒绝 {count} 笔。"


def no_such_strategy(name: str) -> str:
    return f"没有叫 {name} 的策略。"


def planned(plan_id: str, orders: int) -> str:
    return f"已做计划 {plan_id},{orders} 笔委托:用 plan show {plan_id} 看一遍,再 approve 或 reject。"


def plan_rejected(plan_id: str) -> str:
    return f"计划 {plan_id} 已作废;账本没有改,差异还在。"


def ordered(intent_id: str) -> str:
    return f"已受理手动委托 {intent_id}。"


def no_such_order(key: str) -> str:
    return f"今天没有编号为 {key} 的委托。"


def order_is_final(key: str) -> str:
    return f"委托 {key} 已经结束,不能再撤。"


def not_in_doubt(key: str) -> str:
    return f"委托 {key} 不是存疑状态,不需要人工判定。"


def bad_filled(shares: int) -> str:
    return f"成交股数要在 1 到 {shares} 之间。"


def resolved(key: str) -> str:
    return f"已按人工判定处理委托 {key}。"


def halted(reason: str, cancel: bool, for_sale: int) -> str:
    text = f"已急停({reason or '未写原因'}):不再下新单。"
    if cancel:
        text += "在途委托正在撤。"
    if for_sale:
        text += f"策略持有的 {for_sale} 只股票正在卖出。"
    return text


def unhalted(debts: int) -> str:
    return f"已解除急停,{debts} 笔欠卖开始执行。" if debts else "已解除急停。"


def stranger(remark: str) -> str:
    return f"券商那里有一张带我们编号的委托 {remark},日志里却没有。已急停,请核对后再解除。"


def clock_jumped(seconds: float) -> str:
    return f"系统时间跳了 {seconds:+.1f} 秒,暂停下单几秒后继续。"


def cancel_unconfirmed(key: str, symbol: str) -> str:
    return f"{symbol} 的委托 {key} 撤单后一直没有最终状态,余量不会重下,请看一眼券商终端。"


def in_doubt(key: str, symbol: str) -> str:
    return f"{symbol} 的委托 {key} 结果未知,这只股票这个方向先冻结,正在查证;也可以用 resolve 人工判定。"


def missing_shares(symbol: str, account: str, short: int) -> str:
    return f"账户 {account} 里的 {symbol} 比策略账本少 {short} 股,已冻结这只股票,请核对。"


def unexplained(symbol: str, account: str, change: int) -> str:
    return f"账户 {account} 里的 {symbol} 夜里变了 {change:+d} 股,没有成交也没有除权可以解释,已冻结,请核对。"


def seq_gap(first: int, last: int) -> str:
    return f"少了序号 {first} 到 {last} 的信号" if last > first else f"少了序号 {first} 的信号"


def seq_back(seq: int, top: int) -> str:
    return f"序号回退:来了 {seq},之前已到 {top}(聚宽恢复了旧的状态,信号照常处理)"


def connected(account: str) -> str:
    return f"账户 {account} 已连接。"


def disconnected(account: str) -> str:
    return f"账户 {account} 与券商断开,重连并核对完之前不下单。"


def journal_down(text: str) -> str:
    return f"日志写不进去({text}),已停止下单,正在重试。"


def not_connected(account: str) -> str:
    return f"账户 {account} 还没有连接并核对完,稍后再试。"


def connected_already(account: str) -> str:
    return f"账户 {account} 已经连接,不用再连。"


def connected_matching(account: str) -> str:
    return f"账户 {account} 已经连接,正在核对委托和持仓。"


def connecting(account: str) -> str:
    return f"正在连接账户 {account},连上并核对完委托和持仓以后才下单。"


def no_such_account(account: str) -> str:
    return f"没有叫 {account} 的账户。"


def no_line(account: str, channel: str) -> str:
    if channel == "miniqmt":
        return f"账户 {account} 在这里连不上:程序启动时 xtquant 不能用,请用 doctor 检查,装好后重新启动。"
    return f"账户 {account} 在这里连不上:程序还不支持通道 {channel}。"


def lacking(account: str, symbol: str, own: int, held: int) -> str:
    return f"{account} {symbol}:账本合计 {own} 股,账户实有 {held} 股,少 {own - held} 股"


def still_in_flight(symbol: str) -> str:
    return f"{symbol} 还有在途的委托,等它们结束后再对账。"


def lapsed_by_positions(symbol: str, key: str, change: int, fits: bool) -> str:
    if fits:
        return f"{symbol} 的委托 {key} 收盘前后程序没在运行,按持仓变化 {change:+d} 股记作它的成交,请核对。"
    return f"{symbol} 的委托 {key} 已随交易日结束,但持仓变化 {change:+d} 股它解释不了,请核对。"


def incomplete(account: str) -> str:
    return f"账户 {account} 的查询结果缺少今天已报的委托,核对完之前不下新单,请看一眼券商终端。"


def channel_failed(account: str, error: str) -> str:
    return f"账户 {account} 的通道出错({error}),这个账户暂停下单,其他账户不受影响;恢复并核对完后继续。"
