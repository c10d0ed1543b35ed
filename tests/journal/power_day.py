"""A trading day whose disk is recorded: the real receiver, Trader and journal, senders in threads of their own.

`python -m tests.journal.power_day FOLDER RECORD FULL|NORMAL|OFF ROUNDS BODIES`; FULL leaves the journal as it is.
"""

from __future__ import annotations

import pickle
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from desk.broker import PlaceRequest
from desk.core.batch import Batch
from desk.core.config import AccountConfig
from desk.journal.database import Database
from desk.senders import Keyring
from Receiver import Receiver
from tests.journal.recording import NotRecordable, Recorder
from tests.stand_in.programs import id_of, secret
from tests.stand_in.senders import Sender
from tests.world import NO_LIMITS, World, strategy

SENDERS = 4
NOT_RECORDABLE = 3
_PAGES_PER_CHECKPOINT = 100  # more often than SQLite does by itself, so that power is lost around many of them


class RecordedWorld(World):
    """Promises what the desk's own commits have stored, and what it was about to send."""

    def __init__(self, path: Path, recorder: Recorder, **more: Any) -> None:
        self._recorder = recorder
        super().__init__(path, **more)

    def start_trader(self) -> None:
        super().start_trader()
        commit = self.journal.commit

        def promised(batch: Batch) -> None:
            commit(batch)
            self._recorder.promise("committed", _names(batch))

        self.journal.commit = promised  # type: ignore[method-assign]
        for desk in self.desks.values():
            self._watch_place(desk.broker)

    def _watch_place(self, broker: Any) -> None:
        place = broker.place

        def noted(request: PlaceRequest) -> Any:
            self._recorder.promise("sent", request.client_order_id)
            return place(request)

        broker.place = noted


def _names(batch: Batch) -> dict[str, Any]:
    return {
        "intents": {key: (i.decided, i.side.value, i.symbol) for key, i in batch.intents.items()},
        "orders": sorted(batch.orders),
        "fills": sorted(fill.fill_id for fill in batch.fills),
        "outcomes": sorted(batch.outcomes),
        "messages": sorted(message.key for message in batch.messages if message.key),
    }


def live_a_day(folder: Path, recorder: Recorder, rounds: int, bodies: int) -> None:
    strategies = [replace(strategy(f"策略{n}", f"k{n}", "0.5"), secret=secret(n)) for n in range(1, SENDERS + 1)]
    account = AccountConfig(name="主账户", limits=NO_LIMITS)
    world = RecordedWorld(folder, recorder, strategies=strategies, accounts=[account])
    senders = [Sender(f"k{n}", secret(n)) for n in range(1, SENDERS + 1)]
    for number in range(rounds):
        receiver = Receiver(
            journal=world.journal,
            keyring=Keyring(lambda: world.config),
            clock=world.clock,
            alarm=lambda *_: None,
        )
        numbers = range(number * bodies + 1, (number + 1) * bodies + 1)
        threads = [
            threading.Thread(target=_send, args=(sender, receiver, world, recorder, numbers)) for sender in senders
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            world.pass_time(0.5)
        for thread in threads:
            thread.join()
        world.pass_time(3)
        world.kill()
    world.close()


def _send(sender: Sender, receiver: Receiver, world: World, recorder: Recorder, numbers: range) -> None:
    for number in numbers:
        bought = number % 3 != 0
        content = {
            "y": "o", "q": number, "r": "s", "d": int(world.clock.now().timestamp()), "o": f"{sender.kid}-{number}",
            "x": f"600{number % 7 + 1:03d}.XSHG", "b": 1 if bought else 0, "a": 400 if bought else 200,
            "f": 400 if bought else 200, "p": 10, "u": "h",
        }  # fmt: skip
        body = sender.body(content, at=world.clock.now())
        answer = receiver.receive(body)
        assert answer.status == 200, answer
        word, _ = sender.read_ack(body, answer.body)
        assert word == "accepted"
        recorder.promise("acknowledged", id_of(body))


def weaken(synchronous: str) -> None:
    """Let the journal's connections sync less than they ask for: the control of the method."""
    _on_connect(lambda connection: connection.execute(f"PRAGMA synchronous = {synchronous}"))


def checkpoint_often() -> None:
    _on_connect(lambda connection: connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_PER_CHECKPOINT}"))


def _on_connect(change: Callable[[sqlite3.Connection], object]) -> None:
    connect = Database._connect_sqlite

    def changed(database: Database, **more: Any) -> sqlite3.Connection:
        connection = connect(database, **more)
        change(connection)
        return connection

    Database._connect_sqlite = changed  # type: ignore[method-assign, assignment]


def main(folder: str, record: str, synchronous: str, rounds: str, bodies: str) -> int:
    try:
        recorder = Recorder(Path(folder))
    except NotRecordable as error:
        print(error)
        return NOT_RECORDABLE
    checkpoint_often()
    if synchronous != "FULL":
        weaken(synchronous)
    live_a_day(Path(folder), recorder, int(rounds), int(bodies))
    Path(record).write_bytes(pickle.dumps(recorder.log))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
