"""What a terminal tells: responses to one client, pushes to everyone who has subscribed, each with its troubles."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from desk.broker.xt_sim import natives
from desk.broker.xt_sim.client import XtQuantAsyncClient
from desk.broker.xt_sim.faults import PushTrouble, ResponseTrouble

if TYPE_CHECKING:
    from desk.broker.xt_sim.terminal import Terminal

Drawn = tuple[PushTrouble | None, float]

ORDER, TRADE, STATUS = "OnStockOrderCallback", "OnStockTradeCallback", "OnUpdateAccountStatusCallback"


class Outgoing:
    """Puts messages on the terminal's wire; any thread, also under an exchange's lock."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._traded: dict[int, list[tuple[str, Any]]] = {}  # the trades told to a session: (account, struct)

    def tell(self, struct: str, values: dict[str, Any]) -> Any:
        """Build a struct of this terminal's version."""
        return natives.tell(struct, self._terminal.faults.missing_fields, values)

    def respond(
        self,
        client: XtQuantAsyncClient,
        callback: str,
        seq: int,
        answer: Any,
        *,
        troubled: bool = False,
        due: datetime | None = None,
        place: int | None = None,
    ) -> None:
        """Send a response, now or when it is due; `troubled` ones draw their trouble."""
        faults = self._terminal.faults
        trouble, seconds = faults.draw(ResponseTrouble) if troubled else (None, 0.0)
        due = self._terminal.now if due is None else due
        if trouble is ResponseTrouble.LATE:
            due, place = due + timedelta(seconds=seconds), None
        if trouble is not ResponseTrouble.LOST:
            overtaken = trouble is ResponseTrouble.OVERTAKEN
            self._post(client, due, callback, (seq, answer), place=place, overtaken=overtaken)
        if trouble is ResponseTrouble.TWICE:
            self._post(client, due + timedelta(seconds=seconds), callback, (seq, answer))

    def push(self, account: str, callback: str, told: Any, at: datetime, drawn: Drawn | None = None) -> None:
        """Push to every client that has subscribed the account; `drawn` is the first one's trouble."""
        for client in self._terminal.clients():
            if account in client.subscribed and client.connected:
                if callback == TRADE:
                    self._traded.setdefault(client.session, []).append((account, told))
                self.send(client, callback, told, at=at, drawn=drawn)
                drawn = None

    def send(
        self,
        client: XtQuantAsyncClient,
        callback: str,
        told: Any,
        *,
        at: datetime | None = None,
        drawn: Drawn | None = None,
    ) -> None:
        """Push to one client, with a push's troubles."""
        trouble, seconds = self._terminal.faults.draw(PushTrouble) if drawn is None else drawn
        due = self._terminal.now if at is None else at
        if trouble in (PushTrouble.LATE, PushTrouble.TWICE):
            self._post(client, due + timedelta(seconds=seconds), callback, (told,))
        if trouble not in (PushTrouble.LATE, PushTrouble.LOST):
            self._post(client, due, callback, (told,), overtaken=trouble is PushTrouble.OVERTAKEN)

    def replay(self, client: XtQuantAsyncClient, session: int, account: str | None = None) -> None:
        """Push a session's old trades to a client again, those of the accounts that it has subscribed."""
        for of, trade in list(self._traded.get(session, ())):
            if of in client.subscribed and account in (None, of):
                self.send(client, TRADE, trade)

    def _post(
        self,
        client: XtQuantAsyncClient,
        due: datetime,
        callback: str,
        values: tuple[Any, ...],
        *,
        place: int | None = None,
        overtaken: bool = False,
    ) -> None:
        def arrive() -> None:
            if client.connected:
                client.deliver(callback, *values, overtaken=overtaken)

        self._terminal.post(due + timedelta(seconds=self._terminal.faults.latency_s), arrive, place=place)
