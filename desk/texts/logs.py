"""What people read about the log files."""

from __future__ import annotations


def folder_unusable(folder: str, why: str) -> str:
    return f"日志文件夹 {folder} 写不了（{why}）：日志只显示在窗口里"


def file_failed(name: str, why: str) -> str:
    return f"日志文件 {name} 写不了（{why}）：之后会再试，这期间的日志只在窗口里"
