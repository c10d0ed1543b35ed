"""What is wrong with a configuration: all of it at once, each with its file and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    file: str  # the file's name, or the environment
    path: str  # the place in it as people say it; '' = the whole file
    text: str

    def __str__(self) -> str:
        place = f"{self.file} › {self.path}" if self.path else self.file
        return f"{place}：{self.text}"


class ConfigProblems(Exception):
    """The configuration cannot be used as it stands; nothing was started. A person must edit it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Findings:
    """What turns up while reading."""

    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def problem(self, file: str, path: str, text: str) -> None:
        found = Problem(file=file, path=path, text=text)
        if found not in self.problems:
            self.problems.append(found)

    def notice(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)
