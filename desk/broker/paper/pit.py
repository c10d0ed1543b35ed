"""The pit: the day's orders at the exchange, entered, matched, called in auctions, cancelled and lapsed.

It is handed the time (`now`) and never moves it; what happens is gathered as changes for the store and as news for the
listeners, until the exchange drains both at the end of its turn.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from base_func import Phase
from desk.broker.paper import rules
from desk.broker.paper.account import Account
from desk.broker.paper.feed import fill_lot
from desk.broker.paper.orders import PaperOrder
from desk.broker.paper.rules import Market
from desk.broker.paper.scenes import Scene
from desk.broker.paper.sessions import Sessions
from desk.broker.paper.store import Changes
from desk.broker.paper.tape import Tape
from desk.core.market import BrokerOrder, BrokerTrade, Instrument, Outcome, PlaceAnswer, PlaceRequest
from desk.core.matching import AuctionOrder, Level, TieRule, auction, reaches, sweep
from desk.core.values import BrokerStatus, Side
from desk.texts import paper as words

_CALL_DEPTH = 10**9  # shares on either side at a call's price: the market's own orders decide it

News = tuple[datetime, BrokerOrder | BrokerTrade]


class Pit:
    """One account's orders and the market they meet. Used under the exchange's lock."""

    def __init__(
        self, *, sessions: Sessions, tape: Tape, account: Account, now: datetime, day: date, day_number: int
    ) -> None:
        self.sessions = sessions
        self.tape = tape
        self.account = account
        self.now = now
        self.day = day
        self.day_number = day_number
        self.next_order = 1
        self.next_trade = 1
        self.orders: dict[int, PaperOrder] = {}  # of the day, by number
        self.open: dict[int, PaperOrder] = {}
        self.trades: list[BrokerTrade] = []
        self._by_remark: dict[str, PaperOrder] = {}
        self.instruments: dict[str, tuple[Market, Instrument]] = {}  # as told last, with the market they were told of
        self.changes = Changes()
        self._news: list[News] = []
        self._shown: tuple[datetime, date, datetime, bool] | None = None  # now, day and what is quoted then

    def load(self, orders: list[PaperOrder], trades: list[BrokerTrade], next_order: int, next_trade: int) -> None:
        """Take up the day's orders and trades as the store has them."""
        self.orders = {order.number: order for order in orders}
        self._by_remark = {order.client_order_id: order for order in orders if order.client_order_id}
        self.open = {order.number: order for order in orders if not order.status.final}
        self.trades = trades
        self.next_order, self.next_trade = next_order, next_trade
        for order in self.open.values():
            self.account.freeze(order)

    def drain(self) -> tuple[Changes, list[News]]:
        changes, news = self.changes, self._news
        if changes:
            self.changes = Changes()
        if news:
            self._news = []
        return changes, news

    # --- what is where ---

    @property
    def phase(self) -> Phase:
        return self.sessions.phase(self.now)

    def market(self, symbol: str) -> Market | None:
        if self._shown is None or self._shown[0] is not self.now or self._shown[1] is not self.day:
            self._shown = (self.now, self.day, *self.sessions.quoted_at(self.day, self.now))
        at, dark = self._shown[2:]
        return self.tape.look(symbol, day_number=self.day_number, day=self.day, at=at, dark=dark)

    def order(self, client_order_id: str, broker_order_id: str) -> PaperOrder | None:
        """Find an order of the day, by the exchange's number where there is one, else by its remark."""
        if broker_order_id.isdigit():
            return self.orders.get(int(broker_order_id))
        return self._by_remark.get(client_order_id)

    def hint(self, symbol: str, anchor: Decimal | None) -> None:
        if rules.tradable(symbol):
            self.tape.hint(symbol, anchor, self.day_number, self.changes)

    def set_scene(self, symbol: str, scene: Scene) -> None:
        if not rules.tradable(symbol):
            raise ValueError(words.UNKNOWN_CODE)
        if scene.price is not None:
            self.tape.settle(symbol, scene.price, self.day_number, self.changes)
            market = self.market(symbol)
            if market is not None and (rules.off_tick(market, scene.price) or rules.outside_band(market, scene.price)):
                raise ValueError(words.bad_price(symbol))
        self.tape.scene(symbol, scene, self.changes)

    def urgent_price(self, symbol: str, side: Side) -> Decimal:
        """Tell a price that trades at once if anything does: ten ticks through the best, within cage and limits."""
        market = self.market(symbol)
        if market is None:
            return Decimal(0)
        is_buy = side is Side.BUY
        levels = market.asks if is_buy else market.bids
        best = levels[0][0] if levels else market.last
        through = best + 10 * market.tick if is_buy else best - 10 * market.tick
        bounds = (rules.cage(market, is_buy), market.up_limit if is_buy else market.down_limit)
        known = [through, *(bound for bound in bounds if bound is not None)]
        return min(known) if is_buy else max(*known, market.tick)

    # --- the counter ---

    def enter(self, request: PlaceRequest) -> PlaceAnswer:
        """Accept or refuse an order; a refused one stays visible as a 废单."""
        if rules.tradable(request.symbol):
            self.tape.settle(request.symbol, request.price, self.day_number, self.changes)
        market = self.market(request.symbol)
        phase = self.phase
        why = self._refusal(request, market, phase)
        order = PaperOrder(
            number=self.next_order,
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            shares=request.shares,
            price=request.price,
            day=self.day,
            at=self.now,
            status=BrokerStatus.PENDING,
        )
        self.next_order += 1
        self.orders[order.number] = order
        if order.client_order_id:
            self._by_remark[order.client_order_id] = order
        if why is not None or market is None:
            self.update(order, BrokerStatus.REJECTED, why or words.NO_QUOTE)
            return PlaceAnswer(outcome=Outcome.REFUSED, broker_order_id=order.broker_order_id, text=order.text)
        self.open[order.number] = order
        if phase is Phase.CONTINUOUS:
            _arrive(order, market)
        self.update(order, BrokerStatus.PENDING if phase in rules.QUEUEING else BrokerStatus.WORKING)
        return PlaceAnswer(outcome=Outcome.ACCEPTED, broker_order_id=order.broker_order_id)

    def _refusal(self, request: PlaceRequest, market: Market | None, phase: Phase) -> str | None:
        symbol, is_buy = request.symbol, request.side is Side.BUY
        if market is None:
            return words.NO_QUOTE if rules.tradable(symbol) else words.UNKNOWN_CODE
        buys = is_buy and request.shares > 0 and not rules.off_tick(market, request.price)
        return rules.refusal(
            request,
            market=market,
            phase=phase,
            needed=self.account.needed_for(symbol, request.price, request.shares) if buys else Decimal(0),
            cash=self.account.free,
            sellable=0 if is_buy else self.account.sellable(symbol, self.open.values()),
        )

    def update(self, order: PaperOrder, status: BrokerStatus, text: str = "") -> None:
        """Bring an order to a status, with all that hangs on it: frozen cash, store, news."""
        order.status = status
        order.text = text or order.text
        order.touch()
        self.account.freeze(order)
        if status.final:
            self.open.pop(order.number, None)
        self.changes.orders[order.number] = order
        self._news.append((self.now, order.told()))

    # --- the day's edges ---

    def release(self) -> None:
        """Let the orders in that the counter has held back."""
        for order in list(self.open.values()):
            if order.status is BrokerStatus.PENDING:
                market = self.market(order.symbol)
                if market is not None:
                    _arrive(order, market)
                self.update(order, BrokerStatus.WORKING)

    def lapse(self) -> None:
        """End the day's orders (收盘自动撤单)."""
        for order in list(self.open.values()):
            self.update(order, BrokerStatus.CANCELLED, words.LAPSED)

    def roll(self, day: date) -> None:
        """Begin a day: what was bought becomes sellable, its ex-days are applied, yesterday's orders are gone."""
        self.account.new_day()
        for rights in self.tape.rights_on(day):
            self.tape.go_ex(rights, self.day_number, self.changes)
            self.account.pay_rights(rights.symbol, rights.factor, rights.cash_per_share)
            self.keep(rights.symbol)
        for symbol in self.account.positions:
            self.keep(symbol)
        self.day = day
        self.day_number += 1
        self.orders, self._by_remark, self.open, self.trades = {}, {}, {}, []
        self.changes.meta |= {"day": day.isoformat(), "day_number": str(self.day_number)}

    # --- matching ---

    def tick(self) -> None:
        """Match every order that is in with the book of this moment, earlier orders first."""
        room: dict[str, int | None] = {}
        for order in list(self.open.values()):
            if order.status is BrokerStatus.PENDING:
                continue
            if order.symbol not in room:
                room[order.symbol] = self.tape.thin(order.symbol)
            room[order.symbol] = self._match(order, room[order.symbol])

    def _match(self, order: PaperOrder, room: int | None) -> int | None:
        """Match an order with the book it met when it came, then with this tick's; tell the room that is left.

        While it has been marketable without a break it trades at the book's prices; once it has rested, whoever meets
        it trades at its limit.
        """
        market = self.market(order.symbol)
        if market is None or market.suspended:
            return room
        before = order.filled
        if order.arrival is not None:
            room, _ = self._sweep(order, order.arrival, room)
            order.arrival = None
        side = market.asks if order.is_buy else market.bids
        order.taker = order.taker and bool(side) and reaches(order.is_buy, order.price, side[0][0])
        room, left = self._sweep(order, side, room)
        if left != side:
            self.tape.take(market.with_side(order.is_buy, left))
        self._filled(order, before)
        return room

    def _sweep(
        self, order: PaperOrder, side: tuple[Level, ...], room: int | None
    ) -> tuple[int | None, tuple[Level, ...]]:
        left = order.shares - order.filled
        lot = fill_lot(order.symbol)
        shares = left if room is None or room >= left else room - room % lot
        if not shares:
            return room, side
        swept = sweep(side, is_buy=order.is_buy, limit=order.price, shares=shares, lot=lot)
        for price, traded in swept.fills:
            self._fill(order, traded, price if order.taker else order.price)
            room = None if room is None else room - traded
        return room, swept.left

    def auction(self, *, opening: bool) -> None:
        """Hold a call's auction (集合竞价) for every symbol with orders; the market's own orders come after ours."""
        by_symbol: dict[str, list[PaperOrder]] = {}
        for order in self.open.values():
            by_symbol.setdefault(order.symbol, []).append(order)
        for symbol, orders in by_symbol.items():
            market = self.market(symbol)
            if market is None or market.suspended:
                continue
            ours = [AuctionOrder(o.broker_order_id, o.is_buy, o.price, o.remaining) for o in orders]
            result = auction(
                _call_orders(market, self.tape.thin(symbol), ours),
                reference=market.prev_close if opening else market.last,
                tick=market.tick,
                tie=TieRule.MIDDLE if symbol.endswith(".SH") else TieRule.CLOSEST,
            )
            for order in orders:
                shares = result.fills.get(order.broker_order_id, 0)
                if shares and result.price is not None:
                    before = order.filled
                    self._fill(order, shares, result.price)
                    self._filled(order, before)

    def _filled(self, order: PaperOrder, before: int) -> None:
        if order.filled > before:
            self.update(order, BrokerStatus.FILLED if order.filled == order.shares else order.status)

    def _fill(self, order: PaperOrder, shares: int, price: Decimal) -> None:
        fee = self.account.book_fill(order, shares, price)
        trade = BrokerTrade(
            trade_id=str(self.next_trade),
            broker_order_id=order.broker_order_id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            shares=shares,
            price=price,
            fee=fee,
            at=self.now,
        )
        self.next_trade += 1
        self.trades.append(trade)
        self.changes.trades.append(trade)
        self.keep(order.symbol)
        self._news.append((self.now, trade))

    def keep(self, symbol: str) -> None:
        """Have the store keep the cash and one position as they are now."""
        self.changes.positions[symbol] = self.account.positions.get(symbol)
        self.changes.meta["cash"] = str(self.account.cash)


def _arrive(order: PaperOrder, market: Market) -> None:
    side = market.asks if order.is_buy else market.bids
    order.taker = bool(side) and reaches(order.is_buy, order.price, side[0][0])
    order.arrival = side if order.taker else None


def _call_orders(market: Market, thin: int | None, ours: list[AuctionOrder]) -> list[AuctionOrder]:
    """Put the market's own orders around ours, so that the call's price is the market's last price.

    Both sides meet there in depth and give way to us. At a limit one side stands in a queue before us and the other
    shows a single lot, which that queue takes.
    """
    lot = fill_lot(market.symbol)
    depth = _CALL_DEPTH if thin is None else thin
    if market.asks and market.bids:
        market_sells = AuctionOrder("sells", False, market.last, depth)
        return [*ours, market_sells, AuctionOrder("buys", True, market.last, depth)]
    buyers_queue = not market.asks
    queue = AuctionOrder("queue", buyers_queue, market.last, depth + lot)
    return [queue, AuctionOrder("lot", not buyers_queue, market.last, lot), *ours]
