"""What the REST interface says to people who read its answers."""

from __future__ import annotations

from decimal import Decimal

TITLE = "Gendan 跟单"
SUMMARY = (
    "金额、价格、比例是写成字符串的精确十进制数(元),股数是整数,时间是北京时间。列表新的在前,next 是下一页的 mark。"
)
NOT_FOUND = "没有这个地址。"
WRONG_METHOD = "这个地址不支持这个方法。"
BROKEN = "处理时出错;是否已做请查委托,详情在日志里。"
UNAVAILABLE = "账本现在读写不了,请稍后再试。"
BAD_JSON = "请求体要是一个 JSON 对象。"
BAD_MARK = "mark 不是上一页给出的 next。"
NEEDS_KEY = "下单要有请求头 Idempotency-Key:1 到 64 个字母、数字或 . _ : -。"
NOT_SIGNED = {
    "none": "还没有发过签名客户端:请管理员在控制台的「接口密钥」页添加。",
    "wrong": "客户端编号或签名不对。",
    "stale": "签名的时间与本机相差超过 300 秒,请校准时间。",
    "used": "这个签名已经用过;它的委托请用查询接口确认,不要原样再发。",
}
NOT_TRADING = "交易没有在运行,没有做。"
PERCENT_NEEDS_PRICE = "不知道这只股票的价格:按百分比买入请写 price。"
TOO_LARGE = "请求体太大。"
DONE = "成功"
NAME_AN_ACCOUNT = "有几个账户,请写明是哪一个。"
BAD_INDEX = "无效的交易器索引"
BAD_PART = "仓位要写成大于 0、不大于 1 的数。"
PART_NEEDS_PRICE = "不知道这只股票的价格:按仓位买入请写价格。"
BAD_PRICE = "价格要大于 0,并且是最小价格变动单位的整数倍。"
BAD_SHARES = "股数要是大于 0 的整数。"
BAD_NUMBER = "这里要写一个数。"
BAD_SIDE = "方向不对。"
ONE_SIZE = "股数和仓位写一个。"
NO_ORDER_ID = "请写 order_id。"
TOO_DEEP = "页码太大,请缩小范围。"
LIGHTS = {
    "joinquant": "聚宽",
    "tunnel": "公网",
    "receiver": "接收",
    "trader": "交易",
    "messenger": "通知",
}
MODELS = "类型"
BODY = "请求体"
PARAMETERS = ("参数", "在哪里", "类型", "必填", "说明")
ANSWERS = ("状态码", "类型", "意思")
FIELDS = ("字段", "类型", "必有", "说明")


def bad_field(name: str, why: str) -> str:
    return f"{name}:{why}"


def no_such_signal(signal_id: str) -> str:
    return f"没有信号 {signal_id}。"


def several_signals(prefix: str) -> str:
    return f"不止一个信号以 {prefix} 开头,请写长一些。"


def no_such_order(order_id: str) -> str:
    return f"没有委托 {order_id}。"


def no_quote(account: str, symbol: str) -> str:
    return f"账户 {account} 没有 {symbol} 的行情。"


def no_log(name: str) -> str:
    return f"没有日志 {name}。"


def no_such_key(key: str) -> str:
    return f"没有幂等键是 {key} 的手动委托。"


def unknown_symbol(symbol: str) -> str:
    return f"不认识的股票代码 {symbol},写法如 600000.SH。"


def percent_too_small(percent: Decimal) -> str:
    return f"{percent:f}% 不足一手,没有下单。"


def waiting_messages(count: int) -> str:
    return f"{count} 条待发" if count else ""
