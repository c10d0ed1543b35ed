"""What is said of the log-on task and of the program that starts the daemon again."""

from __future__ import annotations

DESCRIPTION = "登录 Windows 后启动跟单程序；意外结束后一分钟再启动。由 python main.py autostart 管理。"
NOT_INSTALLED = "没有装登录后自启动的任务。要装：python main.py autostart install"
NO_USER = "不知道现在登录的是哪个 Windows 用户（环境变量 USERNAME 是空的），没有安装。"


def windows_only(system: str) -> str:
    return (
        f"autostart 只用在 Windows 上，这里是 {system}。请用系统自己的办法（例如 systemd 的用户服务）启动 "
        "python main.py run --keep。"
    )


def installed(task: str, command: str) -> str:
    return (
        f"已安装登录后自启动的任务 {task}：\n  {command}\n"
        "下次登录这个 Windows 用户时启动；现在就要启动：\n"
        f"  schtasks /Run /TN {task}\n"
        "它必须在您自己的登录会话里运行（MiniQMT 的连接进不了系统服务），所以电脑要自动登录，做法见 docs/windows.md。"
    )


def shown(task: str, command: str) -> str:
    return f"已安装任务 {task}：\n  {command}"


def removed(task: str) -> str:
    return f"已删除任务 {task}。正在运行的程序不受影响。"


def refused(what: str, said: str) -> str:
    return f"Windows 任务计划没有{what}：{said.strip() or '没有说明原因'}"


def restarting(code: int, seconds: float) -> str:
    return f"跟单程序意外结束（退出码 {code}），{seconds:.0f} 秒后再启动；不要了就按 Ctrl-C。"
