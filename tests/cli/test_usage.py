"""Help pages and wrong words: all that a person reads is Chinese, and says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import main
from tests.cli.homes import verb, write_home

# What click would say by itself.
ENGLISH = re.compile(
    r"\b(Usage|Options?|Commands?|OPTIONS|ARGS|TEXT|DIRECTORY|FILE|PATH|INTEGER|FLOAT|RANGE|required|default|Show|Error"
    r"|Invalid|Missing|requires|No such|Got|is not|is a|does not|Try)\b"
)


def pages(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    yield (*words, "--help")
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from pages(inner, *words, name)


@pytest.mark.parametrize("words", list(pages(main.cli)), ids=" ".join)
def test_a_help_page_is_chinese(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert main.main(list(words)) == 0
    page = capsys.readouterr().out
    assert page.startswith("用法：main.py") and "选项：" in page
    assert ENGLISH.findall(page) == []
    assert "..." not in page, "no verb's line is cut"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("sinals", "没有 sinals 这个命令，是不是 signals？"),
        ("strategy ad x", "没有 ad 这个命令，是不是 add？"),
        ("signals --jsn", "没有选项 --jsn，是不是 --json？"),
        ("signals --limit", "--limit 后面要写一个值。"),
        ("status --json=1", "--json 后面不写值。"),
        ("signals --limit three", "--limit 写得不对：要写一个不小于 0 的整数。"),
        ("signals --limit -1", "--limit 写得不对：要写一个不小于 0 的整数。"),
        ("why x --limit 501", "--limit 写得不对：要写一个不小于 1、不大于 500 的整数。"),
        ("signals --from 昨天", "--from 写得不对：日期要写成 2026-11-20，不是 昨天。"),
        ("orders --from 2026-11-22 --to 2026-11-20", "--to 2026-11-20 比 --from 2026-11-22 早。"),
        ("books --at noon", "--at 写得不对：看不懂时间 noon，请写成 2026-11-20 10:30。"),
        ("strategy adjust 小市值 600000.XSHG many", "±股数 写得不对：要写一个整数。"),
        ("strategy ratio 小市值", "少写了 比例。"),
        ("why", "少写了 编号|策略/账户/代码。"),
        ("status now please", "多写了 now please。"),
        ("resolve x gone", "{absent|live|filled} 写得不对：只能是 absent、live、filled。"),
        ("demo --channel qmt", "--channel 写得不对：只能是 paper、miniqmt-sim。"),
        ("test-signal 小市值 --side buy --amount 100", "少写了 --security。"),
        ("test-signal 小市值 --security x --side up --amount 100", "--side 写得不对：只能是 buy、sell。"),
        ("test-signal 小市值 --security x --side buy --amount 0", "--amount 写得不对：要写一个不小于 1 的整数。"),
        ("test-signal x --security x --side buy --amount 1 --price 0", "--price 写得不对：要写一个大于 0 的数。"),
        ("test-signal x --security x --side buy --amount 1 --price nan", "--price 写得不对：要写一个大于 0 的数。"),
        ("replay none.csv", "文件 写得不对：none.csv 不存在。"),
        ("run --only nobody,trader", "--only 写得不对：没有 nobody，可以写 receiver、trader、console，用逗号隔开。"),
        ("restore .", "备份文件 写得不对：. 是文件夹，不是文件。"),
    ],
)
def test_wrong_words_are_told_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, sentence: str
) -> None:
    code = main.main(["--home", str(write_home(tmp_path)), *words.split()])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.splitlines() == [sentence, f"用法见：python {err.rpartition('python ')[2].strip()}"]
    assert ENGLISH.findall(err) == []


def test_a_home_that_is_a_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()
    code, out, err = verb(capsys, file, "status")
    assert (code, out) == (2, "")
    assert err.startswith(f"--home 写得不对：{file} 是文件，不是文件夹。\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("doctor --order-test --security abc", "不认识的股票代码 abc，请写成 000001.XSHE 这样。"),
        ("snippet 小市值 --out {home}/config/聚宽跟单设置.json/x.py", "聚宽跟单设置.json/x.py 写不了（"),
        ("export signals --out {home}/config/聚宽跟单设置.json/x.csv", "聚宽跟单设置.json/x.csv 写不了（"),
        ("init --answers {home}/none.json --home {home}/new", "none.json 读不了：没有这个文件或文件夹。"),
    ],
)
def test_what_cannot_be_used_is_told_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, sentence: str
) -> None:
    home = write_home(tmp_path)
    code = main.main(["--home", str(home), *words.format(home=home).split()])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert sentence in err and ENGLISH.findall(err) == []


def test_a_group_without_a_verb_shows_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["strategy"]) == 2
    assert capsys.readouterr().err.startswith("用法：main.py strategy")
