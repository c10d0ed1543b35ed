"""English for what Gendan says in Chinese and keeps in its journal: causes, refusals, answers, differences.

A sentence is put together from clauses and read clause by clause. What is not known here, a name, a person's word,
a broker's, stands as it was said.
"""

from __future__ import annotations

import re
from functools import cache, partial

from desk.core.values import Reason
from desk.texts import english_labels, labels

# What changed a book: one of these alone.
_CAUSES = {
    "聚宽买入": "bought at JoinQuant",
    "聚宽卖出": "sold at JoinQuant",
    "成交": "fill",
    "迟到成交": "late fill",
    "拒绝卖出": "sale rejected",
    "急停清仓": "sold out by the halt",
    "人工对账": "reconciled by a person",
    "手动下单": "ordered by hand",
    "持仓调整": "adjusted",
    "缺终态": "no final state",
    "放弃": "given up",
    "除权": "ex-right",
    "接手": "taken over",
    "建仓": "build",
    "快照": "snapshot",
    "冻结": "frozen",
    "不支持的品种": "not supported",
}
# `{}` stands for whatever is named, `{n}` for a number, both kept in their order.
_CLAUSES: tuple[tuple[str, str], ...] = (
    # why a book differs from the strategy
    ("原因不明(可能有人在聚宽手动调整)", "cause unknown (somebody may have traded at JoinQuant by hand)"),
    ("缺少信号", "signals are missing"),
    (",序号 {}", ", numbers {}"),
    ("少了序号 {n} 到 {n} 的信号", "the signals {} to {} are missing"),
    ("少了序号 {n} 的信号", "the signal {} is missing"),
    (
        "序号回退:来了 {n},之前已到 {n}(聚宽恢复了旧的状态,信号照常处理)",
        "numbers went back: {} came, {} had been reached (JoinQuant restored an old state; signals are still followed)",
    ),
    ("聚宽卖出的多于我们记得它持有的", "JoinQuant sold more than it held as far as we remember"),
    ("聚宽持有 {n} 股,我们记着 {n} 股,差 {n} 股", "JoinQuant holds {} shares, we remember {}, {} apart"),
    (",约 {n} 元", ", about {} yuan"),
    ("聚宽委托 {} 已经不在途", "JoinQuant's order {} lives no more"),
    ("聚宽有在途委托 {},我们没有收到", "JoinQuant has a live order {} that we never received"),
    (
        "聚宽委托 {} 已成交 {n} 股,我们只知道 {n} 股",
        "JoinQuant's order {} has filled {} shares, we know of {}",
    ),
    (
        "聚宽委托 {} 到收盘没有终态(缺终态),按最后一次回报处理",
        "JoinQuant's order {} had no final state by the close; settled by what it said last",
    ),
    ("聚宽说持有 {n} 股,我们按成交记着 {n} 股", "JoinQuant says it holds {} shares, by its fills we remember {}"),
    ("聚宽说已清仓,我们还记着 {n} 股", "JoinQuant says it holds none, we remember {} shares"),
    ("聚宽有 {n} 股没有成交,账本已按它退回", "{} shares were not filled at JoinQuant; the book was set back by them"),
    ("聚宽持有不支持的品种 {},没有跟", "JoinQuant holds {}, which is not supported and not followed"),
    ("同一聚宽订单号先后是两只股票或两个方向", "one order number of JoinQuant was two stocks or two sides"),
    ("撤回的买单多于聚宽还计着的数量", "more of a buy was taken back than JoinQuant still counted"),
    (
        "账户 {} 里的 {} 比策略账本少 {n} 股,已冻结这只股票,请核对",
        "account {} holds of {} {} shares less than the books: the stock is frozen, please check",
    ),
    (
        "账户 {} 里的 {} 夜里变了 {n} 股,没有成交也没有除权可以解释,已冻结,请核对",
        "on account {} {} changed overnight by {} shares, which no trade and no ex-day explains: frozen, please check",
    ),
    # what was decided of a signal
    (
        "这个策略按目标持仓跟,不看单笔委托;下一份持仓会包含它",
        "This strategy is followed by its positions; the next ones have it",
    ),
    ("止损单还没有触发", "The stop has not been triggered yet"),
    ("我们没有跟过这张聚宽委托", "We never followed this order of JoinQuant"),
    ("已按聚宽撤单", "Cancelled as at JoinQuant"),
    ("没有在途的委托需要撤", "No live order was there to cancel"),
    ("账户里多出的股票抵掉了这次买入", "Shares that were too many on the account made up for this buy"),
    ("在途的卖单已经包含了这次卖出", "A sale under way holds this one already"),
    ("已被人工拒绝", "Rejected by a person"),
    ("(券商原话:{})", "(the broker said: {})"),
    # why a snapshot or a plan was not traded by itself
    ("里面有不支持的品种 {}", "unsupported securities are in it: {}"),
    ("快照是空的,而账本里还有持仓", "the snapshot is empty while the books hold something"),
    ("有股票没有价格,算不出会减掉多少", "a stock has no price, so what would be sold cannot be reckoned"),
    (
        "会减掉持仓市值的 {n},超过快照最大减仓 {n}",
        "it would sell {} of what is held, more than the {} that a snapshot may",
    ),
    ("按固定金额跟单,每处差额都会买一笔每单金额", "it is followed by a fixed sum, each difference would buy one"),
    ("{} 已冻结,等您核对", "{} is frozen and waits for your check"),
    ("{} 的账户今天还没有核对过持仓,可能除权", "{} was not compared with the account today, it may be an ex-day"),
    (
        "{} 的差额原因不明(可能有人在聚宽手动调整),也可能除权",
        "why {} differs is unknown (somebody may have traded at JoinQuant), or it is an ex-day",
    ),
    (
        "之后的信号先到了,这份快照不能再与账本比较,等下一份",
        "Later signals came first: this snapshot cannot be compared",
    ),
    ("快照与账本有 {n} 处不同,账本没有改", "Snapshot and books differ in {} places, the books were not changed"),
    ("的差额低于不交易带宽,没有买卖", " lies within the no-trade band, nothing was traded"),
    ("低于不交易带宽,不交易", "within the no-trade band, not traded"),
    ("与账本一致;计划 {} 还在等您批准", "It agrees with the books; the plan {} still waits for you"),
    ("与账本一致", "It agrees with the books"),
    ("策略还没有持仓", "The strategy holds nothing yet"),
    (
        "策略在聚宽已经持有 {n} 只股票;这些不跟,只跟之后的新单",
        "The strategy holds {} stocks already; these are not followed, only new orders are",
    ),
    ("{n} 只股票的目标变了,下 {n} 笔委托", "The targets of {} stocks changed, {} orders are sent"),
    (
        "已按快照更正 {n} 只股票的账本,补 {n} 笔委托",
        "The books of {} stocks were set by the snapshot, {} orders follow",
    ),
    (" 应持 {n} 股,调整 {n} 股", ": entitled to {} shares, adjusted by {}"),
    # what the trading loop answers to a person
    ("已批准 {n} 笔", "Approved: {}"),
    ("已拒绝 {n} 笔", "Rejected: {}"),
    ("现在没有等待确认的委托", "No order waits for approval"),
    ("没有等待确认的 {}。", "Nothing waits by the name {}."),
    ("没有叫 {} 的策略", "There is no strategy {}"),
    (
        "已做计划 {},{n} 笔委托:用 plan show {} 看一遍,再 approve 或 reject",
        "Plan {} is made, {} orders: look at it, then approve or reject it ({})",
    ),
    ("计划 {} 已作废;账本没有改,差异还在", "Plan {} is void; the books were not changed, the difference stays"),
    ("已按计划建仓,{n} 笔委托", "Built by the plan, {} orders"),
    ("已调整 {} {n} 股,{n} 笔委托", "{} adjusted by {} shares, {} orders"),
    ("计划 {} 的策略已经不在配置里,计划作废", "The strategy of plan {} is configured no more; the plan is void"),
    ("现在不能执行计划 {}:{}。", "Plan {} cannot be carried out now: {}."),
    (
        "做计划 {} 之后账本又变了,计划作废;下一份快照会重新做",
        "The books have changed since plan {} was made: it is void, the next snapshot makes another",
    ),
    (
        "计划 {} 比给您看的时候变大了,没有执行;请用 plan show 再看一遍,再批准",
        "Plan {} has grown since you saw it and was not carried out: look again, then approve",
    ),
    ("计划 {} 现在没有要买卖的,计划作废", "Plan {} has nothing to trade any more and is void"),
    ("已持有的与比例一致,不需要买卖", "What is held fits the ratio; nothing has to be traded"),
    ("策略 {} 没有持有 {},不能调整;手工买卖不必经过策略", "Strategy {} does not hold {}: trade by hand instead"),
    (
        "调整后不用买卖(不足一手、已冻结,或策略不许买入),没有做计划",
        "Nothing would be traded (less than a lot, frozen, or no buys allowed): no plan was made",
    ),
    ("策略 {} 没有跟到账户 {}。", "Strategy {} is not followed on account {}."),
    (
        "策略 {} 跟到几个账户,请用 --account 指明:{}。",
        "Strategy {} is followed on several accounts, name one: {}.",
    ),
    ("调整要写整股数,例如 300 或 -300,不能是 0", "Write whole shares, such as 300 or -300, not 0"),
    ("已受理手动委托 {}。", "Manual order {} is taken."),
    ("这个幂等键的手动委托已经受理过,没有重复下单", "This manual order was taken before and not ordered twice"),
    ("这个幂等键已经用于另一笔手动委托", "This key was used for another manual order"),
    ("手动委托要有幂等键,最多 {n} 个字符", "A manual order wants an idempotency key of at most {} characters"),
    ("方向只能是 buy 或 sell", "The side is buy or sell"),
    ("股数要是大于 0 的整数", "Shares are a whole number above 0"),
    ("不认识的股票代码 {}。", "Unknown symbol {}."),
    ("价格要是一个数", "The price has to be a number"),
    ("价格要大于 0,并且是 {n} 元的整数倍", "The price has to be above 0 and a multiple of {} yuan"),
    (
        "{} 反方向的手动委托还没有结束,请先撤掉或等它结束",
        "A manual order of {} in the other direction has not ended: cancel it or wait",
    ),
    ("价格 {n} 超出今天的涨跌停 {n}–{n}", "The price {} is outside of today's band {}–{}"),
    ("一笔最多 {n} 股", "At most {} shares in one order"),
    ("{n} 股不是合法的买入数量,往下最近的是 {n} 股", "{} is no legal number of shares to buy; the next below is {}"),
    ("{n} 股不是合法的卖出数量,往下最近的是 {n} 股", "{} is no legal number of shares to sell; the next below is {}"),
    (
        "手动账本里 {} 今天可卖 {n} 股;策略的股票由策略卖,券商软件里买的请在券商软件里卖",
        "Of {} bought by hand {} shares may be sold today; strategies sell their own shares",
    ),
    ("已要求撤单,余量今天不再追", "The cancel is asked; what is left is not chased today"),
    (
        "这张委托还没有确认是否到了柜台,撤单要求已记下,一旦确认立即撤",
        "Whether the broker has this order is not known yet; it is cancelled as soon as it is",
    ),
    ("今天没有编号为 {} 的委托", "There is no order {} today"),
    ("委托 {} 已经结束,不能再撤", "Order {} has ended and cannot be cancelled"),
    ("委托 {} 不是存疑状态,不需要人工判定", "Order {} is not in doubt; nothing is to be settled"),
    ("成交股数要在 1 到 {n} 之间", "The shares filled are between 1 and {}"),
    (
        "只能判定为 absent(没有这张委托)、live(还在)或 filled N(成交了 N 股)",
        "Settle it as absent (never arrived), live (still there) or filled N (N shares)",
    ),
    ("已按人工判定处理委托 {}。", "Order {} is settled by your word."),
    ("已急停(未写原因):不再下新单", "Halted: no new orders"),
    ("已急停({}):不再下新单", "Halted ({}): no new orders"),
    ("在途委托正在撤", "Open orders are being cancelled"),
    ("策略持有的 {n} 只股票正在卖出", "{} stocks that strategies own are being sold"),
    ("已解除急停,{n} 笔欠卖开始执行", "The halt is lifted, {} owed sales follow"),
    ("已解除急停", "The halt is lifted"),
    ("现在没有急停", "Trading is not halted"),
    ("账本与账户一致", "The books agree with the account"),
    (
        "已按账户持仓改小账本,冻结已解除;少掉的部分不会自动买回",
        "The books were cut to what the account holds and are free again; what lacks is not bought back",
    ),
    (
        "没有改动。确认无误后用 reconcile --apply 按账户持仓改小账本并解除冻结",
        "Nothing was changed. When you are sure, reconcile --apply cuts the books and frees them",
    ),
    (
        "{} {}:账本合计 {n} 股,账户实有 {n} 股,少 {n} 股",
        "{} {}: the books add up to {} shares, the account has {}, {} less",
    ),
    ("{} 还有在途的委托,等它们结束后再对账", "{} has live orders; reconcile when they have ended"),
    ("账户 {} 还没有连接并核对完,稍后再试", "Account {} is not connected and checked yet; try again later"),
    ("账户 {} 已经连接,不用再连", "Account {} is connected already"),
    ("账户 {} 已经连接,正在核对委托和持仓", "Account {} is connected; orders and positions are being matched"),
    (
        "正在连接账户 {},连上并核对完委托和持仓以后才下单",
        "Connecting account {}; it orders once orders and positions are matched",
    ),
    ("没有叫 {} 的账户", "There is no account {}"),
    (
        "账户 {} 在这里连不上:程序启动时 xtquant 不能用,请用 doctor 检查,装好后重新启动",
        "Account {} cannot be reached from here: xtquant did not work at the start; ask doctor, then start again",
    ),
    ("账户 {} 在这里连不上:程序还不支持通道 {}。", "Account {} cannot be reached from here: no support for {} yet."),
    ("不认识的命令 {}。", "Unknown command {}."),
    ("程序处理时出错,没有执行;请把日志发给作者", "It broke and was not done; send the log to the author"),
    ("配置已重新读取", "The configuration was read again"),
    # what the trader tells of itself
    (
        "券商那里有一张带我们编号的委托 {},日志里却没有。已急停,请核对后再解除",
        "The broker has an order {} with our mark that the journal does not know. Halted: check, then lift it",
    ),
    # what was done to the files
    ("运行中的程序已采用", "The running program has taken it over"),
    ("程序没有在运行,下次启动时生效", "The program does not run; it holds from the next start"),
    ("配置文件正被别的程序修改,什么都没有改,请再试一次", "The files are being changed by another program: try again"),
    (
        "命令已记下,但程序在 {n} 秒内没有回答;请看 status 和日志",
        "It is kept, but was not answered within {} s: see the log",
    ),
    ("配置文件已改好,但运行中的程序没有采用:", "The files are changed, but the running program did not take them: "),
    ("要写一个数,不是 {}。", "Write a number, not {}."),
    ("没有什么要改的", "There is nothing to change"),
    ("没有这次改动,或者它太久了,不能从这里退回", "There is no such change, or it is too old to be put back from here"),
    # why an account has no line
    ("正在连接", "Connecting"),
    ("已连接,正在核对委托和持仓", "Connected; orders and positions are being matched"),
    ("MiniQMT 断开了连接", "MiniQMT has closed the line"),
    ("资金查询连续没有结果,终端可能卡住或已掉线", "The terminal does not answer: it hangs, or is off line"),
    ("订阅资金账号失败:请确认 qmt账户 与终端登录的账号一致", "Not subscribed: is qmt账户 the account of the terminal?"),
    ("终端没有给出账户资金,可能尚未登录完成", "The terminal tells no money: it may still be logging in"),
    ("资金账号状态为“{}”", "The account's state is “{}”"),
    ("终端的 {} 调用超过 {n} 秒没有返回", "The terminal's call {} did not return within {} s"),
    ("通道已关闭", "The channel is closed"),
)
_NUMBER = r"([-+]?[\d,]+(?:\.\d+)?%?)"
_NAMED = "(.{1,80}?)"  # bounded: a long text of a stranger would hold the interpreter for seconds
_WIDE = str.maketrans("，；：（）", ",;:()")
_CHINESE = re.compile("[\u3400-\u9fff]")


def read(text: str) -> str:
    """The same in English as far as it is known."""
    if not _CHINESE.search(text):
        return text
    if text in _words():
        return _words()[text]
    told = text.translate(_WIDE)
    for found, english in _patterns():
        told = found.sub(partial(_put, english), told)
    told = re.sub(r"([;:,])(?=[A-Za-z\u3400-\u9fff])", r"\1 ", told.replace("、", ", "))
    return re.sub(r"。\s*", ". ", re.sub(r"(?<=[.。])\(", " (", told)).strip()


def _put(english: str, match: re.Match[str]) -> str:
    return english.format(*(_words().get(group, group) for group in match.groups()))


@cache
def _words() -> dict[str, str]:
    return _CAUSES | {reason.value: english_labels.label(reason) for reason in Reason}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The longest first: a short one may be a part of it."""
    known = [*_CLAUSES, *((labels.reason_text(one), english_labels.reason_text(one)) for one in Reason)]
    known.sort(key=lambda both: -len(both[0]))
    return tuple((re.compile(_expression(chinese.translate(_WIDE))), english) for chinese, english in known)


def _expression(chinese: str) -> str:
    return re.escape(chinese).replace(r"\{n\}", _NUMBER).replace(r"\{\}", _NAMED)
