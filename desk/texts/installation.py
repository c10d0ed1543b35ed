"""What is said of the terminal's library, its folder and its process on this PC."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

MEND_LIBRARY = (
    "在 Windows 上运行 pip install -r requirements.txt；券商要求用它自带的版本时，把那个文件夹写进「xtquant路径」。"
)
MEND_VERSION = "请换一个有对应版本的 Python（3.11、3.12、3.13），或换用 pip 安装的 xtquant。"
MEND_PATH = "请把「qmt路径」写成 QMT 安装目录下的 userdata_mini 文件夹，斜杠写成 /。"
MEND_FULL = "userdata 是完整版 QMT 的文件夹；MiniQMT 用的是旁边的 userdata_mini。"
MEND_WRITE = "请不要装在 C:/Program Files 里，或给当前用户这个文件夹的写权限。"
MEND_FIRST = "请先启动一次 MiniQMT：登录时勾选“极简模式”（有的券商叫“独立交易”）。"
MEND_PROCESS = "请启动 MiniQMT 并登录；登录时勾选“极简模式”（有的券商叫“独立交易”），登录后不要关掉它的窗口。"

NOT_INSTALLED = "没有安装 xtquant"
ONLY_WINDOWS = "MiniQMT 只在 Windows 上运行，这里查不了进程"
RUNNING = "XtMiniQmt.exe 正在运行"
NOT_RUNNING = "没有看到 XtMiniQmt.exe"


def no_folder(folder: Path) -> str:
    return f"「xtquant路径」{folder} 里没有 xtquant"


def wrong_python(python: str, tags: Sequence[str], system: str) -> str:
    have = "、".join(tags) or "没有"
    return f"xtquant 没有适合 {system} 上 Python {python} 的原生模块（它有的：{have}）"


def library_fit(version: str, folder: Path, tags: Sequence[str]) -> str:
    return f"xtquant {version or '版本不明'}，位于 {folder}，支持 {'、'.join(tags)}"


def path_missing(path: str) -> str:
    return f"文件夹不存在：{path}"


def path_unwritable(path: str) -> str:
    return f"文件夹不能写：{path}"


def path_odd(path: str) -> str:
    return f"文件夹的名字不是 userdata_mini：{path}"


def path_unused(path: str) -> str:
    return f"{path} 里没有登录过的痕迹"


def path_good(path: str) -> str:
    return f"{path} 能用"


def process_unknown(why: str) -> str:
    return f"查不到进程：{why}"
