"""Target positions: what strategies say they want to hold, and how several of them add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext

_FOUR_PLACES = Decimal("0.0001")
_DIGITS = 60  # sums of exact decimals stay exact


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetPosition:
    symbol: str
    shares: int
    cost: Decimal  # yuan a share
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjustment:
    """What a person adds to the sum of the strategies, or takes away from it."""

    symbol: str
    shares: int  # signed
    cost: Decimal  # yuan a share; of an addition
    name: str = ""
    remark: str = ""


@dataclass(slots=True)
class _Sum:
    added: int = 0
    taken: int = 0
    value: Decimal = field(default_factory=Decimal)
    name: str = ""

    def add(self, one: TargetPosition | Adjustment) -> None:
        self.name = self.name or one.name
        if one.shares < 0:
            self.taken -= one.shares
        else:
            self.added += one.shares
            self.value += one.shares * one.cost


def merged(
    targets: Iterable[Sequence[TargetPosition]], adjustments: Iterable[Adjustment] = ()
) -> tuple[TargetPosition, ...]:
    """Add targets up by symbol: the cost is the average weighted by shares, to 4 places.

    What adjustments take away is taken from all that is there, down to zero and never below; what is zero is left out.
    """
    sums: dict[str, _Sum] = {}
    with localcontext() as context:
        context.prec = _DIGITS
        rows: list[TargetPosition | Adjustment] = [position for target in targets for position in target]
        rows += adjustments
        for one in rows:
            sums.setdefault(one.symbol, _Sum()).add(one)
        return tuple(
            TargetPosition(
                symbol=symbol,
                shares=total.added - total.taken,
                cost=(total.value / total.added).quantize(_FOUR_PLACES, ROUND_HALF_UP),
                name=total.name,
            )
            for symbol, total in sorted(sums.items())
            if total.added > total.taken
        )
