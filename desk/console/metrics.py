"""Health, readiness and metrics for whatever watches the program: counts of the journal, nothing that names money.

Histograms count from the start of the process, as Prometheus wants it; they read on from where the last look ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from desk.console.api.operations import READ
from desk.console.api.routes import Authorize, answered, problem
from desk.core.values import OrderState, Verdict
from desk.journal import Journal, JournalError
from desk.journal.view_figures import monitored, newest, news_since
from desk.texts import api as texts

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_STEP = 20_000  # rows of each kind that one look takes
_DELIVERY_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_BROKER_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)


class Metrics:
    """Usable from any thread; `file` is the journal's SQLite file, None on a server."""

    def __init__(self, journal: Journal, file: Path | None, running: Callable[[], bool]) -> None:
        self.journal = journal
        self.file = file
        self.running = running
        self.registry = CollectorRegistry()
        self._delivery = Histogram(
            "gendan_delivery_seconds",
            "From JoinQuant's making of a signal to its receipt",
            buckets=_DELIVERY_S,
            registry=self.registry,
        )
        self._broker = Histogram(
            "gendan_broker_call_seconds",
            "From an order's writing to the broker's answer",
            buckets=_BROKER_S,
            registry=self.registry,
        )
        self._reading = Lock()
        self._event, self._fact = newest(journal)
        self.registry.register(self)

    def text(self) -> bytes:
        """The exposition. Raises JournalError."""
        self._read_on()
        return generate_latest(self.registry)

    def _read_on(self) -> None:
        with self._reading:
            self._event, self._fact, delivered, answered_in = news_since(self.journal, self._event, self._fact, _STEP)
            for seconds in delivered:
                self._delivery.observe(seconds)
            for seconds in answered_in:
                self._broker.observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """The gauges of this moment."""
        counts = monitored(self.journal, self._today())
        verdicts = ("undecided", *(verdict.value for verdict in Verdict))
        yield _labelled("gendan_events_today", "Today's events by verdict", "verdict", verdicts, counts["events"])
        states = tuple(state.value for state in OrderState)
        yield _labelled("gendan_orders", "Today's and unfinished orders by state", "state", states, counts["orders"])
        yield _single("gendan_outbox_pending", "Messages that wait for a robot", self.journal.outbox_pending())
        yield _single("gendan_open_gaps", "Known differences to the strategies", counts["gaps"])
        yield _single("gendan_plans_waiting", "Plans that wait for a person", counts["plans"])
        yield _single("gendan_halted", "1 while trading is halted", int(counts["halted"]))
        yield _single("gendan_trading", "1 while the trading loop runs", int(self.running()))
        yield _single("gendan_wal_bytes", "Size of the journal's write-ahead log", self._wal())
        up = GaugeMetricFamily("gendan_account_connected", "1 while the account is connected", labels=["account"])
        for account in counts["accounts"]:
            up.add_metric([account["name"]], int(account["connected"]))
        yield up

    def describe(self) -> Iterable[Metric]:
        """Nothing: asking it must not read the journal."""
        return ()

    def _today(self) -> date:
        return self.journal.clock.now().date()

    def _wal(self) -> int:
        if self.file is None:
            return 0
        try:
            return os.stat(self.file.with_name(self.file.name + "-wal")).st_size
        except OSError:
            return 0


def _single(name: str, text: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _labelled(name: str, text: str, label: str, known: Iterable[str], counts: dict[str, Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for word in known:
        family.add_metric([word], counts.get(word, 0))
    return family


def make_health(metrics: Metrics, authorize: Authorize) -> Blueprint:
    """`/readyz`, for everybody, and `/metrics`, for those who may read; `/healthz` is the app's own."""
    made = Blueprint("health", __name__)

    def readyz() -> Response:
        """Ready: the journal answers and the trading loop runs."""
        try:
            newest(metrics.journal)
        except JournalError:
            return problem(503, texts.UNAVAILABLE)
        if not metrics.running():
            return problem(503, texts.NOT_TRADING)
        return answered('{"ok":true}', 200)

    def exposition() -> Response:
        authorize(READ)
        try:
            return Response(metrics.text(), content_type=TEXT_FORMAT)
        except JournalError:
            return problem(503, texts.UNAVAILABLE)

    for path, serve in (("/readyz", readyz), ("/metrics", exposition)):
        made.add_url_rule(path, path.strip("/"), serve, methods=["GET"], provide_automatic_options=False)
    return made
