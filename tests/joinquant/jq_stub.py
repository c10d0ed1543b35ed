"""A little JoinQuant: its names, orders and context, for the pasted file. Python 3.6, standard library only."""

import datetime
import enum


def strategy_time(hour, minute, second=0):
    """A moment of the day of the tests, naive as JoinQuant's times are."""
    return datetime.datetime(2026, 11, 20, hour, minute, second)  # noqa: DTZ001


class OrderStatus(enum.Enum):
    new = 8
    open = 0
    filled = 1
    canceled = 2
    rejected = 3
    held = 4

    def __str__(self):
        return self.name


class OrderCost:
    def __init__(self, **rates):
        self.__dict__.update(rates)


class MarketOrderStyle:
    def __init__(self, limit_price=None):
        self.limit_price = limit_price


class LimitOrderStyle:
    def __init__(self, limit_price):
        self.limit_price = limit_price


class StopMarketOrderStyle:
    def __init__(self, stop_price):
        self.stop_price = stop_price


class StopLimitOrderStyle:
    def __init__(self, limit_price, stop_price):
        self.limit_price, self.stop_price = limit_price, stop_price


class Order:
    def __init__(self, order_id, security, is_buy, amount, add_time, filled=0, price=0.0, status=OrderStatus.open,
                 side='long'):
        self.order_id, self.security, self.is_buy, self.amount = order_id, security, is_buy, amount
        self.filled, self.price, self.status, self.side, self.add_time = filled, price, status, side, add_time
        self.commission, self.avg_cost = 5.0, price


class Position:
    def __init__(self, total, locked=0, avg_cost=10.51, price=10.6):
        self.total_amount, self.locked_amount, self.closeable_amount = total, locked, max(0, total - locked)
        self.avg_cost, self.price = avg_cost, price


class Bag:
    """An object with the attributes it is given: context, portfolio, run_params, g."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class Log:
    def __init__(self):
        self.lines = []

    def info(self, text):
        self.lines.append(('info', text))

    def warn(self, text):
        self.lines.append(('warn', text))

    def error(self, text):
        self.lines.append(('error', text))


class JoinQuant:
    """The platform for one strategy. A market order fills inside the call at 10.51, a limit order rests."""

    def __init__(self, now=None, run_type='sim_trade', first_id=1732208241):
        now = now or strategy_time(9, 35)
        self.log, self.g, self.messages = Log(), Bag(), []
        self.context = Bag(
            current_dt=now, run_params=Bag(type=run_type),
            portfolio=Bag(positions={}, total_value=100874.56, available_cash=1234.56))
        self.book, self.calls, self.next_id = {}, [], first_id
        self.fail = None  # raised by the next order call, after it has created what it creates

    def held(self, security):
        position = self.context.portfolio.positions.get(security)
        return position.total_amount + position.locked_amount if position else 0

    def fill(self, order, shares=None, price=10.51):
        shares = order.amount - order.filled if shares is None else shares
        order.filled, order.price = order.filled + shares, price
        order.status = OrderStatus.held if order.filled == order.amount else OrderStatus.filled
        left = self.held(order.security) + (shares if order.is_buy else -shares)
        self.context.portfolio.positions.pop(order.security, None)
        if left:
            self.context.portfolio.positions[order.security] = Position(left)

    def create(self, security, amount, style, side='long'):
        if amount == 0:
            return None
        order = Order(self.next_id, security, amount > 0, abs(amount), self.context.current_dt, side=side)
        self.next_id += 1
        self.book[order.order_id] = order
        if style is None or type(style).__name__ == 'MarketOrderStyle':
            self.fill(order)
        if self.fail is not None:
            error, self.fail = self.fail, None
            raise error
        return order

    def order(self, security, amount, style=None, side='long', pindex=0, close_today=False):
        self.calls.append('order')
        return self.create(security, amount, style, side)

    def order_value(self, security, value, style=None, side='long', pindex=0, close_today=False):
        self.calls.append('order_value')
        return self.create(security, int(value / 10.51) // 100 * 100, style, side)

    def order_target(self, security, amount, style=None, side='long', pindex=0, close_today=False):
        self.calls.append('order_target')
        for order in list(self.get_open_orders().values()):
            if order.security == security:
                order.status = OrderStatus.canceled
        return self.create(security, amount - self.held(security), style, side)

    def order_target_value(self, security, value, style=None, side='long', pindex=0, close_today=False):
        return self.order_target(security, int(value / 10.51) // 100 * 100, style, side)

    def batch_submit_orders(self, orders):
        return [self.create(one['security'], one['amount'], one.get('style')) for one in orders]

    def cancel_order(self, order):
        order = self.book.get(getattr(order, 'order_id', order))
        if order is None or order.status not in (OrderStatus.open, OrderStatus.new, OrderStatus.filled):
            return None
        order.status = OrderStatus.canceled
        return order

    def batch_cancel_orders(self, orders):
        return [self.cancel_order(order) for order in orders]

    def margincash_open(self, security, amount, style=None, pindex=0):
        return self.create(security, amount, style)

    def get_orders(self, order_id=None, security=None, status=None):
        return dict(self.book)

    def get_open_orders(self):
        live = (OrderStatus.open, OrderStatus.new, OrderStatus.filled)
        return {key: order for key, order in self.book.items() if order.status in live}

    def names(self):
        """What JoinQuant puts into a strategy's globals."""
        found = {name: plain(getattr(self, name)) for name in (
            'order', 'order_value', 'order_target', 'order_target_value', 'batch_submit_orders', 'cancel_order',
            'batch_cancel_orders', 'margincash_open', 'get_orders', 'get_open_orders')}
        found.update(
            g=self.g, log=self.log, send_message=self.messages.append, OrderStatus=OrderStatus, OrderCost=OrderCost,
            MarketOrderStyle=MarketOrderStyle, LimitOrderStyle=LimitOrderStyle,
            StopMarketOrderStyle=StopMarketOrderStyle, StopLimitOrderStyle=StopLimitOrderStyle)
        return found


def plain(method):
    """A function, as JoinQuant's are, not a bound method."""
    def function(*args, **kwargs):
        return method(*args, **kwargs)
    function.__name__ = method.__name__
    return function
