"""Many signals at once through real HTTP, receiver and trader at work in their threads: every one counts, and once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk.broker.paper import PaperExchange
from desk.cli.daemon import Daemon
from desk.cli.home import RECEIVER, TRADER, Home
from desk.clock import SystemClock
from desk.journal import views
from tests.stand_in.programs import ACCOUNT, Postman, bought, id_of, make_home, sender, until

SIGNALS = 200
LINES = 8  # connections that send side by side


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    make_home(tmp_path)
    daemon = Daemon(
        Home(tmp_path), clock=SystemClock(), roles=frozenset({RECEIVER, TRADER}), env={}, console_level=None
    )
    daemon.open()
    daemon.start()
    yield daemon
    daemon.close()


def port_of(daemon: Daemon) -> int:
    return int(daemon.address.rpartition(":")[2])


def at_the_broker(daemon: Daemon) -> dict[str, int]:
    """Shares traded by symbol, over all attempts: a market that ran away costs a second one, no second share."""
    exchange: PaperExchange = daemon.trading.exchanges[ACCOUNT]
    traded: Counter[str] = Counter()
    for order in exchange.picture(SystemClock().now()).orders:
        assert order.status.final
        traded[order.symbol] += order.filled
    return dict(traded)


def together(jobs: list[Callable[[], None]]) -> None:
    """Let all begin in the same moment and wait until they are done; the first trouble is raised."""
    start, troubles = threading.Barrier(len(jobs)), []

    def run(job: Callable[[], None]) -> None:
        try:
            start.wait(30)
            job()
        except Exception as error:  # noqa: BLE001, raised below
            troubles.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if troubles:
        raise troubles[0]


def carrier(postman: Postman, bodies: list[bytes]) -> Callable[[], None]:
    def carry() -> None:
        for body in bodies:
            postman.deliver(body)
        postman.close()

    return carry


def settled(daemon: Daemon, signals: int) -> list[dict[str, object]]:
    """The views of all signals once each has its verdict."""
    until(lambda: sum(view["verdict"] != "working" for view in views.signals(daemon.journal)) == signals)
    return views.signals(daemon.journal)


def test_two_hundred_signals_within_one_second_are_all_accepted_and_all_at_the_broker(daemon: Daemon) -> None:
    by = sender()
    bodies = [bought(by, number) for number in range(1, SIGNALS + 1)]
    postmen = [Postman(port_of(daemon), by) for _ in range(LINES)]
    together([carrier(postman, bodies[n::LINES]) for n, postman in enumerate(postmen)])
    words = {event_id: words for postman in postmen for event_id, words in postman.acked.items()}
    assert words == {id_of(body): ["accepted"] for body in bodies}
    assert [postman.retries for postman in postmen] == [0] * LINES, "none was put off"
    done = settled(daemon, SIGNALS)
    assert {(view["verdict"], view["reason"], view["filled_shares"]) for view in done} == {("done", None, 100)}
    assert at_the_broker(daemon) == {f"600{number:03d}.SH": 100 for number in range(1, SIGNALS + 1)}


def test_sixteen_copies_of_one_body_at_once_are_one_order(daemon: Daemon) -> None:
    by = sender()
    body = bought(by, 1, shares=1000)
    postmen = [Postman(port_of(daemon), by) for _ in range(16)]
    together([carrier(postman, [body]) for postman in postmen])
    words = Counter(word for postman in postmen for words in postman.acked.values() for word in words)
    assert words == {"accepted": 1, "duplicate": 15}
    (view,) = settled(daemon, 1)
    assert (view["verdict"], view["ordered_shares"], view["filled_shares"]) == ("done", 1000, 1000)
    assert at_the_broker(daemon) == {"600001.SH": 1000}


def test_a_storm_of_retries_of_many_bodies_leaves_each_once(daemon: Daemon) -> None:
    by = sender()
    bodies = [bought(by, number) for number in range(1, 41)]
    postmen = [Postman(port_of(daemon), by) for _ in range(LINES)]
    together([carrier(postman, bodies[n:] + bodies[:n]) for n, postman in enumerate(postmen)])
    words = Counter(word for postman in postmen for words in postman.acked.values() for word in words)
    assert words == {"accepted": 40, "duplicate": 40 * (LINES - 1)}
    settled(daemon, 40)
    assert at_the_broker(daemon) == {f"600{number:03d}.SH": 100 for number in range(1, 41)}
