"""What a demo or a test pins about a symbol, until it sets another scene."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from desk.texts import paper as words


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """The plain scene pins nothing."""

    limit_up: bool = False  # last at limit-up, nothing offered
    limit_down: bool = False  # last at limit-down, nobody bids
    suspended: bool = False
    thin: int | None = None  # at most so many shares trade per tick, and each side shows one level of them
    price: Decimal | None = None  # the last price stands still here

    def __post_init__(self) -> None:
        if self.limit_up and self.limit_down:
            raise ValueError(words.SCENE_TWO_LIMITS)


PLAIN = Scene()
