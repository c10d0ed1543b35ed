"""What people read about their configuration: every refusal, every notice, the questions of `init`."""

from __future__ import annotations

from collections.abc import Sequence

# --- files ---------------------------------------------------------------------------------------------------------
NO_CONFIG = "还没有配置，先运行 python main.py init"
NOT_A_FILE = "这里应该是一个文件，却是一个文件夹"
NOT_UTF8 = "文件不是 UTF-8 编码（记事本请选「另存为 → 编码 UTF-8」）"
TOO_LARGE = "文件太大，不像是配置文件"
NOT_AN_OBJECT = '整个文件应该是一个 { … }，里面写 "键": 值'
TOO_DEEP = "括号套得太深，不像是配置文件"
BAD_NUMBER = "有写不成数的数字，请检查数字"


def unreadable(reason: str) -> str:
    return f"读不了这个文件：{reason}"


def not_json(line: int, column: int, hint: str) -> str:
    return f"第 {line} 行第 {column} 列写得不对：{hint}"


JSON_HINT = "这里不符合 JSON 的写法（检查逗号、引号、括号是否成对）"
JSON_HINT_BACKSLASH = '路径里的 \\ 请改写成 / 或 \\\\，例如 "D:/国金QMT交易端/userdata_mini"'
JSON_HINT_PUNCTUATION = '用了中文标点，请换成英文的 " , : '
JSON_HINT_COMMA = "最后一项后面多了一个逗号"
JSON_HINT_MISSING_COMMA = "前一项后面少了一个逗号"
JSON_HINT_QUOTE = '键和文字要放在英文双引号 " 里'
JSON_HINT_COMMENT = "JSON 里不能写注释，请删掉 // 或 # 后面的说明"
JSON_HINT_EMPTY = "文件是空的"
JSON_HINT_EXTRA = "最后的括号后面还有多余的内容"
JSON_HINT_NEWLINE = "引号里的文字不能换行"


def not_a_number_literal(word: str) -> str:
    return f"{word} 不是数"


def duplicate_key(key: str) -> str:
    return f"「{key}」在同一个括号里写了两次，只能留一个"


# --- keys ----------------------------------------------------------------------------------------------------------
def unknown_key(key: str, closest: str | None, elsewhere: str | None) -> str:
    if closest is not None:
        return f"没有「{key}」这个键，是不是「{closest}」？"
    if elsewhere is not None:
        return f"「{key}」不该写在这里，它属于{elsewhere}"
    return f"没有「{key}」这个键"


def missing_key(key: str, help_text: str) -> str:
    return f"缺少「{key}」（{help_text}）"


SHOULD_BE_OBJECT = "应该是一个 { … }"
SHOULD_BE_LIST = "应该是一个列表 [ … ]"

# --- values --------------------------------------------------------------------------------------------------------
EMPTY_TEXT = "不能为空"
TEXT_EXPECTED = "应该是文字，放在双引号里"
CONTROL_CHARACTERS = "里面有看不见的字符（路径里的 \\ 请写成 / 或 \\\\）"
BROKEN_CHARACTERS = "里面有残缺的字符"
NUMBER_EXPECTED = "应该是一个数"
WHOLE_EXPECTED = "应该是一个整数"
FLAG_EXPECTED = '应该是 true 或 false（也可写 "是" 或 "否"）'
TIME_EXPECTED = '应该是时间，例如 "15:10:00"'
TIMES_EXPECTED = '应该是时间或时间列表，例如 "09:00:00" 或 ["09:00:00", "15:10:00"]'
TEXTS_EXPECTED = '应该是文字列表，例如 ["…"]'
LAST_DAY_EXPECTED = '应该是 false 或截止日期 "YYYY-MM-DD"（旧协议不安全，必须有期限）'
TICKS_EXPECTED = "应该是从小到大的整数列表，例如 [2, 4, 8]"
KINDS_EXPECTED = '应该是消息种类的列表，例如 ["已下单", "成交"]'
SYMBOLS_EXPECTED = '应该是股票代码列表，例如 ["600000.SH", "000001.XSHE"]'
URL_EXPECTED = "应该是以 http:// 或 https:// 开头的地址"
PUBLIC_URL_EXPECTED = '应该是聚宽能访问的地址，例如 "http://1.2.3.4:6000"'
HOST_EXPECTED = '应该是监听的 IP 地址，例如 "127.0.0.1"'
DATABASE_EXPECTED = '应该为空（用 data/ 里的 SQLite），或数据库地址，例如 "postgresql://用户：密码@主机/库"'
KID_EXPECTED = "只能用字母、数字、_ 和 -，1 到 16 个"
SECRET_EXPECTED = (
    "密钥必须是程序生成的（gd2_ 加 43 个字符），不能自己起密码；运行 python main.py strategy rekey 策略名称 生成"
)
WECOM_EXPECTED = "应该是企业微信群机器人 webhook 地址里 key= 后面的那一段"
MULTIPLE_TOKENS = "应该是文字列表"
OFF_HINT = "；要关掉这一项请写 null"


def not_among(choices: Sequence[str]) -> str:
    return "只能是 " + "、".join(f"「{c}」" for c in choices)


def out_of_range(low: str | None, high: str | None, low_open: bool) -> str:
    parts = []
    if low is not None:
        parts.append(f"大于 {low}" if low_open else f"不小于 {low}")
    if high is not None:
        parts.append(f"不大于 {high}")
    return "应该" + "、".join(parts)


def too_long(limit: int) -> str:
    return f"太长了，最多 {limit} 个字"


def bad_symbol(code: str) -> str:
    return f"不认识的股票代码「{code}」，要写成 600000.SH 或 000001.XSHE 这样"


def unknown_message_kind(word: str, closest: str | None, known: Sequence[str]) -> str:
    hint = f"，是不是「{closest}」？" if closest is not None else f"，可以写：{'、'.join(known)}"
    return f"没有叫「{word}」的消息种类{hint}"


def always_pushed(word: str, known: Sequence[str]) -> str:
    return f"「{word}」一直推送，不能关：要人处理，或是人自己要发的；可以关的是：{'、'.join(known)}"


# --- across keys ---------------------------------------------------------------------------------------------------
NO_ACCOUNTS = "一个账户也没有，策略没有地方下单；至少写一个账户"
ACCOUNT_NOT_SAID = "没有写「账户」，而账户不止一个，程序不能替你选"
NO_CAPITAL = "跟单方式「按资金」要写「资金」（元）"
NO_PER_ORDER = "跟单方式「固定金额」要写「每单金额」（元）"
NO_MONEY_TO_WEIGH = "跟单方式「固定金额」用「单票权重」要写「资金」（元）：比例按它算"
NO_SHARES = "账户列表是空的"
ACCOUNT_MISSING_IN_SHARE = "每一项要写「账户」"
RESERVED_NAME = "「测试」和「手动」是留给 test-signal 和手动委托的名字，请换一个"
RESERVED_ACCOUNT = "名字不能以「·模拟」结尾，它留给影子模拟账户"
ALWAYS_OPEN_NOT_PAPER = "全天交易只能用在模拟账户（通道 paper）上"
QMT_PATH_NEEDED = "通道 miniqmt 要写「qmt路径」（QMT 安装目录下的 userdata_mini）"
QMT_ACCOUNT_NEEDED = "接 QMT 的账户要写「qmt账户」（资金账号）"
FEED_FILE_NEEDED = "行情选了「文件」，要写「行情文件」"
BACKTEST_NOT_PAPER = "允许回测只能用在模拟账户（通道 paper）上"
V1_NEEDS_TOKEN = "允许旧协议要同时写「解码令牌」"
NO_SECRET = "没有密钥，收不到信号；运行 python main.py strategy rekey 策略名称 生成，或设环境变量 GENDAN_SECRET_标识"
SAME_PORT = "「控制台端口」和接收「端口」不能相同"
MIXED_FORMS = "新旧两种写法混在一个文件里，只能用一种"


def unknown_account(name: str, known: Sequence[str], closest: str | None) -> str:
    if closest is not None:
        return f"没有叫「{name}」的账户，是不是「{closest}」？"
    return f"没有叫「{name}」的账户" + (f"，现有：{'、'.join(known)}" if known else "")


def used_twice(key: str, value: str) -> str:
    return f"{key}「{value}」用了两次，必须各不相同"


def kid_differs_by_case(value: str) -> str:
    return f"标识「{value}」和另一个只差大小写，必须明显不同"


def same_secret(key: str, other: str) -> str:
    return f"和策略「{other}」的{key}相同；每个策略要有自己的{key}"


def same_token(other: str) -> str:
    return f"和策略「{other}」用了同一个解码令牌；旧协议靠令牌分辨策略，每个策略要有自己的令牌"


def same_broker_account(other: str) -> str:
    return f"和账户「{other}」是同一个资金账号；一个资金账号只能写一次"


def file_not_found(path: str) -> str:
    return f"找不到文件：{path}"


# --- notices -------------------------------------------------------------------------------------------------------
NO_STRATEGIES = "还没有策略：运行 python main.py strategy add 策略名称"
NO_WECOM_TOKEN = "没有写微信token：消息只在日志和控制台里"
NO_PUBLIC_URL = "没有写公网地址：snippet 生成的代码要自己填地址，隧道自检也做不了"
ENV_TOKENS_USED = "微信token 来自环境变量 GENDAN_WECOM_TOKENS"


def v1_is_on(name: str, until: str) -> str:
    return f"策略「{name}」开着旧协议（到 {until} 为止）：密钥能从一条报文里算出来，请尽快换新代码"


def ratio_above_one(name: str, account: str, ratio: str) -> str:
    return f"策略「{name}」在账户「{account}」上的跟单比例是 {ratio}，大于 1：下单会比聚宽多"


def live_mode(name: str, mode: str) -> str:
    return f"策略「{name}」的模式是「{mode}」，会动真实账户"


def not_loopback(key: str, host: str) -> str:
    return f"{key}是 {host}，局域网里的别人也能连到"


def force_sell_never(force: int, attempts: int) -> str:
    return f"触发强制卖出次数 {force} 不小于最大重新下单次数 {attempts}，强制卖出不会发生"


def one_library(first: str, second: str) -> str:
    return f"一个程序里只能用一份 xtquant：账户「{first}」和「{second}」的「xtquant路径」要相同"


def no_line_for_feed(name: str) -> str:
    return f"模拟账户「{name}」的行情写了「通道」，但没有通道是 miniqmt 的账户可以取行情；请改成「合成」或「文件」"


def library_path_ignored(name: str) -> str:
    return f"账户「{name}」不接 MiniQMT，「xtquant路径」没有用到"


def feed_ignored(name: str) -> str:
    return f"账户「{name}」接的是 QMT，行情来自通道，「行情」这一项不起作用"


def disabled(name: str) -> str:
    return f"策略「{name}」没有启用"


def env_wins(variable: str, key: str) -> str:
    return f"环境变量 {variable} 盖过了配置文件里的「{key}」"


def env_unused(variable: str) -> str:
    return f"环境变量 {variable} 对不上任何策略的标识，没有用到"


def env_account(variable: str, name: str) -> str:
    return f"账户「{name}」的设置来自环境变量 {variable}"


ENV_MINIQMT_OFF = "MINIQMT_ENABLED 不是开，其余 MINIQMT_* 没有用到"
ENV_MINIQMT_NO_ACCOUNT = "设了 MINIQMT_ENABLED，但配置里没有账户"

# --- the older form ------------------------------------------------------------------------------------------------
LEGACY_FOLLOW = (
    "用的是旧写法（策略名称、策略跟单比例、解码令牌）；新写法是「策略」列表，每个策略写 名称、标识、密钥、跟单比例，"
    "见 config/README.md；旧写法的策略一律从模拟模式开始"
)
LEGACY_ANALYSIS = "用的是旧写法（qmt路径、qmt账户、qmt账户类型）；新写法是「账户」列表，见 config/README.md"
LEGACY_V1_OFF = (
    '旧协议默认不开：要让聚宽上的旧代码继续用一阵，加一行 "允许旧协议": "YYYY-MM-DD"（截止日期）；'
    "更好的办法是运行 python main.py strategy rekey 策略名称 和 snippet，换上新代码"
)
LEGACY_ONE_TOKEN = (
    "几个策略共用一个解码令牌：旧协议里没有策略名，程序分不清信号是谁的，会跟错。"
    "请给每个策略一个自己的令牌（写成列表），或改用新写法"
)


def legacy_lengths(key: str, have: int, names: int) -> str:
    return f"「{key}」有 {have} 个，策略名称有 {names} 个，个数要一样"


def legacy_ignored(key: str) -> str:
    return f"旧写法里的「{key}」不再使用"


# --- writing -------------------------------------------------------------------------------------------------------
def no_such_strategy(name: str, closest: str | None) -> str:
    return f"没有叫「{name}」的策略" + (f"，是不是「{closest}」？" if closest else "")


def not_settable(key: str, keys: Sequence[str]) -> str:
    return f"「{key}」不能这样改，能改的是：{'、'.join(keys)}"


def strategy_exists(name: str) -> str:
    return f"已经有叫「{name}」的策略"


def account_not_followed(name: str, account: str) -> str:
    return f"策略「{name}」没有跟到账户「{account}」"


def cannot_write(reason: str) -> str:
    return f"写不了配置文件：{reason}"


def config_exists(name: str) -> str:
    return f"{name} 已经有了，init 不会覆盖它；要改请直接编辑，或先把它移走"


def cannot_hear(name: str) -> str:
    return f"策略「{name}」还没有密钥，也没有开旧协议，收不到信号：运行 python main.py strategy rekey {name}"
