"""The Windows task that starts the daemon when its user logs on.

A task of the user's own interactive session, no service: a service runs in session 0, where the terminal cannot be
reached. Task Scheduler's own restart is for tasks that could not be started ([MS-TSCH] 2.5.4.2), not for programs that
ended badly, so the task starts `run --keep`.
"""

from __future__ import annotations

import hashlib
import locale
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from desk.cli.exits import CONFIG, UNEXPECTED, Leave
from desk.cli.options import PROJECT
from desk.texts import autostart as texts

Run = Callable[[Sequence[str]], tuple[int, str]]  # a command -> its exit code and what it said

_FILE = "autostart.xml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One home's task; `user` as DOMAIN\\name."""

    name: str
    user: str
    python: str
    arguments: str
    folder: str

    @property
    def command(self) -> str:
        return f"{subprocess.list2cmdline([self.python])} {self.arguments}"


def task_of(home: Path, env: Mapping[str, str], *, python: str = sys.executable, project: Path = PROJECT) -> Task:
    """The task of a home; its name is the same whenever the home is. Raises Leave."""
    user = env.get("USERNAME", "")
    if not user:
        raise Leave(CONFIG, texts.NO_USER)
    domain = env.get("USERDOMAIN", "")
    mark = hashlib.sha256(os.path.normcase(str(home)).encode()).hexdigest()[:8]
    return Task(
        name=f"Gendan-{mark}",
        user=f"{domain}\\{user}" if domain else user,
        python=python,
        arguments=subprocess.list2cmdline([str(project / "main.py"), "--home", str(home), "run", "--keep"]),
        folder=str(project),
    )


def task_xml(task: Task) -> str:
    """The task as `schtasks /Create /XML` reads it: at log-on, in the session, for ever, once, normal priority."""
    return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{escape(texts.DESCRIPTION)}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>{escape(task.user)}</UserId>
      <Delay>PT30S</Delay>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>{escape(task.user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>10</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(task.python)}</Command>
      <Arguments>{escape(task.arguments)}</Arguments>
      <WorkingDirectory>{escape(task.folder)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def run_command(command: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, check=False)
    said = (done.stdout + b"\n" + done.stderr).decode(locale.getpreferredencoding(False), errors="replace")
    return done.returncode, said.strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Autostart:
    """Installs, removes and shows one home's task. Its methods raise Leave."""

    home: Path
    env: Mapping[str, str]
    run: Run = run_command
    system: str = platform.system()

    def _task(self) -> Task:
        if self.system != "Windows":
            raise Leave(CONFIG, texts.windows_only(self.system))
        return task_of(self.home, self.env)

    def install(self) -> str:
        task = self._task()
        file = self.home / "data" / _FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(task_xml(task), encoding="utf-16", newline="\r\n")
        try:
            code, said = self.run(["schtasks", "/Create", "/TN", task.name, "/XML", str(file), "/F"])
        finally:
            file.unlink(missing_ok=True)
        if code:
            raise Leave(UNEXPECTED, texts.refused("接受", said))
        return texts.installed(task.name, task.command)

    def remove(self) -> str:
        task = self._task()
        if not self._installed(task):
            return texts.NOT_INSTALLED
        code, said = self.run(["schtasks", "/Delete", "/TN", task.name, "/F"])
        if code:
            raise Leave(UNEXPECTED, texts.refused("删除", said))
        return texts.removed(task.name)

    def show(self) -> tuple[dict[str, object], str]:
        """The facts for a script, and the sentence for a person."""
        task = self._task()
        there = self._installed(task)
        facts: dict[str, object] = {"installed": there, "task": task.name, "user": task.user, "command": task.command}
        return facts, texts.shown(task.name, task.command) if there else texts.NOT_INSTALLED

    def _installed(self, task: Task) -> bool:
        return self.run(["schtasks", "/Query", "/TN", task.name])[0] == 0
