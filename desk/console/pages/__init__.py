"""The pages, a module each: `make(sources)` gives a blueprint that bears the page's name in the navigation."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from desk.console.pages import access, files, overview
from desk.console.sources import Sources

ALL: tuple[Callable[[Sources], Blueprint], ...] = (files.make, access.make, overview.make)
