"""Alembic, run from code: no alembic.ini, no working directory, paths with blanks and Chinese characters are fine."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def settings(scripts: Path) -> Config:
    config = Config()
    # The option goes through configparser, to which a percent sign is special.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


def upgrade(engine: Engine, *, scripts: Path, target: str) -> None:
    """Run the scripts up to `target` in one transaction."""
    config = settings(scripts)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, target)
