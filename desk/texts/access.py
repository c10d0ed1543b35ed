"""What is said about the access book (控制台的用户与登录)."""

from __future__ import annotations

from pathlib import Path

NOT_OURS = "不是本程序的文件"


def unusable(file: Path, why: str) -> str:
    return f"控制台的用户文件 {file} 用不了（{why}），控制台没有打开；跟单不受影响。"


def newer(found: str, known: str) -> str:
    return f"它是更新的程序写的（版本 {found}，本程序只到 {known}）"


def set_up(address: str, minutes: int) -> str:
    return f"控制台还没有用户。请在本机的浏览器里打开（{minutes} 分钟内有效，只能用一次）：{address}"


def set_up_again(address: str, minutes: int) -> str:
    return f"请在本机的浏览器里打开（{minutes} 分钟内有效，只能用一次）：{address}"
