"""The configuration's values, as the loader makes them: they live in desk.core.config, because the rules read them."""

from desk.core.config import (
    AccountConfig,
    AccountShare,
    ChaseConfig,
    Config,
    Limits,
    MessengerConfig,
    StrategyConfig,
)

__all__ = [
    "AccountConfig",
    "AccountShare",
    "ChaseConfig",
    "Config",
    "Limits",
    "MessengerConfig",
    "StrategyConfig",
]
