"""What the verbs of the position sync's keys say (持仓同步的密钥)."""

from __future__ import annotations

from pathlib import Path

PASSWORD_LENGTH = "密码要 8 个字符以上，72 字节以内。"
PASSWORD_PROMPT = "新的内部密码（输入时不显示）"
PASSWORD_AGAIN = "再输一遍"
PASSWORDS_DIFFER = "两遍不一样，没有改。"
PASSWORD_SET = "内部密码已设置。"
READ_NEEDS_API_KEY = "读取只用接口密钥：--read 要和 --api-key 一起用。"
ONE_KIND = "--api-key 不能和 --public、--out 一起用。"
NONE = "还没有发过密钥。"


def made_pair(client_id: str, file: Path) -> str:
    return f"已为 {client_id} 生成密钥对，私钥在 {file}，只在这里有，不要发给别人；公钥已登记。"


def known_pair(client_id: str) -> str:
    return f"已登记 {client_id} 的公钥。"


def made_key(client_id: str, api_key: str) -> str:
    return f"{client_id} 的接口密钥（只显示这一次）：{api_key}"


def revoked(client_id: str) -> str:
    return f"{client_id} 的密钥已作废，下一个请求起无效。"


def listed(client_id: str, kind: str, strategy: str | None, may_read: bool, revoked: bool) -> str:
    words = [
        "接口密钥" if kind == "api_key" else "公钥",
        f"只能上传「{strategy}」" if strategy else "可上传任何策略",
        "可读取" if may_read else "",
        "已作废" if revoked else "",
    ]
    return f"{client_id}：{'，'.join(word for word in words if word)}"


def bad_client_id(client_id: str) -> str:
    return f"「{client_id}」不能作名字：用字母、数字、_、-、.，最多 32 个，以字母或数字开头。"


def client_exists(client_id: str) -> str:
    return f"{client_id} 已经有密钥（或者有过、作废了），没有改动它；请换一个名字。"


def no_such_client(client_id: str) -> str:
    return f"没有有效的密钥叫 {client_id}；用 main.py keys list 查看。"


def no_such_strategy(name: str) -> str:
    return f"没有名叫「{name}」的策略。"


def no_public_key(file: Path, bits: int) -> str:
    return f"{file} 里不是 RSA 公钥（PEM，至少 {bits} 位）。"


def cannot_read(file: Path) -> str:
    return f"读不了 {file}。"


def file_exists(file: Path) -> str:
    return f"{file} 已经存在，没有改动它；请换一个名字，或先把它移走。"
