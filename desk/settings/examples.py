"""Writes the example files and the key table from the settings table."""

from __future__ import annotations

import json
from pathlib import Path

from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.files import dump
from desk.settings.table import Default, Section, Setting, rows_of

SECRET_PLACEHOLDER = "python main.py strategy add 会生成"
_EXAMPLES: dict[tuple[Section, str], object] = {
    (Section.FOLLOW, "公网地址"): "http://1.2.3.4:6000",
    (Section.STRATEGY, "名称"): "我的策略",
    (Section.STRATEGY, "标识"): "s1",
    (Section.STRATEGY, "密钥"): SECRET_PLACEHOLDER,
    (Section.STRATEGY, "账户"): "模拟账户",
    (Section.STRATEGY, "信号有效秒数"): 600,
    (Section.ACCOUNT, "名称"): "模拟账户",
}
_TITLES = {
    Section.FOLLOW: f"{FOLLOW_FILE} 最外层",
    Section.STRATEGY: f"{FOLLOW_FILE} 的「策略」里的一项",
    Section.SHARE: "「账户」写成列表时的一项",
    Section.LIMITS: "「限额」（两个文件都可写；账户里的盖过全局；null 关掉一项）",
    Section.ANALYSIS: f"{ANALYSIS_FILE} 最外层",
    Section.ACCOUNT: f"{ANALYSIS_FILE} 的「账户」里的一项",
}


def _example(section: Section) -> dict[str, object]:
    """An object with every key of a section at its default."""
    result: dict[str, object] = {}
    for setting in rows_of(section):
        if (section, setting.key) in _EXAMPLES:
            result[setting.key] = _EXAMPLES[section, setting.key]
        elif setting.default is Default.SECTION:
            if setting.key == "限额" and section is Section.FOLLOW:
                result[setting.key] = _example(Section.LIMITS)
            elif setting.key == "策略":
                result[setting.key] = [_example(Section.STRATEGY)]
            elif setting.key == "账户":
                result[setting.key] = [_example(Section.ACCOUNT)]
        elif not setting.kind.nested:
            result[setting.key] = setting.kind.show(setting.default_value)
    return result


def example_files() -> dict[str, str]:
    """The text of every generated file, by its name in config/."""
    return {
        FOLLOW_FILE.replace(".json", ".example.json"): dump(_example(Section.FOLLOW)),
        ANALYSIS_FILE.replace(".json", ".example.json"): dump(_example(Section.ANALYSIS)),
        "README.md": _readme(),
    }


def _default_word(setting: Setting) -> str:
    if isinstance(setting.default, Default) and setting.default is not Default.MODEL:
        return setting.default.value
    shown = setting.kind.show(setting.default_value)
    return "空" if shown in ("", []) else f"`{json.dumps(shown, ensure_ascii=False)}`"


def key_table() -> str:
    """Every key as markdown tables, for config/README.md and for the README."""
    parts = []
    for section, title in _TITLES.items():
        lines = [f"### {title}", "", "| 键 | 写什么 | 不写时 | 说明 |", "|---|---|---|---|"]
        for setting in rows_of(section):
            help_text = setting.help + ("（保密）" if setting.secret else "")
            lines.append(f"| {setting.key} | {setting.kind.word} | {_default_word(setting)} | {help_text} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _readme() -> str:
    return f"""# 配置

这里放两个文件：`{FOLLOW_FILE}`（跟哪些策略、怎么追单）和 `{ANALYSIS_FILE}`（在哪些账户下单、发什么消息）。
`python main.py init` 问几个问题就写好它们；`python main.py check-config` 一次列出所有问题。
两个 `.example.json` 列出全部的键和默认值，仅供查阅：只需写想改的键。

- 文件是 UTF-8 编码的 JSON，不能写注释；路径里的斜杠写成 `/`。
- 不认识的键是错误，提示里有最接近的键。数也可以写成文字，例如 `"0.5"`；开关也可以写 `"是"`、`"否"`。
- 密钥由程序生成（`strategy add`、`strategy rekey`），不能自己起密码。两个正式文件和 `.bak` 不进 git，不要发给别人。
- 密钥和微信token 也可以放在环境变量里：`GENDAN_SECRET_标识`（标识里的 `-` 写成 `_`，大写也行）和 `GENDAN_WECOM_TOKENS`
  （几个用逗号隔开）；第一个账户可用 `MINIQMT_ENABLED`、
  `MINIQMT_ACCOUNT_ID`、`MINIQMT_ACCOUNT_TYPE`、`MINIQMT_USERDATA_PATH`。
- 旧版的同名文件（策略名称、策略跟单比例、解码令牌、qmt路径、qmt账户……）也能读，会提示新写法；
  程序改写它时会换成新写法，旧文件留在 `.bak`。
- 交易日文件的每一行是 `2027-01-04 开`、`2027-02-05 休` 或 `2027-12-31 止`（到这天为止，没列出的周一到周五都开市）。

下面的表由设置表生成：`python -m desk.settings.examples`。

{key_table()}"""


def write(folder: Path) -> None:
    """Write the generated files into the project's config folder."""
    for name, text in example_files().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[2] / "config")
