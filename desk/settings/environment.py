"""What the environment says instead of the files: secrets, WeCom tokens, and the first account's QMT."""

from __future__ import annotations

from collections.abc import Mapping

from desk.settings.document import ANALYSIS_FILE
from desk.settings.kinds import FLAG, Unfit
from desk.settings.problems import Findings
from desk.texts import settings as texts

ENVIRONMENT = "环境变量"
SECRET_PREFIX = "GENDAN_SECRET_"
WECOM_TOKENS = "GENDAN_WECOM_TOKENS"
_ENABLED = "MINIQMT_ENABLED"
_MINIQMT = {
    "MINIQMT_ACCOUNT_ID": "qmt账户",
    "MINIQMT_ACCOUNT_TYPE": "qmt账户类型",
    "MINIQMT_USERDATA_PATH": "qmt路径",
}


def variables_of(kid: str) -> tuple[str, ...]:
    """The variables that may hold a strategy's secret: exact, _ for -, in capitals (as Windows has it)."""
    plain = kid.replace("-", "_")
    return tuple(dict.fromkeys(SECRET_PREFIX + word for word in (kid, plain, kid.upper(), plain.upper())))


def find_secret(kid: str, env: Mapping[str, str]) -> tuple[str, str] | None:
    """The variable's name and value; None if none is set."""
    for variable in variables_of(kid):
        if env.get(variable, "").strip():
            return variable, env[variable].strip()
    return None


def overlay_follow(document: dict[str, object], env: Mapping[str, str], findings: Findings) -> dict[str, str]:
    """Put the secrets of the environment into the document; return the variable by kid."""
    used: dict[str, str] = {}
    strategies = document.get("策略")
    for strategy in strategies if isinstance(strategies, list) else []:
        kid = strategy.get("标识") if isinstance(strategy, dict) else None
        found = find_secret(kid.strip(), env) if isinstance(kid, str) else None
        if isinstance(kid, str) and found is not None:
            variable, value = found
            if strategy.get("密钥") not in (None, "", value):
                findings.notice(texts.env_wins(variable, "密钥"))
            strategy["密钥"] = value
            used[kid.strip()] = variable
    for variable in env:
        if variable.startswith(SECRET_PREFIX) and variable not in used.values() and env[variable].strip():
            findings.notice(texts.env_unused(variable))
    return used


def overlay_analysis(document: dict[str, object], env: Mapping[str, str], findings: Findings) -> None:
    """Put WeCom tokens and MINIQMT_* of the environment into the document."""
    if env.get(WECOM_TOKENS, "").strip():
        if document.get("微信token"):
            findings.notice(texts.env_wins(WECOM_TOKENS, "微信token"))
        else:
            findings.notice(texts.ENV_TOKENS_USED)
        document["微信token"] = env[WECOM_TOKENS]
    _overlay_miniqmt(document, env, findings)


def _overlay_miniqmt(document: dict[str, object], env: Mapping[str, str], findings: Findings) -> None:
    given = {name: env[name].strip() for name in _MINIQMT if env.get(name, "").strip()}
    if not env.get(_ENABLED, "").strip() and not given:
        return
    try:
        enabled = _miniqmt_enabled(env)
    except Unfit as unfit:
        findings.problem(ENVIRONMENT, _ENABLED, str(unfit))
        return
    if enabled is False:
        if given:
            findings.notice(texts.ENV_MINIQMT_OFF)
        return
    accounts = document.get("账户")
    first = accounts[0] if isinstance(accounts, list) and accounts else None
    if not isinstance(first, dict):
        findings.problem(ANALYSIS_FILE, "账户", texts.ENV_MINIQMT_NO_ACCOUNT)
        return
    if enabled:
        first["通道"] = "miniqmt"
    for variable, value in given.items():
        first[_MINIQMT[variable]] = value
        findings.notice(texts.env_account(variable, str(first.get("名称", ""))[:64]))


def account_variables(env: Mapping[str, str]) -> dict[str, str]:
    """By key, the variable that says it for the first account; none where they are switched off or cannot be read."""
    try:
        enabled = _miniqmt_enabled(env)
    except Unfit:
        return {}
    if enabled is False:
        return {}
    found = {key: name for name, key in _MINIQMT.items() if env.get(name, "").strip()}
    return {"通道": _ENABLED, **found} if enabled else found


def _miniqmt_enabled(env: Mapping[str, str]) -> bool | None:
    """None where nothing is said. Raises Unfit."""
    switch = env.get(_ENABLED, "").strip()
    return bool(FLAG.read({"1": "true", "0": "false"}.get(switch, switch))) if switch else None
