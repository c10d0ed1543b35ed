"""English for the words of `desk.core.values`, where a page of the console is read in English.

An enum without a table here is read by its members' names: `in_doubt` is "in doubt".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from desk.core.values import Fact, JqStatus, OrderState, Origin, Reason, Verdict

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = {
    Fact: {
        Fact.CLAIMED: "sending begins",
        Fact.WITHDRAWN: "withdrawn before sending",
        Fact.ACCEPTED: "accepted by the broker",
        Fact.REFUSED: "refused by the broker",
        Fact.NO_ANSWER: "no answer",
        Fact.SEEN_ALIVE: "seen alive",
        Fact.FILLED_SOME: "filled in part",
        Fact.FILLED_ALL: "filled",
        Fact.CANCEL_ASKED: "cancel asked",
        Fact.CANCEL_REFUSED: "cancel refused",
        Fact.CANCELLED: "cancelled",
        Fact.RULED_ABSENT: "ruled to have never arrived",
        Fact.DAY_CLOSED: "ended with the day",
    },
    JqStatus: {
        JqStatus.NEW: "new",
        JqStatus.OPEN: "not filled",
        JqStatus.FILLED: "filled in part",
        JqStatus.CANCELED: "cancelled",
        JqStatus.REJECTED: "rejected",
        JqStatus.HELD: "filled",
    },
    OrderState: {OrderState.WORKING: "at the broker", OrderState.WITHDRAWN: "never sent"},
    Origin: {Origin.DEBT: "owed sale", Origin.LIQUIDATE: "selling out", Origin.MANUAL: "by hand"},
    Verdict: {Verdict.REFUSED: "not done", Verdict.IGNORED: "nothing to do"},
}

# What happened in a few words, and in a sentence with what a person can do.
REASONS: Mapping[Reason, tuple[str, str]] = {
    Reason.DUPLICATE: ("received before", "This signal was received before and was not ordered twice."),
    Reason.BAD_SIGNATURE: (
        "wrong signature",
        "The signature does not fit, refused: compare the pasted code with kid and secret, or make the snippet anew.",
    ),
    Reason.CLOCK: (
        "clock out of time",
        "The sender's clock and this PC's are too far apart: set this PC's clock, and see that JoinQuant's is right.",
    ),
    Reason.BACKTEST: (
        "backtest",
        "The signal came from a backtest, nothing was ordered: follow a simulated trading at JoinQuant.",
    ),
    Reason.UNKNOWN_STRATEGY: (
        "unknown strategy",
        "No such strategy is configured, nothing was ordered: add it, or check its kid.",
    ),
    Reason.PAUSED: (
        "strategy paused",
        "The strategy is paused, nothing was ordered: resume it; sales that are owed follow then.",
    ),
    Reason.SELL_ONLY: ("sells only", "The strategy may only sell, this buy was not done: let it buy again to follow."),
    Reason.CLOSED_SESSION: (
        "outside of trading hours",
        "It was outside of trading hours: buys are not made up for, owed sales follow on the next trading day.",
    ),
    Reason.CLOSED_DAY: (
        "no trading day",
        "It was no trading day: if the calendar is wrong, mend the trading days' file.",
    ),
    Reason.HALTED: (
        "halted",
        "Trading is halted, nothing was ordered: lift the halt when you know why; owed sales follow then.",
    ),
    Reason.JQ_NOT_FILLED: (
        "not filled at JoinQuant",
        "JoinQuant did not fill it (limit up, cancelled), so nothing was ordered here.",
    ),
    Reason.IN_SNAPSHOT: ("in a snapshot already", "A snapshot that was taken over has it already; not ordered twice."),
    Reason.BELOW_LOT: (
        "less than a lot at this ratio",
        "At the ratio it is less than the smallest order; the rest is kept and added up. A higher ratio follows it.",
    ),
    Reason.OVER_ORDER_VALUE: (
        "over the limit of one order",
        "More than one order may cost, nothing was ordered: raise that limit if it is right, or lower the ratio.",
    ),
    Reason.OVER_DAY_TURNOVER: (
        "over the day's turnover",
        "The day's turnover has reached its limit, nothing was ordered: raise the limit if it is right.",
    ),
    Reason.OVER_DAY_ORDERS: (
        "over the day's orders",
        "The day's orders or cancels have reached their limit: find out why there are so many before you raise it.",
    ),
    Reason.OVER_POSITION: (
        "over one stock's part",
        "The stock would be more of the assets than allowed, nothing was ordered: raise the limit if it is right.",
    ),
    Reason.OVER_STRATEGY_VALUE: (
        "over the strategy's value",
        "The strategy would hold more on this account than allowed: raise its most value if it is right.",
    ),
    Reason.OVER_SYMBOL_WEIGHT: (
        "over one stock's weight",
        "The stock would be more of the strategy's money than allowed: raise its most weight if it is right.",
    ),
    Reason.BELOW_BAND: (
        "within the no-trade band",
        "The difference to the target lies within the no-trade band; it is traded when it grows or the target is zero.",
    ),
    Reason.NOT_WHITELISTED: ("not on the white list", "The stock is not on the strategy's white list: put it there."),
    Reason.BLACKLISTED: ("on the black list", "The stock is on the strategy's black list: take it off to follow it."),
    Reason.PRICE_DEVIATION: (
        "price too far off",
        "The market is too far from the signal's price: check it, and raise the price deviation if it is right.",
    ),
    Reason.PRICE_BASIS: (
        "price on another basis",
        "The signal's price lies outside of the day's band: set use_real_price=True in the strategy at JoinQuant.",
    ),
    Reason.BEYOND_LIMIT: (
        "beyond the strategy's limit",
        "It could not be traded within the strategy's limit price; the rest was not filled.",
    ),
    Reason.LIMIT_UNKNOWN: (
        "limit unknown",
        "A limit order without its limit, nothing was ordered: make the snippet anew and paste it at JoinQuant.",
    ),
    Reason.EQUITY_UNKNOWN: (
        "equity unknown",
        "The strategy's equity is not known yet, which its scaling needs: it buys once a snapshot has come.",
    ),
    Reason.TOO_OLD: (
        "signal too old",
        "It came later than allowed, buys are not followed: look at the network; older sales can be approved.",
    ),
    Reason.LIMIT_UP: ("limit up", "The stock is limit up and was not chased; the strategy can be set to queue there."),
    Reason.LIMIT_DOWN: ("limit down", "The stock is limit down and could not be sold; it is sold when that ends."),
    Reason.SUSPENDED: ("suspended", "The stock is suspended: sales follow when it trades again, buys do not."),
    Reason.NO_QUOTE: (
        "no quote",
        "There is no quote of this stock, nothing was ordered: look at the quote line; owed sales follow.",
    ),
    Reason.NOT_SELLABLE: (
        "not sellable today (T+1)",
        "Shares bought today cannot be sold today; what lacks is sold on the next trading day.",
    ),
    Reason.ODD_REMAINDER: (
        "odd shares are left",
        "The exchange does not take these odd shares alone; sell them by hand together with others.",
    ),
    Reason.NO_POSITION: (
        "nothing held",
        "The strategy holds nothing to sell on this account: compare the books, and reconcile if JoinQuant differs.",
    ),
    Reason.NO_CASH: ("not enough cash", "The cash does not buy one lot: pay money in, or lower the ratio."),
    Reason.ALREADY_FOLLOWED: ("followed already", "This was followed before, and nothing has changed."),
    Reason.NO_FINAL: (
        "no final state",
        "JoinQuant's final state had not come by the close; settled by the fills that are known. Check it there.",
    ),
    Reason.BROKER_DOWN: (
        "broker not connected",
        "The broker was not connected, nothing was ordered: see that the terminal is logged in; owed sales follow.",
    ),
    Reason.BROKER_REFUSED: (
        "refused by the broker",
        "The broker's counter refused the order: see what it said (cash, rights, price) and settle it there.",
    ),
    Reason.APPROVAL_TIMEOUT: (
        "not approved in time",
        "Nobody approved it in time, nothing was ordered: approve sooner, or let the strategy trade by itself.",
    ),
    Reason.UNKNOWN_RESULT: (
        "outcome unknown",
        "Whether the broker has the order is not known, this side is blocked: look in the terminal, then settle it.",
    ),
    Reason.RETRIES_USED: (
        "tries used up",
        "All tries are used and a part is left: buys are given up, owed sales follow on the next trading day.",
    ),
    Reason.CLOSE_UNFILLED: (
        "not filled by the close",
        "Not filled by the close: buys are given up, owed sales follow on the next trading day.",
    ),
    Reason.CIRCUIT_BROKEN: (
        "stopped",
        "Something happened that must not, and the strategy was stopped: find out why, then resume it.",
    ),
    Reason.UNSUPPORTED: (
        "not supported",
        "This kind of security or trade is not followed (futures, margin, B shares): do it at the broker by hand.",
    ),
}


def label(value: StrEnum) -> str:
    if isinstance(value, Reason):
        return REASONS[value][0]
    return LABELS.get(type(value), {}).get(value) or value.name.lower().replace("_", " ")


def reason_text(reason: Reason) -> str:
    return REASONS[reason][1]
