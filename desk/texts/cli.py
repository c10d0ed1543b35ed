"""What the command line says to a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

# --- the daemon -------------------------------------------------------------------------------------------------------

STOPPING = "正在停止：处理完手头的请求…"
STOPPED = "已停止。"
EXCHANGE_STOPPED = "模拟交易所停了"
ACCOUNTS_NEED_RESTART = "账户有增减或换了通道，要停下程序再启动（main.py run）才生效；其余改动也等到那时。"


def already_running(home: Path) -> str:
    return f"这个文件夹里已有一个跟单程序在运行：{home}。一个文件夹只能运行一个；要重启请先停下它。"


def port_occupied(host: str, port: int) -> str:
    return f"端口被占用：{host}:{port} 已被别的程序使用。请关掉它，或在 聚宽跟单设置.json 里改「端口」。"


def cannot_listen(host: str, port: int, why: str) -> str:
    return f"不能监听 {host}:{port}（{why}）。请检查 聚宽跟单设置.json 里的「监听地址」和「端口」。"


CONSOLE_FALLS = "控制台一再停下"
CONSOLE_FALLS_TEXT = (
    "控制台的进程接连停下，程序会不断重启它；跟单不受影响，急停可以用 python main.py halt。原因见今天的 console 日志。"
)


def console_closed(host: str, port: int, why: str) -> str:
    return f"控制台不能监听 {host}:{port}（{why}），没有打开。请关掉占用它的程序，或改「控制台端口」。"


def console_broken(why: str) -> str:
    return f"控制台打不开（{why}），跟单不受影响；原因见今天的日志。"


def threads_failed(names: Sequence[str], folder: Path) -> str:
    return f"程序的一部分意外结束（{'、'.join(names)}），已全部停下；原因见 {folder} 里今天的日志。"


def channel_unbuilt(strategy: str, mode: str, account: str, channel: str) -> str:
    return (
        f"策略 {strategy} 是{mode}模式，账户 {account} 的通道 {channel} 在后续版本提供，现在还接不上，没有启动。"
        f"请先把策略改回模拟（strategy mode {strategy} 模拟），或把账户的通道写成 paper。"
    )


def shadow_only(account: str, shadow: str) -> str:
    return f"账户 {account} 的券商通道在后续版本提供；它的模拟策略现在跟到 {shadow}，成交价来自合成行情，不是真实行情。"


def store_unusable(account: str, why: str) -> str:
    return f"账户 {account} 的模拟交易打不开：{why or '原因不明'}。"


def data_unusable(folder: Path, why: str) -> str:
    return f"数据文件夹 {folder} 不能写（{why}），账本没法保存；请检查权限，或用 --home 换一个能写的地方。"


def bad_variable(name: str) -> str:
    return f'环境变量 {name} 要写成 JSON，例如 {{"账户名": "端口文件"}}。'


def notice(text: str) -> str:
    return f"提示：{text}"


def started(address: str, accounts: Sequence[str], logs: Path) -> str:
    words = [f"接收 {address}" if address else "", f"账户 {'、'.join(accounts)}" if accounts else ""]
    return f"已启动：{'，'.join(word for word in words if word)}；日志在 {logs}，按 Ctrl-C 停止。"


def console_served(address: str) -> str:
    return f"控制台：{address}"


# --- asking the daemon ------------------------------------------------------------------------------------------------

NOT_RUNNING = "跟单程序没有在运行，这件事要由它来做。请先启动：python main.py run"
HALT_KEPT = "跟单程序没有在运行；急停已记下，下次启动时先急停，不会下单。"
UNHALT_KEPT = "跟单程序没有在运行；已记下，下次启动时解除急停。"
RELOADED = "运行中的程序已采用。"
POSITION_UPLOAD_OFF = "注意：聚宽跟单设置.json 里的「持仓上传」还没有打开，接收端现在不收。"
FILES_BUSY = "配置文件正被别的程序修改，什么都没有改，请再试一次。"
TAKES_EFFECT_LATER = "程序没有在运行，下次启动时生效。"
LIQUIDATE_NEEDS_YES = "清仓会把各策略持有的股票全部卖出。确定的话请加 --yes 再执行一次。"
LIVE_NEEDS_YES = "实盘模式会用真钱自动下单。确定的话请加 --yes 再执行一次。"
RECONCILE_NEEDS_YES = "按账户修正账本需要人来决定。看过上面的差异、确定的话请加 --yes 再执行一次。"
RESTORE_NEEDS_YES = "恢复会用备份换掉现在的账本（旧的会改名留下）。确定的话请加 --yes 再执行一次。"
TEST_LIVE_NEEDS_YES = "这会在真实账户里下一笔真的委托。确定的话请加 --yes 再执行一次。"


def no_answer(seconds: float) -> str:
    return f"命令已记下，但程序在 {seconds:.0f} 秒内没有回答；请看 status 和日志。"


def reload_refused(why: str) -> str:
    return f"配置文件已改好，但运行中的程序没有采用：{why}"


# --- lists ------------------------------------------------------------------------------------------------------------

NOTHING = {
    "signals": "今天还没有信号。",
    "orders": "今天还没有委托。",
    "fills": "今天还没有成交。",
    "positions": "没有持仓。",
    "books": "还没有账本。",
}
RANGE_EMPTY = "这段时间里没有记录。"
NO_STRATEGIES = "还没有策略。请用 strategy add 名称 添加。"


def strategy_limits(band: str, value: str | None, weight: str | None) -> str:
    """What a strategy's own limits are, '' where it has none."""
    words = [f"不交易带宽 {band}"] if band != "0" else []
    words += [f"单策略持仓市值 {value} 元"] if value is not None else []
    words += [f"单票权重 {weight}"] if weight is not None else []
    return "，".join(words)


NO_PLANS = "没有等人批准的计划。"
PLAN_WITHOUT_ORDERS = "只更正账本，不下委托。"
NO_MESSAGES = "还没有发过通知。"


def unknown_plan(wanted: str) -> str:
    return f"没有编号为 {wanted} 的计划；用 plan list 看有哪些。"


def plan_how(plan_id: str) -> str:
    return f"批准：python main.py approve {plan_id}　拒绝：python main.py reject {plan_id}"


def unknown_id(wanted: str) -> str:
    return f"没有编号为 {wanted} 的信号。请用 signals 查看编号，写开头几位就可以。"


def ambiguous_id(wanted: str, found: Sequence[str]) -> str:
    return f"以 {wanted} 开头的不止一个，请多写几位：\n" + "\n".join(f"  {one}" for one in found)


def unknown_book(wanted: str) -> str:
    return f"没有账本 {wanted}。请写成 策略/账户/代码，例如 小市值/主账户/600000.XSHG；books 列出有的。"


def bad_mark(mark: str) -> str:
    return f"--before 的号 {mark} 不对，请用上一页末尾给的。"


def earlier_changes(mark: str) -> str:
    return f"更早的还有，请加 --before {mark}。"


OWNED_ONLY = "只有策略名下的股数；手工买卖的持仓，过去的数没有记。"


def unknown_security(code: str) -> str:
    return f"不认识的股票代码 {code}，请写成 000001.XSHE 这样。"


def bad_date(text: str) -> str:
    return f"日期要写成 2026-11-20，不是 {text}。"


def days_turned_round(day_from: date, day_to: date) -> str:
    return f"--to {day_to} 比 --from {day_from} 早。"


def bad_moment(said: str) -> str:
    return f"看不懂时间 {said}，请写成 2026-11-20 10:30。"


# --- strategies -------------------------------------------------------------------------------------------------------

NO_PUBLIC_URL = "还没有写「公网地址」（聚宽跟单设置.json），经隧道测试不了。"


def unknown_strategy(name: str, near: str | None) -> str:
    return f"没有叫 {name} 的策略" + (f"，是不是 {near}？" if near else "。用 strategy list 查看。")


def bad_mode(word: str) -> str:
    return f"模式只有：模拟、确认、实盘（paper、confirm、live），没有 {word}。"


def bad_number(text: str) -> str:
    return f"要写一个数，不是 {text}。"


def secret_in_environment(variable: str) -> str:
    return f"这个策略的密钥在环境变量 {variable} 里，文件里改了也不起作用；请先去掉那个变量。"


def rekeyed(name: str) -> str:
    return (
        f"策略 {name} 已换了新密钥，旧密钥立即失效。请用 snippet {name} 重新生成聚宽代码，贴进聚宽的策略里，"
        "否则收不到它的信号。"
    )


def added(name: str, kid: str, secret: str, accounts: str) -> str:
    return (
        f"已添加策略 {name}（模拟模式，{accounts}）\n"
        f"标识  {kid}\n密钥  {secret}\n"
        "密钥只在这里显示一次；它写在 config 里，不要发给别人。\n"
        f"下一步：python main.py snippet {name} --out 跟单代码.py，把文件内容贴到聚宽策略的最上面。"
    )


def snippet_without_address(address: str) -> str:
    return f"提示：没有写「公网地址」，代码里先填了本机的 {address}，聚宽从公网找不到它；配好隧道后请重新生成。"


def snippet_written(path: Path) -> str:
    return f"已写入 {path}。打开它，全部复制到聚宽策略的最上面；里面有密钥，不要发给别人。"


def bad_address(address: str) -> str:
    return f"地址 {address} 不能用，要写成 http://1.2.3.4:8888。"


def no_secret(name: str) -> str:
    return f"策略 {name} 没有密钥；请用 strategy rekey {name} 生成一个。"


# --- test signals -----------------------------------------------------------------------------------------------------


def test_not_delivered(address: str, log: Sequence[str]) -> str:
    return f"没有送到 {address}：{' '.join(log) or '没有得到签名的回答'}"


def test_failed(why: str) -> str:
    return f"测试没有通过：{why}。"


def real_account_later(accounts: Sequence[str]) -> str:
    return f"账户 {'、'.join(accounts)} 的券商通道在后续版本提供，现在下不了真实委托。"


_ANSWERS = {"accepted": "已收下", "duplicate": "重复", "refused": "内容不能用", "clock": "时间相差太大"}


def test_answered(answer: str) -> str:
    return f"接收端签名回答：{_ANSWERS.get(answer, answer)}"


def test_delivered(answer: str, address: str, event_id: str) -> str:
    return f"已送到 {address}，{test_answered(answer)}\n信号编号 {event_id}"


# --- set-up, keeping, telling -----------------------------------------------------------------------------------------

CONFIG_GOOD = "配置没有问题。"
BACKING_UP = "备份"


def backup_over(file: Path) -> str:
    return f"{file} 是程序自己在用的文件，不能拿备份盖掉它；请换个文件名，什么都没有做。"


NOTHING_TO_BACK_UP = "还没有账本，没有可备份的。"
RESTORED_OLDER = (
    "备份之后的信号和委托不在账本里：券商那里若已有，启动后会急停或冻结，不会自动再下。请先核对持仓，再解除急停。"
)
RESTORE_NOT_SQLITE = "账本在数据库服务器上，请用数据库自己的工具恢复。"
RESTORE_WHILE_RUNNING = "跟单程序正在运行，请先停下它再恢复。"
ONE_TABLE_FOR_OUT = "写了 --out 时一次只能导出一张表。"
NOTHING_EXPORTED = "这段时间里没有记录，没有写文件。"


def init_done(paths: Sequence[Path]) -> str:
    written = "\n".join(f"  {path}" for path in paths)
    return (
        f"已写好：\n{written}\n"
        "接下来：\n"
        "  python main.py doctor       自检\n"
        "  python main.py snippet 策略名 --out 跟单代码.py   要贴进聚宽的代码\n"
        "  python main.py run          启动（模拟账户，不动真钱）"
    )


def answers_unreadable(path: Path, why: str) -> str:
    return f'答案文件 {path} 读不了：{why}。要写成 JSON，例如 {{"策略名称": "小市值"}}。'


def problems(count: int) -> str:
    return f"配置有 {count} 个问题："


def unknown_table(wanted: str, known: Sequence[str]) -> str:
    return f"没有叫 {wanted} 的表；可以导出：{'、'.join(known)}。"


def cannot_write_table(path: Path, why: str) -> str:
    return f"{path} 写不了（{why}）；是不是正在 Excel 里打开着？"


def cannot_write_file(path: Path, why: str) -> str:
    return f"{path} 写不了（{why}）。"


def exported(paths: Sequence[Path]) -> str:
    return "已写入：\n" + "\n".join(f"  {path}" for path in paths) if paths else NOTHING_EXPORTED


def backed_up(path: Path, stores: int) -> str:
    beside = f"{stores} 个模拟账户的存档在旁边的文件夹 {path.name}.paper 里，请一起保存。" if stores else ""
    return f"已备份到 {path}（已检查完好）。{beside}里面有您的交易，不要放到网盘。"


def restored(kept: Path | None, stores: int) -> str:
    return (
        "已恢复。"
        + (f"原来的账本留在 {kept}。" if kept else "")
        + (f"{stores} 个模拟账户的存档一起换回，原来的也留着。" if stores else "")
        + RESTORED_OLDER
    )


# --- the tunnel -------------------------------------------------------------------------------------------------------

TUNNEL_OFF_TITLE = "隧道不通"
TUNNEL_OFF = "从公网地址访问不到这台电脑，聚宽的信号进不来；请检查 frp 是否在运行。"
TUNNEL_STRANGER = "公网地址有应答，但应答的不是本程序，聚宽的信号进不来；请核对端口映射，或是否被登录页拦截。"
TUNNEL_BACK_TITLE = "隧道恢复"
TUNNEL_BACK = "从公网地址又能访问到这台电脑；断开期间没送到的信号，聚宽端会自动补发。"


def tunnel_said(word: str, age_s: float | None) -> str:
    """The tunnel's state, and how old that knowledge is."""
    if age_s is None:
        return f"隧道 {word}"
    minutes = int(max(0.0, age_s) // 60)
    age = "刚刚" if minutes < 1 else f"{minutes} 分钟前" if minutes < 120 else f"{minutes // 60} 小时前"
    return f"隧道 {word}（{age}检测）"


# --- the system -------------------------------------------------------------------------------------------------------


def system_refused(why: str, file: object) -> str:
    return f"系统不允许：{why}" + (f"（{file}）" if file else "")


# --- settings from the console ----------------------------------------------------------------------------------------

NOTHING_CHANGED = "没有什么要改的。"
NO_SUCH_CHANGE = "没有这次改动，或者它太久了，不能从这里退回。"


def not_editable(file: str) -> str:
    return f"{file} 里的这一项不能在这里改。"


def changed_since(key: str) -> str:
    return f"「{key}」后来又在文件里改过，没有退回；请先看一下文件。"
