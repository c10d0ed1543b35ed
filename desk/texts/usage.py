"""The command line's own words: headings and metavars of its help pages, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Sequence

USAGE = "用法："

# What click writes into a help page, word for word.
CLICKS = {
    "Options": "选项",
    "Commands": "命令",
    "[OPTIONS]": "[选项]",
    "COMMAND [ARGS]...": "命令 …",
    "DIRECTORY": "文件夹",
    "FILE": "文件",
    "TEXT": "文字",
    "INTEGER RANGE": "整数",
    "INTEGER": "整数",
    "FLOAT RANGE": "数",
    "required]": "必写]",
    "Show this message and exit.": "显示这一页",
}


def see_help(path: str) -> str:
    return f"用法见：python {path} --help"


def no_such_verb(word: str, near: Sequence[str]) -> str:
    return f"没有 {word} 这个命令" + (f"，是不是 {'、'.join(near)}？" if near else "。")


def no_such_option(option: str, near: Sequence[str]) -> str:
    return f"没有选项 {option}" + (f"，是不是 {'、'.join(near)}？" if near else "。")


def value_missing(option: str) -> str:
    return f"{option} 后面要写一个值。"


def takes_no_value(option: str) -> str:
    return f"{option} 后面不写值。"


def missing(what: str) -> str:
    return f"少写了 {what}。"


def too_many(words: str) -> str:
    return f"多写了 {words}。"


def bad_value(what: str, why: str) -> str:
    return f"{what} 写得不对：{why}"


def no_choice(choices: Sequence[str]) -> str:
    return f"只能是 {'、'.join(choices)}。"


def no_number(whole: bool, least: float | None, most: float | None, beyond: bool) -> str:
    """`beyond`: more than `least`, which is not allowed itself."""
    words = [f"{'大于' if beyond else '不小于'} {least:g}"] if least is not None else []
    words += [f"不大于 {most:g}"] if most is not None else []
    return f"要写一个{'、'.join(words)}{' 的' if words else ''}{'整数' if whole else '数'}。"


# How a sentence of click's about a path ends.
PATHS = {
    "does not exist": "不存在",
    "is a file": "是文件，不是文件夹",
    "is a directory": "是文件夹，不是文件",
    "is not readable": "没有读取的权限",
}


def bad_path(path: str, why: str) -> str:
    return f"{path} {PATHS[why]}。"


def unknown_parts(parts: Sequence[str]) -> str:
    return f"--only 写得不对：没有 {'、'.join(parts)}，可以写 receiver、trader、console，用逗号隔开。"
