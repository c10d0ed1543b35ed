"""What must hold at each day's close and at the end of a run, once the troubles are over."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from base_func import symbol_of
from desk.core.values import SnapshotPolicy
from desk.journal.values import moment
from tests import checks

if TYPE_CHECKING:
    from tests.simulation.world import SimulatedDesk
    from tests.strategies import JoinQuant

_MARK = re.compile(r"〔#(\d+)(?:–(\d+))?")


def assert_all_ended(world: SimulatedDesk, ended: dict[str, tuple[str, str | None]], close: datetime) -> None:
    """I19: what was accepted before the close has ended, and what has ended stays as it ended."""
    with world.journal.look() as look:
        rows = look.rows(
            "SELECT e.event_id, o.verdict, o.reason, e.received_at FROM events e"
            " LEFT JOIN outcomes o ON o.event_id = e.event_id ORDER BY e.id"
        )
    for event_id, verdict, reason, received_at in rows:
        before = ended.get(event_id)
        assert before in (None, (verdict, reason)), f"I19: {event_id} had ended {before}, now {verdict} {reason}"
        if moment(received_at) >= close:
            continue  # it is the next day's
        assert verdict not in (None, "working"), f"I19: {event_id} is {verdict or 'undecided'} after {close}"
        ended[event_id] = (verdict, reason)


def judge(world: SimulatedDesk, players: Sequence[JoinQuant], *, holdings: bool) -> None:
    """`holdings`: everything that JoinQuant said was heard, in order and by a right clock."""
    checks.assert_quiet(world)
    checks.assert_never_more_than_meant(world)
    checks.assert_books_agree(world, by_hand=world.witness.foreign)
    checks.assert_within_a_lot(world)
    checks.assert_bought_within_entitlement(world)
    if holdings:
        checks.assert_holdings_are_joinquants(world, players)
    assert_heard(world)
    assert_decided_once(world)
    assert_alarms_trade_nothing(world)
    assert_history_replays(world)
    assert_told(world)


def assert_heard(world: SimulatedDesk) -> None:
    """I1: what was acknowledged is stored; what could not be delivered is known as missing."""
    with world.journal.look() as look:
        stored = {row[0] for row in look.rows("SELECT event_id FROM events")}
        twice = look.rows("SELECT kid, body_id FROM bodies GROUP BY kid, body_id HAVING COUNT(*) > 1")
        heard = look.rows("SELECT strategy, seq FROM events ORDER BY id")
        holes = {row[0] for row in look.rows("SELECT strategy FROM gaps WHERE key LIKE 'seq:%'")}
        back = {row[0].split(":")[1] for row in look.rows("SELECT key FROM messages WHERE key LIKE 'seqback:%'")}
    assert not twice, f"I2: stored twice: {twice}"
    strange = stored - world.witness.events
    assert not strange, f"I2: stored and said by nobody: {sorted(strange)}"
    top: dict[str, int] = {}
    for name, seq in heard:
        in_order = seq == top.get(name, seq - 1) + 1
        assert in_order or name in holes | back, f"{name}: {seq} came after {top[name]}, and nobody was told"
        top[name] = max(seq, top.get(name, 0))
    for kid, line in world.network.lines.items():
        assert not line.spool, f"liveness: {len(line.spool)} bodies of {kid} were never acknowledged"
        lost = [event_id for entry in line.acked for event_id in entry.ids if event_id not in stored]
        assert not lost, f"I1: acknowledged and lost: {lost}"


def assert_alarms_trade_nothing(world: SimulatedDesk) -> None:
    """A snapshot changes books and buys only where the strategy's policy heals, or a person has approved its plan."""
    free = {c.name for c in world.config.strategies if c.snapshot_policy is SnapshotPolicy.HEAL}
    with world.journal.look() as look:
        booked = {row[0] for row in look.rows("SELECT strategy FROM book_changes WHERE cause = '快照'")}
        bought = {row[0] for row in look.rows("SELECT strategy FROM intents WHERE origin = 'plan'")}
    wrong = (booked | bought) - free - world.witness.approved
    assert not wrong, f"a snapshot was traded without a word: {sorted(wrong)}"


def assert_differences_are_told(world: SimulatedDesk, players: Sequence[JoinQuant]) -> None:
    """After a last snapshot that was heard, S is what JoinQuant holds, or the difference is a gap that is shown."""
    ledger = world.trader.ledger
    for player in players:
        config = world.config.by_kid(player.kid)
        assert config is not None
        said = {symbol_of(security): shares for security, shares in player.held.items()}
        for symbol in {*said, *(symbol for name, symbol in ledger.holdings if name == config.name)}:
            held = ledger.holding(config.name, symbol).strategy_shares
            told = held == said.get(symbol, 0) or ledger.gaps_of(config.name, symbol)
            assert told, f"nobody is told: {config.name} holds {said.get(symbol, 0)} {symbol}, we know of {held}"


def assert_bought_within_what_was_ordered(world: SimulatedDesk, players: Sequence[JoinQuant]) -> None:
    """No order of JoinQuant's is had twice, by its signal and by a snapshot; for ratios that never changed.

    What we had sold beyond its part of JoinQuant's orders may be bought again.
    """
    done: Counter[tuple[str, str, str, str]] = Counter()
    with world.journal.look() as look:
        for *key, shares in look.rows(
            "SELECT strategy, account, symbol, side, SUM(shares) FROM fills GROUP BY strategy, account, symbol, side"
        ):
            done[tuple(key)] = shares
    for player in players:
        config = world.config.by_kid(player.kid)
        assert config is not None
        for share in config.accounts:
            for security, wanted in player.wanted.items():
                symbol = symbol_of(security)
                bought, sold = (done[config.name, share.account, symbol, side] for side in ("buy", "sell"))
                most = wanted * share.ratio
                beyond = max(Decimal(0), sold - player.sold.get(security, 0) * share.ratio)
                book = f"{config.name} on {share.account}: {symbol}"
                assert bought <= most + beyond + Decimal("1e-6"), f"{book}: {bought} bought of {most} that were ordered"


def assert_decided_once(world: SimulatedDesk) -> None:
    """I3: what was decided first is what was decided."""
    for intent_id, (decided, side, _) in checks.intents(world).items():
        first = world.witness.meant.get(intent_id)
        assert first in (None, (decided, side)), f"I3: {intent_id} was decided as {first}, now {decided} {side}"


def assert_history_replays(world: SimulatedDesk) -> None:
    """I20: replaying the append-only history from zero gives the tables."""
    checks.assert_history_explains_books(world)
    with world.journal.look() as look:
        facts = look.rows("SELECT client_order_id, from_state, to_state, filled FROM order_facts ORDER BY id")
        orders = look.rows("SELECT client_order_id, state, filled, fills_sum, shares FROM orders")
        fills = look.rows("SELECT client_order_id, SUM(shares) FROM fills GROUP BY client_order_id")
        holdings = look.rows("SELECT strategy, symbol, strategy_shares, counted_shares FROM holdings")
        changes = look.rows(
            "SELECT strategy, symbol, SUM(strategy_shares), SUM(counted_shares) FROM book_changes"
            " WHERE account IS NULL GROUP BY strategy, symbol"
        )
    state: dict[str, str] = {}
    traded: dict[str, int] = defaultdict(int)
    for key, came_from, to, filled in facts:
        assert came_from == state.get(key), f"I20: {key} was {state.get(key)}, a fact starts from {came_from}"
        assert (filled or 0) >= traded[key], f"I9: the traded shares of {key} fall from {traded[key]} to {filled}"
        state[key], traded[key] = to, max(traded[key], filled or 0)
    sums = dict(fills)
    for key, now, filled, fills_sum, shares in orders:
        assert state.get(key) == now, f"I20: {key} is {now}, its history says {state.get(key)}"
        assert fills_sum == sums.get(key, 0), f"I10: {key} sums {fills_sum}, its fills {sums.get(key, 0)}"
        assert filled <= shares, f"I11: {key} has {filled} of {shares}"
    replayed = {(strategy, symbol): (s, c) for strategy, symbol, s, c in changes}
    for strategy, symbol, s, c in holdings:
        assert replayed.get((strategy, symbol), (0, 0)) == (s, c), f"I20: the holding of {strategy} in {symbol}"


def assert_told(world: SimulatedDesk) -> None:
    """I18: every message was delivered, or its loss can be seen."""
    with world.journal.look() as look:
        rows = look.rows(
            "SELECT m.id, m.title, d.state, d.error FROM messages m LEFT JOIN deliveries d ON d.message = m.id"
        )
        kept = {row[0] for row in look.rows("SELECT key FROM messages")}
    lost = sorted(world.witness.messages - kept)
    assert not lost, f"I18: messages of a commit that never got into the outbox: {lost[:3]}"
    told: list[tuple[int, int, str]] = []
    for text in world.robots.texts["T1"]:
        for first, last in _MARK.findall(text):
            told.append((int(first), int(last or first), text))
    for number, title, state, error in rows:
        assert state in ("sent", "dead"), f"I18: message {number} ({title}) is {state or 'queued for nobody'}"
        assert state == "sent" or error, f"I18: message {number} ({title}) was lost without a word"
        heard = any(first <= number <= last and title.strip() in text for first, last, text in told)
        assert state == "dead" or heard, f"I18: message {number} ({title}) is marked as sent and was never seen"
