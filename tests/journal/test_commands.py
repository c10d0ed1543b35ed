"""Commands wait for the trading loop; switches, settings changes and the lease are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from desk.core.batch import CommandResult
from desk.core.values import Command
from desk.journal import Journal, JournalError, Lease
from tests.journal.making import NOON, FixedClock, batch


def test_a_command_waits_until_it_has_a_result(journal: Journal) -> None:
    rung: list[int] = []
    journal.on_commands(lambda: rung.append(1))
    row = journal.ask("pause", {"strategy": "阿尔法"}, "命令行")
    later = journal.ask("halt", {}, "控制台")
    assert rung == [1, 1]
    first = Command(row=row, at=NOON, verb="pause", args={"strategy": "阿尔法"}, by="命令行")
    assert journal.pending_commands()[0] == first
    assert journal.command_result(row) is None
    done = CommandResult(row=row, at=NOON, ok=True, text="已暂停")
    made = batch()
    made.command_results.append(done)
    journal.commit(made)
    assert journal.command_result(row) == done
    assert [command.row for command in journal.pending_commands()] == [later]


def test_a_result_without_a_command_is_refused(journal: Journal) -> None:
    made = batch()
    made.command_results.append(CommandResult(row=99, at=NOON, ok=True, text=""))
    with pytest.raises(JournalError):
        journal.commit(made)


@pytest.mark.usefixtures("on_sqlite")
def test_a_command_of_another_process_is_seen(journal: Journal, tmp_path: Path, clock: FixedClock) -> None:
    with Journal.open(tmp_path / "journal.sqlite3", clock=clock) as cli:
        row = cli.ask("reconcile", {"apply": "1"}, "cli")
        assert [command.row for command in journal.pending_commands()] == [row]


def test_settings_changes_are_appended(journal: Journal) -> None:
    journal.note_settings_change(at=NOON, who="控制台", key="跟单比例", old="1", new="0.5")
    journal.note_settings_change(at=NOON, who="控制台", key="密钥", old=None, new="***")
    with journal.look() as look:
        assert look.rows("SELECT who, key, old, new FROM settings_changes ORDER BY id") == [
            ("控制台", "跟单比例", "1", "0.5"),
            ("控制台", "密钥", None, "***"),
        ]
    with pytest.raises(JournalError):
        journal._write(lambda session: session.run("DELETE FROM settings_changes"))


def test_the_lease_tells_whose_daemon_it_is(journal: Journal) -> None:
    assert journal.lease() is None
    mine = Lease(instance="a", pid=17, host="交易机", started_at=NOON)
    journal.take_lease(mine)
    assert journal.lease() == mine
    journal.take_lease(Lease(instance="b", pid=18, host="交易机", started_at=NOON))
    journal.drop_lease("a")
    taken = journal.lease()
    assert taken is not None and taken.instance == "b", "an older owner does not drop a newer lease"
    journal.drop_lease("b")
    assert journal.lease() is None
