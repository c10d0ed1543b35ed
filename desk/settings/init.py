"""The first configuration: a few questions, answered by a person or a file; always a paper account in 模拟."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from desk.core.wire import make_secret
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE, parse, read_bytes
from desk.settings.files import dump, write_whole
from desk.settings.kinds import number_text
from desk.settings.loader import config_folder, examine
from desk.settings.problems import ConfigProblems, Findings, Problem
from desk.settings.table import closest
from desk.texts import settings as texts

ANSWERS = "答案"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    key: str
    text: str
    default: str


QUESTIONS: tuple[Question, ...] = (
    Question(key="策略名称", text="聚宽策略叫什么名字？", default="我的策略"),
    Question(key="标识", text="给策略一个短名（字母、数字、_、-，最多 16 个）", default="s1"),
    Question(key="跟单比例", text="聚宽买 1 股，您要买几股？（0.5 是一半）", default="1"),
    Question(key="账户名称", text="先用模拟账户跟，给它起个名字", default="模拟账户"),
    Question(key="初始资金", text="模拟账户开始时有多少元？", default="1000000"),
    Question(key="全天交易", text="要不要不看交易时间、随时可试？（是/否）", default="否"),
    Question(key="公网地址", text="聚宽发信号用的公网地址（例如 http://1.2.3.4:6000，没有就留空）", default=""),
    Question(key="端口", text="接收信号的端口", default="8888"),
    Question(key="微信token", text="企业微信群机器人的 key（没有就留空）", default=""),
)


def read_answers(path: Path) -> dict[str, object]:
    """The answers of a JSON file, by question. Raises ConfigProblems."""
    findings = Findings()
    raw = read_bytes(path, findings, missing=texts.file_not_found(path.name))
    answers = parse(raw, path.name, findings) if raw is not None else None
    if answers is None or findings.problems:
        raise ConfigProblems(findings.problems)
    return {key: number_text(value) if isinstance(value, Decimal) else value for key, value in answers.items()}


def plan_init(answers: Mapping[str, object], random_bytes: Callable[[int], bytes]) -> dict[str, str]:
    """The text of both files by name. Unanswered questions take their default; raises ConfigProblems."""
    known = {question.key: question.default for question in QUESTIONS}
    unknown = [key for key in answers if key not in known]
    if unknown:
        raise ConfigProblems(
            [Problem(file=ANSWERS, path=key, text=texts.unknown_key(key, closest(key, known), None)) for key in unknown]
        )
    given = {**known, **{key: value for key, value in answers.items() if value is not None}}
    strategy = {
        "名称": given["策略名称"],
        "标识": given["标识"],
        "密钥": make_secret(random_bytes(32)),
        "跟单比例": given["跟单比例"],
        "账户": given["账户名称"],
        "模式": "模拟",
    }
    account = {
        "名称": given["账户名称"],
        "通道": "paper",
        "初始资金": given["初始资金"],
        "全天交易": given["全天交易"],
    }
    follow = {"公网地址": given["公网地址"], "端口": given["端口"], "策略": [strategy]}
    analysis = {"账户": [account], "微信token": given["微信token"] or []}
    files = {FOLLOW_FILE: dump(follow), ANALYSIS_FILE: dump(analysis)}
    examine(files[FOLLOW_FILE].encode("utf-8"), files[ANALYSIS_FILE].encode("utf-8"), Path("."), {})
    return files


def write_init(home: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the planned files; raise ConfigProblems, writing nothing, if any of them is there. Raises CannotWrite."""
    paths = [config_folder(home) / name for name in files]
    there = [path for path in paths if path.exists()]
    if there:
        raise ConfigProblems([Problem(file=path.name, path="", text=texts.config_exists(path.name)) for path in there])
    for path, text in zip(paths, files.values(), strict=True):
        write_whole(path, text, keep_old=False)
    return paths
