"""What the configuration says, as values: made by desk.settings, read by everyone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from pathlib import Path

from desk.core.values import Adoption, Follows, Mode, Scaling, SnapshotPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """限额; None switches a limit off. Money in yuan."""

    order_value: Decimal | None = Decimal(500000)  # 单笔金额
    day_turnover: Decimal | None = None  # 单日成交额
    day_orders: int | None = 5000  # 单日委托数
    day_cancels: int | None = 2000  # 单日撤单数
    position_share: Decimal | None = None  # 单票仓位 0-1
    orders_per_second: int | None = 20  # 每秒委托数, paces
    price_deviation: Decimal | None = Decimal("0.05")  # 价格偏离, warns


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountShare:
    """One account that follows a strategy."""

    account: str
    ratio: Decimal
    scaling: Scaling = Scaling.RATIO  # 跟单方式
    capital: Decimal | None = None  # 资金, yuan: what stands for the strategy's equity
    per_order: Decimal | None = None  # 每单金额, yuan: what stands for one buy order


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyConfig:
    name: str  # 名称
    kid: str  # 标识
    secret: str = field(repr=False)  # 密钥 gd2_…; '' when only the old protocol is used
    accounts: tuple[AccountShare, ...]  # 账户 + 跟单比例
    mode: Mode = Mode.PAPER  # 模式
    enabled: bool = True  # 启用
    sell_only: bool = False  # 只卖不买
    v1_until: date | None = None  # 允许旧协议: the last day on which v1 is served; None: off
    v1_token: str = field(default="", repr=False)  # 解码令牌
    signal_valid_s: int = 600  # 信号有效秒数
    allow_backtest: bool = False  # 允许回测: paper accounts only
    whitelist: tuple[str, ...] = ()  # 白名单: symbols; empty: all
    blacklist: tuple[str, ...] = ()  # 黑名单
    chase_limit_up: bool = False  # 涨停排队: queue a buy at limit-up instead of skipping
    queue_limit_down: bool = True  # 跌停排队
    follows: Follows = Follows.ORDERS  # 跟单内容
    snapshot_policy: SnapshotPolicy = SnapshotPolicy.ALARM  # 快照策略
    snapshot_max_cut: Decimal = Decimal("0.3")  # 快照最大减仓: of the book's value, 0-1; 1 switches it off
    adoption: Adoption = Adoption.NEW_ONLY  # 接手方式
    no_trade_band: Decimal = Decimal(0)  # 不交易带宽: of the target, 0-1; 0 switches it off
    value_limit: Decimal | None = None  # 单策略持仓市值, yuan on each account
    symbol_weight: Decimal | None = None  # 单票权重: of the strategy's money on an account, 0-1


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountConfig:
    name: str  # 名称
    channel: str = "paper"  # 通道 paper | miniqmt | bigqmt
    qmt_path: str = ""  # qmt路径
    qmt_account: str = ""  # qmt账户
    qmt_account_type: str = "STOCK"  # qmt账户类型
    xtquant_path: str = ""  # xtquant路径: the broker's own library; '' = the installed one
    initial_cash: Decimal = Decimal(1000000)  # 初始资金
    commission_rate: Decimal = Decimal("0.00025")  # 佣金费率
    min_commission: Decimal = Decimal(5)  # 最低佣金, yuan per order
    feed: str = "合成"  # 行情 合成 | 文件 | 通道
    feed_file: str = ""  # 行情文件
    always_open: bool = False  # 全天交易: paper only
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChaseConfig:
    """How an order is chased (FOLLOWING §3)."""

    max_attempts: int = 5  # 最大重新下单次数
    force_sell_after: int = 3  # 触发强制卖出次数
    wait_s: Decimal = Decimal(5)  # 委托等待秒数
    cancel_grace_s: Decimal = Decimal(30)  # 撤单确认秒数
    price_ticks: tuple[int, ...] = (2, 4, 8)  # 让价档数: k widens on retry
    cash_wait_s: Decimal = Decimal(60)  # 等待卖出资金秒数
    last_chase: time = time(14, 56, 30)  # 尾盘停止追单时间
    opening_call: bool = False  # 是否参加集合竞价
    approval_timeout_s: int = 600  # 等待确认秒数


@dataclass(frozen=True, kw_only=True, slots=True)
class MessengerConfig:
    tokens: tuple[str, ...] = field(default=(), repr=False)  # 微信token
    base_url: str = "https://qyapi.weixin.qq.com"  # 微信地址
    summary_at: tuple[time, ...] = (time(15, 10),)  # 发送摘要时间
    selfcheck_at: tuple[time, ...] = (time(9, 0),)  # 程序自检通知
    silenced: tuple[str, ...] = ()  # 不推送的消息: kinds; what is urgent goes out whatever its kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    home: Path
    strategies: tuple[StrategyConfig, ...] = ()
    accounts: tuple[AccountConfig, ...] = ()
    chase: ChaseConfig = field(default_factory=ChaseConfig)
    messenger: MessengerConfig = field(default_factory=MessengerConfig)
    listen_host: str = "127.0.0.1"  # 监听地址
    listen_port: int = 8888  # 端口
    public_url: str = ""  # 公网地址
    failed_per_minute: int = 60  # 每分钟最大请求数: failed attempts
    console_host: str = "127.0.0.1"  # 控制台地址
    console_port: int = 8686  # 控制台端口
    console_url: str = ""  # 控制台网址: how browsers reach it through a proxy of one's own
    position_upload: bool = False  # 持仓上传: COMPAT's upload on the receiver's port
    open_legacy_reads: bool = False  # 旧客户端免认证读取: COMPAT's GET routes without a key
    database: str = field(default="", repr=False)  # 数据库: '' = SQLite in data/
    holidays_file: str = ""  # 交易日文件: the user's override list
    version: str = ""  # a short hash of both files: stored with every decision

    def strategy(self, name: str) -> StrategyConfig | None:
        return next((s for s in self.strategies if s.name == name), None)

    def by_kid(self, kid: str) -> StrategyConfig | None:
        return next((s for s in self.strategies if s.kid == kid), None)

    def account(self, name: str) -> AccountConfig | None:
        return next((a for a in self.accounts if a.name == name), None)
