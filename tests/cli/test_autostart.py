"""The log-on task: what is registered, by which command, and the program that starts the daemon again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

import pytest

from desk.cli.autostart import Autostart, task_of, task_xml
from desk.cli.exits import Leave
from desk.cli.restarting import keep
from tests.cli.homes import verb, write_home

ENV = {"USERNAME": "张三", "USERDOMAIN": "PC-1"}
NS = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


class Schtasks:
    """Answers as schtasks would, and remembers what it was asked."""

    def __init__(self, *, installed: bool = False, refuses: str = "") -> None:
        self.installed = installed
        self.refuses = refuses
        self.asked: list[Sequence[str]] = []
        self.xml = ""

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        self.asked.append(command)
        assert command[0] == "schtasks"
        if command[1] == "/Query":
            return (0 if self.installed else 1), ""
        if self.refuses:
            return 1, self.refuses
        if command[1] == "/Create":
            self.xml = Path(command[command.index("/XML") + 1]).read_text(encoding="utf-16")
        self.installed = command[1] == "/Create"
        return 0, ""


def test_the_task_runs_in_the_users_own_session_for_ever_and_once() -> None:
    home = PureWindowsPath("D:/跟单 A&B")
    task = task_of(Path(str(home)), ENV, python="C:\\venv\\Scripts\\python.exe", project=Path("C:/gendan"))
    root = ElementTree.fromstring(task_xml(task).encode("utf-16"))

    def text(path: str) -> str | None:
        return root.findtext(path, namespaces=NS)

    assert text("t:Triggers/t:LogonTrigger/t:UserId") == "PC-1\\张三"
    assert text("t:Principals/t:Principal/t:LogonType") == "InteractiveToken"
    assert text("t:Principals/t:Principal/t:RunLevel") == "LeastPrivilege"
    assert text("t:Settings/t:MultipleInstancesPolicy") == "IgnoreNew"
    assert text("t:Settings/t:ExecutionTimeLimit") == "PT0S"  # no limit; the default kills it after three days
    assert text("t:Settings/t:DisallowStartIfOnBatteries") == text("t:Settings/t:StopIfGoingOnBatteries") == "false"
    assert text("t:Settings/t:RestartOnFailure/t:Interval") == "PT1M"
    assert text("t:Actions/t:Exec/t:Command") == "C:\\venv\\Scripts\\python.exe"
    arguments = text("t:Actions/t:Exec/t:Arguments") or ""
    assert f'--home "{home}" run --keep' in arguments and "main.py" in arguments


def test_every_home_has_a_task_of_its_own() -> None:
    assert task_of(Path("a"), ENV).name == task_of(Path("a"), ENV).name != task_of(Path("b"), ENV).name


def test_install_show_and_remove(tmp_path: Path) -> None:
    schtasks = Schtasks()
    autostart = Autostart(home=tmp_path, env=ENV, run=schtasks, system="Windows")
    assert autostart.show()[0]["installed"] is False
    said = autostart.install()
    assert "Gendan-" in said and "--keep" in said
    assert "InteractiveToken" in schtasks.xml and "张三" in schtasks.xml
    assert list((tmp_path / "data").iterdir()) == []
    facts, said = autostart.show()
    assert facts["installed"] is True and "run --keep" in said
    assert "已删除" in autostart.remove()
    assert "没有装" in autostart.remove()
    assert [command[1] for command in schtasks.asked] == ["/Query", "/Create", "/Query", "/Query", "/Delete", "/Query"]


def test_what_windows_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    autostart = Autostart(home=tmp_path, env=ENV, run=Schtasks(refuses="错误: 拒绝访问。"), system="Windows")
    with pytest.raises(Leave, match="拒绝访问") as left:
        autostart.install()
    assert left.value.code == 1
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("word", ["install", "remove", "show"])
def test_other_systems_are_told_so_with_2(tmp_path: Path, word: str) -> None:
    autostart = Autostart(home=tmp_path, env=ENV, run=Schtasks(), system="Linux")
    with pytest.raises(Leave, match="只用在 Windows") as left:
        getattr(autostart, word)()
    assert left.value.code == 2


def test_a_user_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Leave, match="USERNAME"):
        Autostart(home=tmp_path, env={}, run=Schtasks(), system="Windows").install()


# --- starting again ---------------------------------------------------------------------------------------------------


class Ended:
    """A child that has ended with a code, or runs until it is asked to end."""

    def __init__(self, code: int | None) -> None:
        self.code = code

    def poll(self) -> int | None:
        return self.code

    def ask_to_end(self) -> None:
        self.code = 0


class Waits:
    """A clock that does not wait; `then` is called at every wait."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        self.waited: list[float] = []
        self._then = then

    def wait(self, bell: threading.Event, seconds: float) -> bool:
        self.waited.append(seconds)
        self._then()
        return bell.is_set()


@pytest.mark.parametrize(
    ("codes", "last", "pauses"),
    [
        ([0], 0, 0),  # somebody stopped it
        ([2], 2, 0),  # its configuration is wrong: it would end the same way
        ([6], 6, 0),
        ([1, 0], 0, 1),
        ([3, 4, 1, 0], 0, 3),  # the terminal, the disk may be there in a minute
        ([-9, 3221225786, 0], 0, 2),  # killed; a native module took it down
    ],
)
def test_only_an_accident_is_followed_by_another_start(codes: list[int], last: int, pauses: int) -> None:
    children = iter([Ended(code) for code in codes])
    clock, said = Waits(), list[str]()
    assert keep(lambda: next(children), clock=clock, over=threading.Event(), say=said.append) == last  # type: ignore[arg-type]
    assert clock.waited == [60.0] * pauses
    assert len(said) == pauses


def test_a_wish_to_end_reaches_the_child() -> None:
    over = threading.Event()
    child, started = Ended(None), list[Ended]()

    def start() -> Ended:
        started.append(child)
        return child

    assert keep(start, clock=Waits(over.set), over=over, say=lambda _: None) == 0  # type: ignore[arg-type]
    assert started == [child]


def test_a_wish_to_end_in_the_pause_ends_it() -> None:
    over = threading.Event()
    code = keep(lambda: Ended(-11), clock=Waits(over.set), over=over, say=lambda _: None)  # type: ignore[arg-type]
    assert code == 1


def test_a_kept_daemon_with_a_wrong_configuration_leaves_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path, 端口=0)
    assert verb(capfd, home, "run", "--keep")[0] == 2


def test_autostart_show_is_refused_here_or_tells_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = verb(capsys, write_home(tmp_path), "autostart", "show", "--json")
    assert (code, out) == (2, "") if err else json.loads(out)["installed"] in (True, False)
