"""How many of our shares a buy of the strategy's stands for: by a fixed ratio, by capital, or by yuan per order."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, localcontext

from desk.core.config import AccountShare, StrategyConfig
from desk.core.ledger import Ledger
from desk.core.values import Event, OrderSignal, Reason, Scaling, SnapshotSignal
from desk.core.view import View, shares_routed


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """The ratio of one buy on one account, or why there is none; `inputs` is what it was made of."""

    ratio: Decimal | None
    reason: Reason | None = None
    inputs: dict[str, str] = field(default_factory=dict)


def scales_of(
    ledger: Ledger,
    strategy: StrategyConfig,
    view: View,
    *,
    symbol: str,
    amount: int,
    price: Decimal | None,
    test: bool = False,
    live_test: bool = False,
    frozen: Collection[str] = (),
) -> dict[str, Scale]:
    """By account. `amount` and `price` (yuan, None if unknown) are the strategy's; on `frozen` accounts the order has
    its rate already, and none is made.
    """
    found: dict[str, Scale] = {}
    for account, share in shares_routed(view.config, strategy, test=test, live_test=live_test).items():
        if share.scaling is Scaling.RATIO or account in frozen:
            found[account] = Scale(ratio=share.ratio)
        elif share.scaling is Scaling.CAPITAL:
            found[account] = _by_capital(ledger, strategy, share)
        else:
            known = price or _reference_price(account, symbol, view)
            found[account] = _by_order(share, amount, known)
    return found


def ratios_of(scales: dict[str, Scale]) -> dict[str, Decimal]:
    return {account: scale.ratio for account, scale in scales.items() if scale.ratio is not None}


def _by_capital(ledger: Ledger, strategy: StrategyConfig, share: AccountShare) -> Scale:
    equity = equity_of(ledger, strategy.name)
    if equity is None or equity <= 0 or share.capital is None:
        return Scale(ratio=None, reason=Reason.EQUITY_UNKNOWN)
    inputs = {"capital": str(share.capital), "equity": str(equity)}
    return Scale(ratio=_quotient(share.capital, equity), inputs=inputs)


def _by_order(share: AccountShare, amount: int, price: Decimal | None) -> Scale:
    if price is None or price <= 0 or amount <= 0 or share.per_order is None:
        return Scale(ratio=None, reason=Reason.NO_QUOTE)
    inputs = {"per_order": str(share.per_order), "value": str(amount * price)}
    return Scale(ratio=_quotient(share.per_order, amount * price), inputs=inputs)


def _quotient(numerator: Decimal, denominator: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 50
        return numerator / denominator


def _reference_price(account: str, symbol: str, view: View) -> Decimal | None:
    instrument = view.instrument(account, symbol, None)
    return instrument.prev_close if instrument is not None else None


def note_inputs(ledger: Ledger, event_id: str, scales: dict[str, Scale]) -> None:
    """Store what the ratios were made of with the intents that they led to."""
    for intent in ledger.intents_of_event(event_id):
        scale = scales.get(intent.account)
        if scale is not None and scale.inputs:
            facts = {**json.loads(intent.inputs), "scaling": scale.inputs}
            ledger.put_intent(replace(intent, inputs=json.dumps(facts, ensure_ascii=False)))


# --- the strategy's equity -------------------------------------------------------------------------------------------


def equity_of(ledger: Ledger, strategy: str) -> Decimal | None:
    """The strategy's equity in yuan as it was last told."""
    said = ledger.flags.get(f"equity:{strategy}")
    return Decimal(json.loads(said)["equity"]) if said is not None else None


def note_equity(ledger: Ledger, event: Event, strategy: StrategyConfig) -> None:
    """Remember the equity that an order or a snapshot tells, where a ratio or a limit needs it; never an older one."""
    content = event.body.content
    equity = content.equity if isinstance(content, (OrderSignal, SnapshotSignal)) else None
    needed = strategy.symbol_weight is not None or any(s.scaling is Scaling.CAPITAL for s in strategy.accounts)
    if equity is None or not needed:
        return
    name = f"equity:{event.strategy}"
    said = ledger.flags.get(name)
    if said is not None and event.body.strategy_time < datetime.fromisoformat(json.loads(said)["at"]):
        return
    ledger.put_flag(name, json.dumps({"equity": str(equity), "at": event.body.strategy_time.isoformat()}))
