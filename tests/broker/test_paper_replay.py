from datetime import date
from decimal import Decimal as D

import pytest

from desk.broker.paper import ChannelFeed, FeedFileError, FileFeed, SyntheticFeed, feed_of
from desk.core.config import AccountConfig
from desk.core.market import Instrument, Quote
from desk.core.values import BrokerStatus

from .stage import Stage, at

BAR_HEAD = "symbol,dt,open,close,high,low,vol\n"
TICK_HEAD = "symbol,time,price\n"

BARS = """symbol,dt,open,close,high,low,vol
000001.XSHG,2020-07-01 09:31:00,1000,1010,1020,990,5.0
000001.XSHG,2020-07-01 09:32:00,1010,1005,1015,1000,5.0
000001.XSHG,2020-07-01 15:00:00,1005,1100,1100,1005,5.0
000001.XSHG,2020-07-02 09:31:00,1122,1111,1133,1100,5.0
600000.XSHG,2020-07-01 09:31:00,12.00,12.10,12.20,11.90,5.0
"""

TICKS = """symbol,time,price,ask1,ask1_shares,ask2,ask2_shares,bid1,bid1_shares
600000.SH,2020-07-01 09:30:00,10.00,10.02,300,10.03,500,9.99,200
600000.SH,2020-07-01 09:30:03.500,10.05,10.05,700,,,,
600000.SH,2020-07-01 09:30:06,10.10,,,,,,
"""


def write(tmp_path, text: str):
    file = tmp_path / "quotes.csv"
    file.write_text(text, encoding="utf-8")
    return file


def staged(tmp_path, text: str, clock: str = "09:20", **more) -> Stage:
    feed = FileFeed(write(tmp_path, text), always_open=more.get("always_open", False))
    return Stage(now=at(clock), feed=feed, **more)


@pytest.mark.parametrize(
    ("clock", "last"),
    [
        ("09:25", "10.00"),  # the day's first open, 1000 -> the anchor
        ("09:30:00", "10.00"),
        ("09:30:20", "9.90"),  # a rising bar sees its low first: 990
        ("09:30:40", "10.20"),  # then its high: 1020
        ("09:30:59.750", "10.10"),
        ("09:31:20", "10.15"),  # a falling bar its high first: 1015
        ("09:31:40", "10.00"),
        ("11:00", "10.05"),  # nothing in the file: it stands still
        ("14:59:59.750", "11.00"),
        ("15:30", "11.00"),
    ],
)
def test_a_symbol_that_is_not_in_the_file_moves_as_its_first_symbol_does(tmp_path, clock, last):
    stage = staged(tmp_path, BARS)
    assert stage.broker.quote("000002.SZ", D("10.00")).prev_close == D("10.00")
    stage.to(clock)
    assert stage.broker.quote("000002.SZ").last == D(last)


def test_days_are_replayed_in_order_and_over_again(tmp_path):
    stage = staged(tmp_path, BARS)
    stage.broker.quote("000002.SZ", D("10.00"))
    stage.to("10:00", date(2026, 11, 23))
    quote = stage.broker.quote("000002.SZ")
    assert (quote.prev_close, quote.last) == (D("11.00"), D("11.11"))
    late = stage.broker.quote("000004.SZ", D("20.00"))  # anchored on the second day: 1100 stands for 20.00
    assert (late.prev_close, late.last) == (D("20.00"), D("20.20"))  # 20 x 1111 / 1100
    stage.to("10:00", date(2026, 11, 24))
    assert stage.broker.quote("000002.SZ").last == D("10.05")
    assert stage.broker.quote("000004.SZ").last == D("18.27")  # 20 x 1005 / 1100 = 18.2727


def test_a_symbol_of_the_file_has_the_files_prices_and_is_suspended_on_days_without_it(tmp_path):
    stage = staged(tmp_path, BARS)
    stage.to("09:30:45")
    quote = stage.broker.quote("600000.SH", D("55.00"))
    assert (quote.prev_close, quote.last) == (D("12.00"), D("12.20"))
    stage.to("10:00", date(2026, 11, 23))
    assert stage.broker.instrument("600000.SH").suspended
    assert stage.broker.quote("600000.SH").prev_close == D("12.10")


def test_orders_fill_on_the_files_path(tmp_path):
    stage = staged(tmp_path, BARS)
    stage.broker.quote("000002.SZ", D("10.00"))
    stage.to("09:30:01")
    stage.buy("000002.SZ", 100, "9.95", "low")
    stage.buy("000002.SZ", 100, "10.01", "now")
    stage.to("09:30:19")
    assert stage.fills("now") == [(100, "10.01")]
    assert stage.fills("low") == []
    stage.to("09:30:21")
    assert stage.fills("low") == [(100, "9.95")]


def test_a_price_of_the_file_is_held_within_the_symbols_band(tmp_path):
    text = BARS + "000001.XSHG,2020-07-02 09:32:00,1500,1500,1500,1500,5.0\n"
    stage = staged(tmp_path, text)
    stage.broker.quote("000002.SZ", D("10.00"))
    stage.to("10:00", date(2026, 11, 23))
    quote = stage.broker.quote("000002.SZ")
    assert (quote.last, quote.asks) == (D("12.10"), ())  # 15.00 / 11.00 is beyond 10 %


def test_always_open_repeats_a_days_trading_around_the_clock(tmp_path):
    stage = staged(tmp_path, BARS, clock="00:00", always_open=True)
    prices = set()
    for hour in range(24):
        stage.to(f"{hour:02}:07")
        prices.add(stage.broker.quote("000002.SZ", D("10.00")).last)
        for ask, _ in stage.broker.quote("000002.SZ").asks[:1]:  # none while the file's price is at limit-up
            stage.buy("000002.SZ", 100, str(ask), f"h-{hour}")
            stage.ticks()
            assert stage.order(f"h-{hour}").status is BrokerStatus.FILLED
    assert prices <= {D("10.00"), D("9.90"), D("10.20"), D("10.10"), D("10.15"), D("10.05"), D("11.00")}


def test_ticks_show_the_files_own_levels_where_it_has_them(tmp_path):
    stage = staged(tmp_path, TICKS)
    stage.to("09:30:01")
    quote = stage.broker.quote("600000.SH")
    assert quote.asks == ((D("10.02"), 300), (D("10.03"), 500))
    assert quote.bids == ((D("9.99"), 200),)
    stage.to("09:30:04")
    quote = stage.broker.quote("600000.SH")
    assert (quote.last, quote.asks, quote.bids) == (D("10.05"), ((D("10.05"), 700),), ())
    stage.to("09:30:07")
    quote = stage.broker.quote("600000.SH")
    assert (quote.last, len(quote.asks), len(quote.bids)) == (D("10.10"), 5, 5)


def test_the_levels_of_a_tick_are_eaten_once(tmp_path):
    stage = staged(tmp_path, TICKS, clock="09:30:01")
    stage.buy("600000.SH", 600, "10.03", "a-1")
    stage.ticks()
    assert stage.fills("a-1")[:2] == [(300, "10.02"), (300, "10.03")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BAR_HEAD + "600000.SH,2020-07-01 09:31:00,10,10,9,9,1\n", "第 2 行有误：最高价"),
        (BAR_HEAD + "600000.SH,2020-07-01 09:31:00,10,x,10,9,1\n", "第 2 行有误：close 不是正数"),
        (BAR_HEAD + "600000.SH,2020-07-01 09:31:00,10,NaN,10,9,1\n", "close 不是正数"),
        (BAR_HEAD + "600000.SH,2020-07-01,10,,10,9,1\n", "缺少 close"),
        (TICK_HEAD + "600000.SH,2020-07-01 09:30:00,10\n600000.SH,gestern,10\n", "第 3 行有误：time 不是时间"),
        (TICK_HEAD + "600000.SH,09:31:00,10\n600000.SH,09:30:00,10\n", "第 3 行有误：600000.SH 的时间"),
        (TICK_HEAD + "600000,2020-07-01 09:31:00,10\n", "不是带交易所后缀的代码"),
        (TICK_HEAD + ",2020-07-01 09:31:00,10\n", "缺少 symbol"),
        (TICK_HEAD + "600000.SH,2020-07-01 09:31:00,-1\n", "price 不是正数"),
        (TICK_HEAD + "600000.SH,2020-07-01 09:31:00\n", "缺少 price"),
        ("symbol,time,price,ask1,ask1_shares\n600000.SH,2020-07-01 09:31:00,10,10.01,\n", "缺少 ask1_shares"),
        ("code,when\n1,2\n", "表头"),
        ("", "表头"),
        (TICK_HEAD, "没有任何数据行"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_row(tmp_path, text, says):
    with pytest.raises(FeedFileError, match=says) as caught:
        FileFeed(write(tmp_path, text), always_open=False)
    assert "quotes.csv" in str(caught.value)


def test_a_missing_or_misspelt_file_is_refused(tmp_path):
    with pytest.raises(FeedFileError, match="无法使用"):
        FileFeed(tmp_path / "nothing.csv", always_open=False)
    (tmp_path / "gbk.csv").write_bytes("代码,时间".encode("gbk"))
    with pytest.raises(FeedFileError, match="无法使用"):
        FileFeed(tmp_path / "gbk.csv", always_open=False)


def test_ticks_may_tell_the_time_of_day_only(tmp_path):
    stage = staged(tmp_path, TICK_HEAD + "600000.SH,09:30:00,10.00\n600000.SH,14:00:00,10.50\n")
    stage.to("14:30", date(2026, 11, 23))
    assert stage.broker.quote("600000.SH").last == D("10.50")


def test_a_channels_quotes_drive_a_shadow_account():
    quote = Quote(
        symbol="600000.SH",
        at=at("10:00"),
        last=D("10.00"),
        prev_close=D("9.80"),
        asks=((D("10.01"), 300),),
        bids=((D("10.00"), 500),),
    )
    instrument = Instrument(
        symbol="600000.SH",
        name="浦发银行",
        day=at("10:00").date(),
        prev_close=D("9.80"),
        up_limit=D("10.29"),  # ST: 5 %
        down_limit=D("9.31"),
        tick=D("0.01"),
        suspended=False,
        t0=False,
    )
    known = {"600000.SH": (quote, instrument)}
    feed = ChannelFeed(lambda s: known[s][0] if s in known else None, lambda s: known[s][1] if s in known else None)
    stage = Stage(now=at("10:00"), feed=feed)
    assert stage.broker.quote("600000.SH").asks == quote.asks
    assert stage.broker.instrument("600000.SH").up_limit == D("10.29")
    stage.buy("600000.SH", 200, "10.01", "a-1")
    stage.ticks()
    assert stage.fills("a-1") == [(200, "10.01")]
    assert stage.broker.quote("000001.SZ") is None
    assert "无行情" in stage.refused("buy", "000001.SZ", 100, "10.00")


def test_the_account_says_which_feed_it_has(tmp_path):
    file = write(tmp_path, BARS)
    assert isinstance(feed_of(AccountConfig(name="a")), SyntheticFeed)
    assert isinstance(feed_of(AccountConfig(name="a", feed="文件", feed_file=str(file))), FileFeed)
    with pytest.raises(ValueError, match="通道"):
        feed_of(AccountConfig(name="a", feed="通道"))
