"""What the position sync answers to a program, for the person who reads its log (持仓同步)."""

from __future__ import annotations

from collections.abc import Iterable

STORED = "持仓已保存"
UNAUTHORIZED = "认证失败：密钥、签名或密码不对"
READ_NEEDS_KEY = "读取持仓要密钥：请在请求头 X-API-Key 里带上（main.py keys new 名字 --api-key --read）"
TOKEN_STALE = "认证失败：令牌的时间与本机相差超过 300 秒，请校准时间"
TOKEN_USED = "认证失败：这个令牌已经用过，每次上传要重新签名"
OVERTAKEN = "同一客户端后来的上传已经先到，这一份过时了，没有保存"
UPLOAD_OFF = "没有打开「持仓上传」，见 聚宽跟单设置.json"
TOO_MANY = "失败的请求过多，请稍后再试"
TOO_LARGE = "请求太大，最多 64 KB"
UNAVAILABLE = "暂时无法保存或读取，请重试"
NO_TARGETS = "还没有任何策略上传过持仓"
NOT_FOUND = "没有这个地址"

NOT_JSON = "请求不是正确的 JSON"
NOT_AN_OBJECT = "请求应是一个 JSON 对象"
NO_STRATEGY_NAME = "缺少 strategy_name，或者不是 1 到 64 个字的文字"
NO_POSITIONS = "缺少 positions，或者不是列表；没有持仓要写成空列表 []"
NO_ADJUSTMENTS = "缺少 adjustments，或者不是列表"
BAD_FLAG = "include_adjustments 只能是 true 或 false"
BAD_STRATEGIES = "strategies 里有空的名字"
NOTHING_SAVED = "整份没有保存，原来的持仓不变"

ROW_NOT_AN_OBJECT = "应是一个对象"
CODE_EXPECTED = "code 要是文字，例如 000001.XSHE"
VOLUME_EXPECTED = "volume 要是不小于 0 的整数"
SIGNED_VOLUME_EXPECTED = "volume 要是不为 0 的整数"
COST_EXPECTED = "cost 要是大于 0 的数"
COST_NATURAL = "cost 要是不小于 0 的数"
NAME_EXPECTED = "name 要是 32 个字以内的文字"
REMARK_EXPECTED = "remark 要是 200 个字以内的文字"

NO_PASSWORD_YET = "还没有设置内部密码，请先在本机运行 main.py keys password"
PASSWORD_SET = "内部密码已更新"
PASSWORD_LENGTH = "新密码要 8 个字符以上，72 字节以内"
ADJUSTMENTS_SAVED = "持仓调整已保存"


def too_many_rows(most: int) -> str:
    return f"最多 {most} 行"


def unsupported(code: str) -> str:
    return f"代码 {code} 不是本程序认识的 A 股或场内基金"


def repeated(code: str, first: int) -> str:
    return f"代码 {code} 与第 {first} 行重复"


def bad_rows(count: int, shown: Iterable[tuple[int, str, str]]) -> str:
    said = "；".join(f"第 {row} 行{f'（{code}）' if code else ''}：{why}" for row, code, why in shown)
    return f"positions 有 {count} 行不对。{said}。{NOTHING_SAVED}"


def unknown_strategy(name: str, near: str | None) -> str:
    hint = f"，是不是「{near}」？" if near else ""
    return f"没有名叫「{name}」的策略{hint}"


def never_uploaded(name: str) -> str:
    return f"策略「{name}」还没有上传过持仓"


def not_for(client_id: str, name: str) -> str:
    return f"{client_id} 不能上传策略「{name}」"
