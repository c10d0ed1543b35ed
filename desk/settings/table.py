"""The one settings table: every key that the two files know, with where it goes, its kind, its default and its help.

Loading, error sentences, example files, redaction, the settings page and the README's key table are made from it.
A default is the one that `desk.settings.model` declares for the attribute, unless the row gives its own.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable
from enum import StrEnum

from desk.core.values import Adoption, Follows, Mode, Scaling, SnapshotPolicy
from desk.settings import kinds
from desk.settings.document import ANALYSIS_FILE, FOLLOW_FILE
from desk.settings.kinds import Kind
from desk.settings.model import (
    AccountConfig,
    ChaseConfig,
    Config,
    Limits,
    MessengerConfig,
    StrategyConfig,
)


class Section(StrEnum):
    """An object in the files whose keys are known."""

    FOLLOW = "聚宽跟单设置"  # the top of FOLLOW_FILE
    STRATEGY = "策略"  # one of its 策略
    SHARE = "策略的账户"  # one of a strategy's 账户, where they are a list
    LIMITS = "限额"  # in FOLLOW_FILE and in an account
    ANALYSIS = "分析配置"  # the top of ANALYSIS_FILE
    ACCOUNT = "账户"  # one of its 账户


class Default(StrEnum):
    """A default that is no value."""

    REQUIRED = "必填"
    SECTION = "见下表"  # a list or object with keys of its own
    MODEL = "model"  # declared in desk.settings.model
    INHERIT = "同上一层"  # what the level above says: the file's top, the strategy


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    section: Section
    key: str  # 中文键
    attribute: str  # of the section's record; "chase.x" and "messenger.x" lead into Config's parts
    kind: Kind
    help: str  # one line of Chinese
    default: object = Default.MODEL
    secret: bool = False

    @property
    def file(self) -> str:
        return ANALYSIS_FILE if self.section in (Section.ANALYSIS, Section.ACCOUNT) else FOLLOW_FILE

    @property
    def required(self) -> bool:
        return self.default is Default.REQUIRED

    @property
    def default_value(self) -> object:
        """The value that holds when the key is absent; only for rows whose default is a value."""
        return _model_default(self) if self.default is Default.MODEL else self.default


_RECORDS: dict[Section, type] = {
    Section.FOLLOW: Config,
    Section.ANALYSIS: Config,
    Section.STRATEGY: StrategyConfig,
    Section.ACCOUNT: AccountConfig,
    Section.LIMITS: Limits,
}
_PARTS: dict[str, type] = {"chase": ChaseConfig, "messenger": MessengerConfig}


def _model_default(setting: Setting) -> object:
    part, _, name = setting.attribute.rpartition(".")
    record = _PARTS[part] if part else _RECORDS[setting.section]
    return next(f.default for f in dataclasses.fields(record) if f.name == name)


def _nested(word: str) -> Kind:
    return Kind(word=word, read=lambda raw: raw, show=lambda value: value, nested=True)


_LIST, _OBJECT, _ACCOUNT_CHOICE = _nested("列表"), _nested("对象"), _nested("账户名称或列表")
_NAME = kinds.text(longest=64, may_be_empty=False)
_RATIO = kinds.number("0", "1000", above=True)
_YUAN_LIMIT = kinds.number("0", above=True, off=True)
_COUNT_LIMIT = kinds.whole(1, 10**6, off=True)
_PORT = kinds.whole(1, 65535)
_REQUIRED = Default.REQUIRED


def _row(
    section: Section,
    key: str,
    attribute: str,
    kind: Kind,
    help_text: str,
    *,
    default: object = Default.MODEL,
    secret: bool = False,
) -> Setting:
    return Setting(
        section=section, key=key, attribute=attribute, kind=kind, help=help_text, default=default, secret=secret
    )


_F, _S, _A, _C, _L = Section.FOLLOW, Section.STRATEGY, Section.ANALYSIS, Section.ACCOUNT, Section.LIMITS

SETTINGS: tuple[Setting, ...] = (
    # --- 聚宽跟单设置.json
    _row(_F, "监听地址", "listen_host", kinds.HOST, "接收信号的程序监听哪个地址；隧道在本机，不必改"),
    _row(_F, "端口", "listen_port", _PORT, "接收信号的端口，frp 只映射这一个"),
    _row(_F, "公网地址", "public_url", kinds.PUBLIC_URL, "聚宽发信号用的地址，例如 http://1.2.3.4:6000"),
    _row(_F, "策略", "strategies", _LIST, "跟哪些聚宽策略，每个策略一项", default=Default.SECTION),
    _row(_F, "最大重新下单次数", "chase.max_attempts", kinds.whole(1, 100), "没成交就撤单重下，一个信号最多下几次"),
    _row(_F, "触发强制卖出次数", "chase.force_sell_after", kinds.whole(1, 100), "卖出几次没成交后，让价到允许的边界"),
    _row(_F, "委托等待秒数", "chase.wait_s", kinds.number("0.5", "600"), "一笔委托等多久没成交才撤"),
    _row(_F, "撤单确认秒数", "chase.cancel_grace_s", kinds.number("30", "3600"), "撤单后最多等多久的最终状态"),
    _row(_F, "让价档数", "chase.price_ticks", kinds.TICKS, "第一次、第二次…下单时比对手价多让几个最小变动价位"),
    _row(_F, "等待卖出资金秒数", "chase.cash_wait_s", kinds.number("0", "3600"), "钱不够时，买入最多等在途的卖出多久"),
    _row(_F, "尾盘停止追单时间", "chase.last_chase", kinds.CLOCK_TIME, "这之后不再撤单重下，迟到的信号只下一笔收盘单"),
    _row(_F, "等待确认秒数", "chase.approval_timeout_s", kinds.whole(1, 86400), "确认模式下，等人点头最多多久"),
    _row(_F, "每分钟最大请求数", "failed_per_minute", kinds.whole(1, 100000), "每分钟最多几次失败的请求；正常信号不限"),
    _row(_F, "信号有效秒数", "signal_valid_s", kinds.whole(1, 86400), "买入信号过了多久就不再跟", default=600),
    _row(_F, "限额", "limits", _OBJECT, "对每个账户都有效的限额；账户里可以另写", default=Default.SECTION),
    _row(_F, "持仓上传", "position_upload", kinds.FLAG, "接收旧的持仓上传接口（不如新协议安全，默认关）"),
    # --- 一个策略
    _row(_S, "名称", "name", _NAME, "策略的名字，自己起", default=_REQUIRED),
    _row(_S, "标识", "kid", kinds.KID, "信号里代表这个策略的短名：字母、数字、_、-，最多 16 个", default=_REQUIRED),
    _row(
        _S,
        "密钥",
        "secret",
        kinds.SECRET,
        "程序生成的密钥 gd2_…，也可放在环境变量 GENDAN_SECRET_标识",
        default="",
        secret=True,
    ),
    _row(_S, "跟单比例", "ratio", _RATIO, "聚宽买 1 股，我们买几股", default=1),
    _row(
        _S,
        "跟单方式",
        "scaling",
        kinds.member(Scaling),
        "固定比例；按资金：比例 = 资金 ÷ 策略总权益；固定金额：每笔买入约多少元",
        default=Scaling.RATIO,
    ),
    _row(_S, "资金", "capital", _YUAN_LIMIT, "按资金时，用多少元对应策略的全部权益", default=None),
    _row(_S, "每单金额", "per_order", _YUAN_LIMIT, "固定金额时，聚宽一笔买入我们买多少元", default=None),
    _row(
        _S,
        "账户",
        "accounts",
        _ACCOUNT_CHOICE,
        "跟到哪个账户；几个账户时写成列表，见下；只有一个账户时可不写",
        default="",
    ),
    _row(_S, "模式", "mode", kinds.member(Mode), "模拟：不动真钱；确认：每个信号等人点头；实盘：自动下单"),
    _row(_S, "启用", "enabled", kinds.FLAG, "false 时收信号、不下单"),
    _row(_S, "只卖不买", "sell_only", kinds.FLAG, "true 时只跟卖出"),
    _row(_S, "允许旧协议", "v1_until", kinds.LAST_DAY, "旧的聚宽代码可用到哪一天；旧协议不安全"),
    _row(_S, "解码令牌", "v1_token", kinds.text(longest=200), "旧协议的加密密码，每个策略要不同", secret=True),
    _row(
        _S,
        "信号有效秒数",
        "signal_valid_s",
        kinds.whole(1, 86400),
        "这个策略自己的信号有效秒数",
        default=Default.INHERIT,
    ),
    _row(_S, "允许回测", "allow_backtest", kinds.FLAG, "连聚宽回测的信号也跟，只限模拟账户"),
    _row(_S, "白名单", "whitelist", kinds.SYMBOLS, "只跟这些股票；空着不限"),
    _row(_S, "黑名单", "blacklist", kinds.SYMBOLS, "不跟这些股票"),
    _row(_S, "涨停排队", "chase_limit_up", kinds.FLAG, "买入遇涨停时排队，不然就跳过"),
    _row(_S, "跌停排队", "queue_limit_down", kinds.FLAG, "卖出遇跌停时排队到收盘"),
    _row(
        _S,
        "跟单内容",
        "follows",
        kinds.member(Follows),
        "委托：跟每一笔委托；目标持仓：不看委托，只按快照或上传的持仓买卖差额",
    ),
    _row(
        _S,
        "快照策略",
        "snapshot_policy",
        kinds.member(SnapshotPolicy),
        "聚宽的持仓快照与账本不同时：报警只通知；建议做一份计划等人批准；补齐会更正账本并买卖（隔夜持有的股票要先核对过账户，原因不明或可能除权的差额仍做成计划等人批准）",
    ),
    _row(
        _S,
        "快照最大减仓",
        "snapshot_max_cut",
        kinds.number("0", "1"),
        "补齐时，一份快照最多减掉持仓市值的几成；超过就要人批准",
    ),
    _row(
        _S,
        "接手方式",
        "adoption",
        kinds.member(Adoption),
        "策略在聚宽已有持仓时：只跟新单不买它们；现在建仓做一份计划等人批准",
    ),
    _row(
        _S,
        "不交易带宽",
        "no_trade_band",
        kinds.number("0", "1"),
        "按目标持仓、补齐和计划买卖时，差额不到目标的几成就不交易，0.05 是 5%；清仓总会执行",
    ),
    _row(
        _S,
        "单策略持仓市值",
        "value_limit",
        _YUAN_LIMIT,
        "这个策略在每个账户上最多持有多少元（按昨收价，含在途买入）；超过的买入不跟",
    ),
    _row(
        _S,
        "单票权重",
        "symbol_weight",
        kinds.number("0", "1", above=True, off=True),
        "一只股票最多占这个策略资金的几成，0 到 1；策略资金：固定比例时是策略总权益 × 比例，不然是“资金”",
    ),
    # --- 策略的账户列表里的一项
    _row(Section.SHARE, "账户", "account", _NAME, "账户名称", default=_REQUIRED),
    _row(Section.SHARE, "跟单比例", "ratio", _RATIO, "在这个账户上的跟单比例", default=Default.INHERIT),
    _row(
        Section.SHARE, "跟单方式", "scaling", kinds.member(Scaling), "在这个账户上的跟单方式", default=Default.INHERIT
    ),
    _row(Section.SHARE, "资金", "capital", _YUAN_LIMIT, "在这个账户上的资金", default=Default.INHERIT),
    _row(Section.SHARE, "每单金额", "per_order", _YUAN_LIMIT, "在这个账户上的每单金额", default=Default.INHERIT),
    # --- 限额
    _row(_L, "单笔金额", "order_value", _YUAN_LIMIT, "一个买入信号最多多少元"),
    _row(_L, "单日成交额", "day_turnover", _YUAN_LIMIT, "一天最多成交多少元"),
    _row(_L, "单日委托数", "day_orders", _COUNT_LIMIT, "一天最多几笔委托"),
    _row(_L, "单日撤单数", "day_cancels", _COUNT_LIMIT, "一天最多几次撤单"),
    _row(
        _L,
        "单票仓位",
        "position_share",
        kinds.number("0", "1", above=True, off=True),
        "一只股票最多占总资产几成，0 到 1",
    ),
    _row(_L, "每秒委托数", "orders_per_second", kinds.whole(1, 200, off=True), "每秒最多几笔，超过的排队"),
    _row(
        _L,
        "价格偏离",
        "price_deviation",
        kinds.number("0", "10", above=True, off=True),
        "价格离信号多远时提醒，0.05 是 5%",
    ),
    # --- 分析配置.json
    _row(_A, "账户", "accounts", _LIST, "在哪些账户里下单，每个账户一项", default=Default.SECTION),
    _row(_A, "是否参加集合竞价", "chase.opening_call", kinds.YES_NO, "是否参加开盘集合竞价，否则 09:30 再下"),
    _row(_A, "发送摘要时间", "messenger.summary_at", kinds.CLOCK_TIMES, "每天什么时候发当日摘要"),
    _row(_A, "程序自检通知", "messenger.selfcheck_at", kinds.CLOCK_TIMES, "每天什么时候发自检消息"),
    _row(
        _A,
        "微信token",
        "messenger.tokens",
        kinds.WECOM_KEYS,
        "企业微信群机器人的 key，可几个；也可放在环境变量 GENDAN_WECOM_TOKENS",
        secret=True,
    ),
    _row(_A, "微信地址", "messenger.base_url", kinds.URL, "企业微信接口的地址"),
    _row(
        _A,
        "不推送的消息",
        "messenger.silenced",
        kinds.SILENCED,
        "哪几类消息不推送到微信，例如 已下单、成交；控制台里照样看得到，警报和紧急的一直推送",
    ),
    _row(_A, "控制台地址", "console_host", kinds.HOST, "网页控制台监听哪个地址；不要放到公网"),
    _row(_A, "控制台端口", "console_port", _PORT, "网页控制台的端口"),
    _row(_A, "控制台网址", "console_url", kinds.PUBLIC_URL, "经自己的 https 代理打开控制台时的网址，平时空着"),
    _row(_A, "旧客户端免认证读取", "open_legacy_reads", kinds.FLAG, "旧的持仓查询接口不要密钥（默认关）"),
    _row(_A, "数据库", "database", kinds.DATABASE, "空着用 data/ 里的 SQLite，或写数据库地址", secret=True),
    _row(_A, "交易日文件", "holidays_file", kinds.text(), "自己的交易日表，每行「YYYY-MM-DD 开」或「YYYY-MM-DD 休」"),
    # --- 一个账户
    _row(_C, "名称", "name", _NAME, "账户的名字，自己起", default=_REQUIRED),
    _row(_C, "通道", "channel", kinds.choice("paper", "miniqmt", "bigqmt"), "paper 模拟，miniqmt 或 bigqmt 接券商"),
    _row(_C, "qmt路径", "qmt_path", kinds.text(), "QMT 安装目录下的 userdata_mini，斜杠写成 /"),
    _row(_C, "qmt账户", "qmt_account", kinds.text(longest=64), "资金账号"),
    _row(_C, "qmt账户类型", "qmt_account_type", kinds.choice("STOCK", "CREDIT"), "STOCK 普通，CREDIT 信用"),
    _row(_C, "xtquant路径", "xtquant_path", kinds.text(), "券商自带的 xtquant 文件夹；空着用 pip 装的那个"),
    _row(_C, "初始资金", "initial_cash", kinds.number("0", "1000000000000", above=True), "模拟账户开始时有多少元"),
    _row(_C, "佣金费率", "commission_rate", kinds.number("0", "0.003"), "佣金，0.00025 是万分之二点五"),
    _row(_C, "最低佣金", "min_commission", kinds.number("0", "1000"), "每笔委托最低佣金，元"),
    _row(
        _C,
        "行情",
        "feed",
        kinds.choice("合成", "文件", "通道"),
        "模拟账户的行情从哪里来；通道：用第一个 miniqmt 账户的行情",
    ),
    _row(_C, "行情文件", "feed_file", kinds.text(), "行情选「文件」时的 CSV，相对路径从程序文件夹算起"),
    _row(_C, "全天交易", "always_open", kinds.FLAG, "不看交易时间，只限模拟账户，供试用"),
    _row(_C, "限额", "limits", _OBJECT, "这个账户自己的限额，写了的键盖过全局", default=Default.SECTION),
)


def rows_of(section: Section) -> tuple[Setting, ...]:
    return tuple(setting for setting in SETTINGS if setting.section is section)


def row(section: Section, key: str) -> Setting:
    return next(setting for setting in SETTINGS if setting.section is section and setting.key == key)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to a misspelt one, if one is near."""
    near = difflib.get_close_matches(word.strip()[:64], list(known), n=1, cutoff=0.5)
    return near[0] if near else None


def elsewhere(key: str, section: Section) -> str | None:
    """Where a key belongs that was written into the wrong place."""
    homes = [s for s in SETTINGS if s.key == key and s.section is not section]
    if not homes:
        return None
    place = homes[0]
    inside = "" if place.section in (Section.FOLLOW, Section.ANALYSIS) else f"的「{place.section.value}」"
    return f"{place.file}{inside}"
