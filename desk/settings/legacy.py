"""Reads the older form of the two files by turning it into the new one; strategies start in 模拟.

The older form has no 标识 and no 密钥: strategies become s1, s2 … and hear nothing until they get a secret, or until
允许旧协议 says how long the old protocol may still be used.
"""

from __future__ import annotations

from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.problems import Findings
from desk.settings.table import Section, rows_of
from desk.texts import settings as texts

_FOLLOW_KEYS = ("策略名称", "策略跟单比例", "解码令牌", "密码", "服务器")
_ANALYSIS_KEYS = ("qmt路径", "qmt账户", "qmt账户类型", "交易系统", "交易品种", "发送方式")
_ACCOUNT_TYPES = ("STOCK", "CREDIT")
LEGACY_ACCOUNT = "QMT账户"


def upgrade_follow(document: dict[str, object], findings: Findings) -> dict[str, object]:
    """The new form of 聚宽跟单设置.json; the document itself where it is in that form."""
    if not any(key in document for key in _FOLLOW_KEYS):
        return document
    if "策略" in document:
        findings.problem(FOLLOW_FILE, "", texts.MIXED_FORMS)
        return {key: value for key, value in document.items() if key not in _FOLLOW_KEYS}
    findings.notice(texts.LEGACY_FOLLOW)
    known = {setting.key for setting in rows_of(Section.FOLLOW)}
    new = {key: value for key, value in document.items() if key in known}
    for key in document:
        if key not in known and key not in (*_FOLLOW_KEYS, "允许旧协议", "账户", "模式"):
            new[key] = document[key]  # unknown: named by the ordinary reading
    if document.get("服务器") and "公网地址" not in new:
        new["公网地址"] = document["服务器"]
    if document.get("密码"):
        findings.notice(texts.legacy_ignored("密码"))
    if "模式" in document:
        findings.notice(texts.legacy_ignored("模式"))
    new["策略"] = _strategies(document, findings)
    return new


def _strategies(document: dict[str, object], findings: Findings) -> list[object]:
    names = _several(document.get("策略名称"))
    if not names:
        findings.problem(FOLLOW_FILE, "策略名称", texts.EMPTY_TEXT)
        return []
    ratios = document.get("策略跟单比例", 1)
    tokens = document.get("解码令牌", "")
    per_name = ratios if isinstance(ratios, list) else [ratios] * len(names)
    if len(per_name) != len(names):
        findings.problem(FOLLOW_FILE, "策略跟单比例", texts.legacy_lengths("策略跟单比例", len(per_name), len(names)))
        return []
    secret_words = [word for word in _several(tokens) if word != ""]
    if len(secret_words) == 1 and len(names) > 1:
        findings.problem(FOLLOW_FILE, "解码令牌", texts.LEGACY_ONE_TOKEN)
        return []
    if secret_words and len(secret_words) != len(names):
        findings.problem(FOLLOW_FILE, "解码令牌", texts.legacy_lengths("解码令牌", len(secret_words), len(names)))
        return []
    until = document.get("允许旧协议", False)
    if secret_words and until in (False, None, "", "否"):
        findings.notice(texts.LEGACY_V1_OFF)
    result: list[object] = []
    for index, (name, ratio) in enumerate(zip(names, per_name, strict=True)):
        strategy: dict[str, object] = {"名称": name, "标识": f"s{index + 1}", "密钥": "", "跟单比例": ratio}
        strategy["模式"] = "模拟"
        if secret_words:
            strategy["解码令牌"] = secret_words[index]
        if until not in (False, None, "", "否"):
            strategy["允许旧协议"] = until
        if "账户" in document:
            strategy["账户"] = document["账户"]
        result.append(strategy)
    return result


def upgrade_analysis(document: dict[str, object], findings: Findings) -> dict[str, object]:
    """The new form of 分析配置.json; the document itself where it is in that form."""
    if not any(key in document for key in _ANALYSIS_KEYS):
        return document
    if "账户" in document:
        findings.problem(ANALYSIS_FILE, "", texts.MIXED_FORMS)
        return {key: value for key, value in document.items() if key not in _ANALYSIS_KEYS}
    findings.notice(texts.LEGACY_ANALYSIS)
    new = {key: value for key, value in document.items() if key not in _ANALYSIS_KEYS}
    account: dict[str, object] = {"名称": LEGACY_ACCOUNT, "通道": "miniqmt"}
    for key in ("qmt路径", "qmt账户", "qmt账户类型"):
        if key in document:
            account[key] = document[key]
    kind = document.get("交易品种")
    if "qmt账户类型" not in account and kind in _ACCOUNT_TYPES:
        account["qmt账户类型"] = kind  # one generation of the old file wrote the account's type here
    elif "交易品种" in document and kind not in _ACCOUNT_TYPES:
        findings.notice(texts.legacy_ignored("交易品种"))
    for key in ("交易系统", "发送方式"):
        if key in document:
            findings.notice(texts.legacy_ignored(key))
    new["账户"] = [account]
    return new


def _several(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [] if value in (None, "") else [value]
