# -*- coding: utf-8 -*-
# ======================================================================================================================
# Gendan 跟单 · 聚宽端。把整个文件贴在策略代码的最上面,策略本身一行都不用改。
#
# 建议另加三行(写在 initialize 里),收盘对账更可靠:
#     run_daily(gendan_heartbeat, time='09:00')       # 盘前报平安,并补发没送到的信号
#     run_daily(gendan_heartbeat, time='every_bar')   # 可选:挂单成交后立刻上报(不加则在下一次下单时上报)
#     run_daily(gendan_after_close, time='after_close')   # 收盘:当日委托的最终状态 + 持仓快照
# 已有 after_trading_end(context) 的策略,也可以在其中写一行:gendan_after_close(context)
#
# 只在模拟交易(sim_trade)里发送;回测默认不发送。任何错误只写日志,不影响策略,不改变下单函数的返回值。
# ======================================================================================================================


def _gendan_settings():
    """跟单设置:只有这里可以改。写在函数里,是因为聚宽每天会用昨天保存的值覆盖全局变量。"""
    return {
        'address': "@@ADDRESS@@",  # 接收端公网地址,例如 http://1.2.3.4:8888
        'kid': "@@KID@@",  # 标识
        'secret': "@@SECRET@@",  # 密钥,不要发给别人
        'strategy': "@@STRATEGY@@",  # 策略名称,只用于提示
        'backtest': False,  # True:回测也发送(接收端默认忽略)
        'seconds': 3.0,  # 每次下单最多为发送等待几秒
        'spool': 500,  # 没送到的信号最多保留多少包
        'message': True,  # 送不到时用聚宽的 send_message 再提醒一次
    }


def _gendan_install(names, settings):
    """包装下单函数。names 是策略的全局变量;以下内容不需要修改。"""
    import base64
    import builtins
    import calendar
    import hashlib
    import hmac
    import http.client
    import io
    import json
    import os
    import socket
    import struct
    import sys
    import threading
    import time
    import urllib.parse

    # A strategy may well say `from numpy import *` below: what we use must not be looked up in its globals.
    from builtins import (
        AttributeError, BaseException, Exception, LookupError, OSError, RecursionError, TypeError, ValueError, abs, bytes,
        dict, float, getattr, hasattr, int, isinstance, len, list, max, min, object, range, round, setattr,
        str, tuple, type, zip,
    )

    ORDER_CALLS = ('order', 'order_value', 'order_target', 'order_target_value')
    CANCEL_CALLS = ('cancel_order', 'batch_cancel_orders')
    UNSUPPORTED_CALLS = (
        'margincash_open', 'margincash_close', 'margincash_direct_refund',
        'marginsec_open', 'marginsec_close', 'marginsec_direct_refund',
    )
    API_MODULES = ('kuanke.user_space_api', 'jqdata', 'kuanke.wizard')
    STATUS = {'new': 'n', 'open': 'o', 'filled': 'f', 'canceled': 'c', 'cancelled': 'c', 'rejected': 'r', 'held': 'h',
              '8': 'n', '0': 'o', '1': 'f', '2': 'c', '3': 'r', '4': 'h'}
    LIVE = 'nof'
    STYLES = {'MarketOrderStyle': '', 'LimitOrderStyle': 'l', 'StopMarketOrderStyle': 's', 'StopLimitOrderStyle': 'S'}
    UNKNOWN = object()  # a style argument that could not be seen
    BATCH = 50  # events in one body
    MAX_BODY = 60000  # bytes; the receiver takes 64 KiB
    LATE = 600  # seconds between strategy time and the wall clock that make a simulation a delayed one
    BUSY = (429, 500, 502, 503, 504)
    early_log = names.get('log') or getattr(builtins, 'log', None)  # before anything can shadow it

    # --- 加密与签名 ---------------------------------------------------------------------------------------------------

    def digest(key, data):
        return hmac.new(key, data, hashlib.sha256).digest()

    def lp(data):
        return struct.pack('>I', len(data)) + data

    def be64(number):
        return struct.pack('>Q', number)

    def b64(data):
        return base64.b64encode(data).decode('ascii')

    class Keys(object):
        def __init__(self, kid, secret):
            raw = base64.urlsafe_b64decode(secret[4:].encode('ascii') + b'=')
            if not secret.startswith('gd2_') or len(raw) != 32 or not 1 <= len(kid) <= 16:
                raise ValueError('标识或密钥不完整,请重新生成跟单代码')
            self.kid = kid
            prk = digest(b'gendan/2|' + kid.encode('ascii'), raw)
            self.enc, self.mac, self.ack = [digest(prk, name + b'\x01') for name in (b'enc', b'mac', b'ack')]
            self.mark = digest(self.ack, b'mark').hex()[:8]  # tells bodies of an earlier key

        def pack(self, body_id, t_ms, plaintext):
            """Return the body and its MAC; the same arguments give the same bytes."""
            blocks = [digest(self.enc, body_id + be64(n)) for n in range((len(plaintext) + 31) // 32)]
            ciphertext = bytes([a ^ b for a, b in zip(plaintext, b''.join(blocks))])
            mac = digest(self.mac, b'gendan-2\x00' + lp(self.kid.encode('ascii')) + body_id + be64(t_ms) + lp(ciphertext))
            body = '{"v":2,"k":"%s","i":"%s","t":%d,"c":"%s","m":"%s"}' % (
                self.kid, b64(body_id), t_ms, b64(ciphertext), b64(mac))
            return body, mac

        def read_ack(self, body_id, mac, answer):
            """Return (st, q) of an answer that the receiver signed for this very body, else None."""
            try:
                data = json.loads(answer.decode('utf-8'))
                st, q = data['st'], data['q']
                if data['v'] != 2 or data['i'] != b64(body_id) or type(q) is not int or not 0 <= q < 2 ** 63:
                    return None
                signed = digest(self.ack, b'gendan-ack-2\x00' + body_id + mac + lp(st.encode('ascii')) + be64(q))
                return (st, q) if hmac.compare_digest(b64(signed), data['m']) else None
            except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
                return None

    # --- 网络:一条保持的连接,最少的字节 --------------------------------------------------------------------------------

    class DeadlineReader(io.RawIOBase):
        """Reads a socket until a moment, however slowly the bytes drip in."""

        def __init__(self, sock, deadline, monotonic):
            self.sock, self.deadline, self.monotonic = sock, deadline, monotonic

        def readable(self):
            return True

        def readinto(self, into):
            left = self.deadline - self.monotonic()
            if left <= 0:
                raise socket.timeout('timed out')
            self.sock.settimeout(left)
            return self.sock.recv_into(into)

        def makefile(self, *_):
            return io.BufferedReader(self)

    class Line(object):
        def __init__(self, address, monotonic):
            parts = urllib.parse.urlsplit(address if '://' in address else 'http://' + address)
            if parts.scheme not in ('http', 'https') or not parts.hostname:
                raise ValueError('接收端地址不对:' + address)
            self.tls, self.host, self.netloc = parts.scheme == 'https', parts.hostname, parts.netloc
            self.port = parts.port or (443 if self.tls else 80)
            self.path = parts.path if len(parts.path) > 1 else '/api/order'
            self.monotonic = monotonic
            self.sock = None
            self.known = []  # the addresses that the name had last time

        def close(self):
            sock, self.sock = self.sock, None
            if sock is not None:
                sock.close()

        def addresses(self, deadline):
            """Resolve the name within the deadline: the system's call has none, so it runs beside us."""
            found = []

            def resolve():
                try:
                    found.append(socket.getaddrinfo(self.host, self.port, 0, socket.SOCK_STREAM))
                except OSError as error:
                    found.append(error)

            helper = threading.Thread(target=resolve)
            helper.daemon = True
            helper.start()
            helper.join(max(0.05, deadline - self.monotonic()))
            if found and isinstance(found[0], list):
                self.known = found[0]
            elif not self.known:
                raise found[0] if found else socket.timeout('name not resolved in time')
            return self.known

        def connect(self, deadline):
            wrong = None
            for family, kind, proto, _, address in self.addresses(deadline):
                if wrong is not None and self.monotonic() >= deadline:
                    break
                sock = socket.socket(family, kind, proto)
                try:
                    sock.settimeout(max(0.05, deadline - self.monotonic()))
                    sock.connect(address)
                    self.sock = sock
                    break
                except OSError as error:
                    sock.close()
                    wrong = error
            if self.sock is None:
                raise wrong or OSError('no address for ' + self.host)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                import ssl
                self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

        def post(self, body, deadline):
            """Return (status, answer); a kept connection that died meanwhile is opened again once."""
            kept = self.sock is not None
            try:
                return self.post_once(body, deadline)
            except (OSError, http.client.HTTPException):
                if not kept or self.monotonic() >= deadline:
                    raise
            return self.post_once(body, deadline)

        def post_once(self, body, deadline):
            raw = body.encode('ascii')
            head = 'POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n' % (self.path, self.netloc, len(raw))
            try:
                if self.sock is None:
                    self.connect(deadline)
                self.sock.settimeout(max(0.05, deadline - self.monotonic()))
                self.sock.sendall(head.encode('ascii') + raw)
                response = http.client.HTTPResponse(DeadlineReader(self.sock, deadline, self.monotonic), method='POST')
                response.begin()
                answer = response.read(65536)
                if response.will_close or not response.isclosed():
                    self.close()
                return response.status, answer
            except BaseException:
                self.close()
                raise

    # --- 读聚宽的对象 -------------------------------------------------------------------------------------------------

    def number(value):
        """A JSON number with at most 4 decimals, or None for what is no number."""
        try:
            value = round(float(value), 4)
        except (TypeError, ValueError):
            return None
        if value != value or value in (float('inf'), float('-inf')):
            return None
        return int(value) if value == int(value) else value

    def epoch(naive):
        """Seconds since 1970 of JoinQuant's naive Beijing time."""
        return calendar.timegm(naive.timetuple()) - 8 * 3600

    def read_style(style, facts):
        """(k, limit) of the call's style argument; '' is a market order. Never guesses that a live order is one."""
        if style is None:
            return '', None
        for kind in type(style).__mro__:
            if kind.__name__ in STYLES:
                limit = None
                for name in ('limit_price', '_limit_price', 'price'):
                    limit = limit or number(getattr(style, name, None))
                return STYLES[kind.__name__], limit if limit and limit > 0 else None
        return 'l' if facts['u'] in LIVE else '', None

    def read_order(order):
        """The facts of a JoinQuant order as the wire names them."""
        amount, filled = abs(int(order.amount)), abs(int(order.filled))
        status = str(getattr(order.status, 'name', order.status)).rpartition('.')[2].lower()
        letter = STATUS.get(status) or ('f' if filled else 'o')  # pending_cancel is still alive
        facts = {'o': str(order.order_id), 'x': str(order.security), 'b': 1 if order.is_buy else 0, 'a': amount,
                 'f': filled, 'p': number(getattr(order, 'price', 0)) or 0, 'u': letter,
                 'z': 's' if str(getattr(order, 'side', 'long')) == 'short' else ''}
        added = getattr(order, 'add_time', None)
        facts['d'] = epoch(added) if hasattr(added, 'timetuple') else None
        return facts

    def compact(content):
        return json.dumps(content, ensure_ascii=False, separators=(',', ':')).encode('utf-8')

    def in_words(event):
        if event['y'] in 'ot':
            return '%s %s %d股' % ('买入' if event['b'] else '卖出', event['x'], event['a'])
        return {'c': '撤单 ' + event.get('x', ''), 's': '持仓快照', 'h': '心跳'}[event['y']]

    class Gendan(object):
        """Sends what the strategy does. Everything that must survive the daily kill lies in g.gendan, as plain data."""

        def __init__(self):
            self.now, self.monotonic, self.sleep, self.random = time.time, time.monotonic, time.sleep, os.urandom
            self.keys = self.line = self.context = None
            self.broken = ''
            self.depth = 0
            self.waits = {}  # body id -> (not before, times): bodies that got unsigned answers
            self.quick_until = 0.0  # after a failure the next calls wait shorter
            self.told = {}  # kind -> when send_message was last used for it
            self.warned = {}
            self.wrappers = {}
            self.no_g = type('NoG', (object,), {})()  # outside JoinQuant there is no g
            try:
                self.keys = Keys(settings['kid'], settings['secret'])
                self.line = Line(settings['address'], lambda: self.monotonic())
            except Exception as error:
                self.broken = '跟单设置无效,信号不会发送:%s' % error
                self.say('settings', self.broken)

        # ---- 说话 ----

        def look(self, name):
            return names[name] if name in names else getattr(builtins, name, None)

        def write(self, level, text):
            log = early_log if hasattr(early_log, level) else self.look('log')
            getattr(log, level, getattr(log, 'info', lambda _: None))('[跟单] ' + text)

        def warn_once(self, key, text):
            if key not in self.warned:
                self.warned[key] = True
                self.write('warn', text)
                self.message(key, text)

        def say(self, kind, text):
            self.write('error', text)
            self.message(kind, text)

        def message(self, kind, text):
            """The second channel: at most one message of a kind in ten minutes."""
            send, last = self.look('send_message'), self.told.get(kind)
            if not settings['message'] or send is None or (last is not None and self.monotonic() - last < 600):
                return
            self.told[kind] = self.monotonic()
            try:
                send('[跟单 %s] %s' % (settings['strategy'], text))
            except Exception as error:
                self.write('error', 'send_message 失败:%s' % error)

        def safely(self, act, *args):
            try:
                return act(*args)
            except Exception as error:
                try:
                    self.say('error', '内部错误(策略不受影响):%s %s' % (type(error).__name__, error))
                except Exception:
                    pass  # not even the log works: the strategy must go on

        # ---- 状态与环境 ----

        def state(self):
            box = self.look('g')
            box = self.no_g if box is None else box
            kept = getattr(box, 'gendan', None)
            if not isinstance(kept, dict) or not isinstance(kept.get('spool'), list):
                if kept is not None:
                    self.say('state', 'g.gendan 被改写,未送达的信号已丢失,序号从头开始')
                kept = {'spool': []}
                setattr(box, 'gendan', kept)
            for key, value in (('q', 1), ('live', {}), ('day', ''), ('late', '')):
                kept.setdefault(key, value)
            return kept

        def find_context(self):
            """The context that the platform gave to one of the functions above us, else the last one seen."""
            for named in (True, False):
                frame = sys._getframe(1)
                while frame is not None:
                    code = frame.f_code
                    key = 'context' if named else code.co_varnames[0] if code.co_argcount else ''
                    value = frame.f_locals.get(key)
                    if hasattr(value, 'run_params') and hasattr(value, 'portfolio'):
                        self.context = value
                        return value
                    frame = frame.f_back
            return self.context

        def strategy_time(self, context, fallback=None):
            current = getattr(context, 'current_dt', None)
            if hasattr(current, 'timetuple'):
                return epoch(current)
            return int(self.now()) if fallback is None else fallback

        def run_type(self, context, at):
            """'s' real-time simulation, 'b' backtest or delayed, '' not to be sent. `at`: strategy time, epoch seconds."""
            kind = str(getattr(getattr(context, 'run_params', None), 'type', ''))
            wall = int(self.now())
            if not kind:
                self.warn_once('context', '找不到 context,按委托时间判断是否为模拟交易')
                kind = 'sim_trade' if abs(wall - at) <= LATE else 'backtest'
            if kind != 'sim_trade' and not settings['backtest']:
                return ''
            state = self.state()
            day, wall_day = [time.strftime('%Y-%m-%d', time.gmtime(moment + 8 * 3600)) for moment in (at, wall)]
            if state['day'] != day:
                state['day'], state['live'] = day, {}  # order ids are unique within a day only
            if kind != 'sim_trade':
                return 'b'
            late = day != wall_day or abs(wall - at) > LATE
            if (at + 8 * 3600) % 86400 >= 15 * 3600:
                # The platform calls the hooks after the close when it has time: they are as late as the day's orders.
                late = day != wall_day or state['late'] == day
            state['late'] = day if late else ''
            if late:
                self.warn_once('late', '模拟交易不是实时运行(策略时间与实际时间不符),信号按回测标记,不会被跟单')
                return 'b'
            return 's'

        def orders(self, name):
            """Today's orders by id, {} if JoinQuant does not tell."""
            function = self.look(name)
            found = function() if function is not None else {}
            found = found.values() if isinstance(found, dict) else found or ()
            return {str(order.order_id): order for order in found if order is not None}

        # ---- 事件 ----

        def order_event(self, facts, run, k, limit):
            event = {'y': 'o', 'q': 0, 'r': run, 'd': facts['d'] or self.strategy_time(self.context)}
            for key in 'oxbafp':
                event[key] = facts[key]
            if limit is not None:
                event['l'] = limit
            event['u'] = facts['u']
            if k:
                event['k'] = k
            if facts['z']:
                event['z'] = facts['z']
                self.warn_once('short', '不支持做空和期货,这些委托不会被跟单')
            elif facts['x'][-5:] not in ('.XSHE', '.XSHG') and facts['x'][-3:] != '.BJ':
                self.warn_once('security', '可能不支持的品种:%s' % facts['x'])
            self.remember(facts, k, limit)
            return event

        def remember(self, facts, k, limit):
            live = self.state()['live']
            if facts['u'] in LIVE:
                live[facts['o']] = [facts['f'], facts['u'], k, limit]
            else:
                live.pop(facts['o'], None)

        def changes(self, run, noted, skip=()):
            """Orders reported as live, or noted before the call, that have moved since: their states as events."""
            live, today, events = self.state()['live'], self.orders('get_orders'), []
            for order_id in list(live) + [one for one in noted if one not in live]:
                order = today.get(order_id) or noted.get(order_id)
                facts = None if order is None or order_id in skip else self.safely(read_order, order)
                if facts is None:
                    continue
                f, u, k, limit = live.get(order_id, [None, None, '', None])
                if (facts['f'], facts['u']) != (f, u) and (order_id in live or facts['u'] not in LIVE):
                    events.append(self.order_event(facts, run, k, limit))
            return events

        def holding(self, context, security):
            positions = context.portfolio.positions
            if security not in positions:
                return 0
            position = positions[security]
            return int(position.total_amount) + int(getattr(position, 'locked_amount', 0) or 0)

        def enrich(self, context, events):
            """Equity once, and each security's holding on its last event: earlier ones are from before the later."""
            if context is None or not events:
                return
            equity = number(getattr(context.portfolio, 'total_value', None))
            if equity is not None:
                events[0]['e'] = equity
            last = {event['x']: event for event in events if 'z' not in event}
            for security in last:
                last[security]['n'] = self.holding(context, security)

        def snapshot_event(self, context, run):
            portfolio, rows, live = context.portfolio, [], []
            for security in list(portfolio.positions):
                position = portfolio.positions[security]
                shares = self.holding(context, security)
                if shares > 0:
                    rows.append([str(security), shares, int(position.closeable_amount), number(position.avg_cost) or 0,
                                 number(position.price) or 0])
            kept, open_orders = self.state()['live'], self.orders('get_open_orders')
            for order_id in open_orders:
                facts = read_order(open_orders[order_id])
                if facts['u'] in LIVE:
                    limit = kept.get(order_id, [0, '', '', None])[3]
                    live.append([facts[key] for key in 'oxbafu'] + [limit])
            event = {'y': 's', 'q': 0, 'r': run, 'd': self.strategy_time(context), 'P': rows}
            for key, value in (('C', portfolio.available_cash), ('E', portfolio.total_value)):
                if number(value) is not None:
                    event[key] = number(value)
            event['O'] = live
            return event

        # ---- 打包与发送 ----

        def send(self, events):
            """Pack once, spool, deliver what the spool holds; the st of the last signed answer if all is delivered."""
            if self.broken:
                self.say('settings', self.broken)
                return None
            for start in range(0, len(events), BATCH):
                self.pack(events[start:start + BATCH])
            return self.deliver()

        def pack(self, events):
            if len(events) > 1 and len(compact(events)) * 4 // 3 > MAX_BODY - 1000:
                for event in events:
                    self.pack([event])
                return
            state = self.state()
            for event in events:
                if event['y'] != 't':
                    event['q'] = state['q']
                    state['q'] += 1
            plaintext = compact(events[0] if len(events) == 1 else events)
            body_id = self.new_id()
            body, mac = self.keys.pack(body_id, int(self.now() * 1000), plaintext)
            words = '、'.join([in_words(event) for event in events[:3]]) + (' 等' if len(events) > 3 else '')
            if len(body) > MAX_BODY:
                self.say('dropped', '内容太长,无法发送:' + words)
                return
            state['spool'].append({'i': b64(body_id), 'm': b64(mac), 'b': body, 'w': words, 'k': self.keys.mark})
            while len(state['spool']) > settings['spool']:
                self.say('dropped', '未送达的信号太多,丢弃最早的一条:' + state['spool'].pop(0)['w'])

        def new_id(self):
            """16 bytes, never used twice. They begin with the time: rising ids keep a long journal as quick as a short one."""
            return be64(int(self.now() * 1000))[2:] + self.random(10)

        def deliver(self):
            """Post what is spooled, oldest first, within the time budget; only a signed answer removes a body."""
            spool = self.state()['spool']
            foreign = [entry for entry in spool if entry.get('k') != self.keys.mark]
            if foreign:
                # Their answers could not be verified any more; packing them anew could double them.
                spool[:] = [entry for entry in spool if entry.get('k') == self.keys.mark]
                self.say('dropped', '密钥已更换,%d 条旧信号无法补发,请核对:%s' % (
                    len(foreign), '、'.join([str(entry.get('w')) for entry in foreign[:5]])))
            quick = self.monotonic() < self.quick_until
            deadline = self.monotonic() + min(1.0 if quick else settings['seconds'], settings['seconds'])
            trouble, answered = '', None
            for entry in list(spool):
                if self.monotonic() < self.waits.get(entry['i'], (0.0, 0))[0]:
                    trouble = trouble or '等待重试'
                    continue
                ack, trouble, stop = self.deliver_one(entry, deadline, trouble)
                if ack is not None:
                    answered = self.settle(entry, ack)
                if stop:
                    if answered is None:
                        self.quick_until = self.monotonic() + 10  # a loop of orders must not wait for each
                    break
            if spool:
                self.say('undelivered', '%d 条信号未送达(会继续补发),最早:%s;原因:%s' % (
                    len(spool), spool[0]['w'], trouble))
                return None
            return answered

        def deliver_one(self, entry, deadline, trouble):
            """(ack or None, trouble, stop): the same bytes again and again until a signed answer or the deadline."""
            pause = 0.2
            while self.monotonic() < deadline:
                try:
                    status, answer = self.line.post(entry['b'], deadline)
                    ack = self.keys.read_ack(base64.b64decode(entry['i']), base64.b64decode(entry['m']), answer)
                    if ack is not None:
                        return ack, trouble, False
                    trouble = '应答没有签名(HTTP %d)' % status
                    if status not in BUSY:
                        # The receiver may refuse this one body for good, or somebody on the way may say so:
                        # keep it, try the others.
                        times = self.waits.get(entry['i'], (0.0, 0))[1]
                        wait = min(600, 5 * 2 ** min(times - 2, 10)) if times > 1 else 0
                        self.waits[entry['i']] = (self.monotonic() + wait, times + 1)
                        return None, trouble, False
                except (OSError, http.client.HTTPException, ValueError) as error:
                    trouble = '连接失败 %s %s' % (type(error).__name__, error)
                if self.monotonic() + pause >= deadline:
                    break
                self.sleep(pause)
                pause *= 2
            return None, trouble or '超时', True

        def settle(self, entry, ack):
            st, q = ack
            state = self.state()
            state['spool'].remove(entry)
            self.waits.pop(entry['i'], None)
            state['q'] = max(state['q'], q)  # JoinQuant may have restored an older g
            if st in ('refused', 'clock'):
                reason = {'refused': '内容无法使用', 'clock': '时钟相差太多'}[st]
                self.say(st, '接收端不采用:%s(%s)' % (entry['w'], reason))
            return st

        # ---- 包装 ----

        def before(self, name, args, kwargs):
            """Note what the call may change: today's ids, the live orders that it may cancel. False: not followed."""
            self.safely(self.reinstall)
            context = self.safely(self.find_context)
            kind = getattr(getattr(context, 'run_params', None), 'type', 'sim_trade')
            if kind != 'sim_trade' and not settings['backtest']:
                return False
            live = self.safely(self.orders, 'get_open_orders') or {}
            if name not in CANCEL_CALLS:
                security = str(kwargs.get('security', args[0] if args else ''))
                target = name.startswith('order_target')
                live = {one: live[one] for one in live if target and str(live[one].security) == security}
            return {'ids': self.safely(self.orders, 'get_orders'), 'live': live}

        def after(self, name, args, kwargs, noted, result, failed):
            context = self.find_context()
            if name in CANCEL_CALLS:
                self.after_cancel(context, args, kwargs, noted, result)
                return
            if failed:  # what it created before it failed is known to nobody else, and its limit not to us
                today = self.orders('get_orders') if noted['ids'] is not None else {}
                made = [(today[one], UNKNOWN) for one in today if one not in noted['ids']]
            else:
                made = self.results(name, args, kwargs, result)
            reports = []
            for order, style in made:
                facts = self.safely(read_order, order)
                if facts is not None:
                    reports.append((facts, self.safely(read_style, style, facts) or read_style(UNKNOWN, facts)))
            run = self.run_type(context, self.strategy_time(context, reports[0][0]['d'] if reports else None))
            if not run:
                return
            moved = self.safely(self.changes, run, noted['live'], [facts['o'] for facts, _ in reports]) or []
            new = [self.order_event(facts, run, k, limit) for facts, (k, limit) in reports]
            self.safely(self.enrich, context, new)
            self.send(moved + new)

        def results(self, name, args, kwargs, result):
            """[(order, its style argument)] of what a call created."""
            if name != 'batch_submit_orders':
                style = kwargs.get('style', args[2] if len(args) > 2 else None)
                return [(result, style)] if hasattr(result, 'order_id') else []
            asked = list(kwargs.get('orders', args[0] if args else None) or ())
            made = list(result.values() if isinstance(result, dict) else result or ())
            styles = [UNKNOWN] * len(made)
            if len(asked) == len(made):
                styles = [one.get('style') if isinstance(one, dict) else getattr(one, 'style', UNKNOWN) for one in asked]
            return [(order, style) for order, style in zip(made, styles) if hasattr(order, 'order_id')]

        def after_cancel(self, context, args, kwargs, noted, result):
            asked = args[0] if args else kwargs.get('order', kwargs.get('orders'))
            asked = list(asked.values()) if isinstance(asked, dict) else asked
            asked = asked if isinstance(asked, (list, tuple)) else [] if hasattr(asked, '__next__') else [asked]
            today = self.safely(self.orders, 'get_orders') or {}
            cancelled = []
            for one in asked:
                order_id = str(getattr(one, 'order_id', one))
                order = today.get(order_id) or noted['live'].get(order_id) or one
                order = order if hasattr(order, 'order_id') else result
                facts = self.safely(read_order, order) if hasattr(order, 'order_id') else None
                if facts is None:
                    self.write('error', '撤单没有上报:不认识的委托 %s' % order_id)
                else:
                    cancelled.append(facts)
            at = self.strategy_time(context, cancelled[0]['d'] if cancelled else None)
            run = self.run_type(context, at)
            if not run:
                return
            events = []
            for facts in cancelled:
                events.append({'y': 'c', 'q': 0, 'r': run, 'd': at, 'o': facts['o'], 'x': facts['x'],
                               'a': facts['a'], 'f': facts['f'], 'u': facts['u']})
                self.remember(facts, *self.state()['live'].get(facts['o'], [0, '', '', None])[2:])
            moved = self.safely(self.changes, run, noted['live'], [facts['o'] for facts in cancelled]) or []
            self.send(events + moved)

        def wrap(self, name, original):
            def wrapper(*args, **kwargs):
                if self.depth:  # JoinQuant's functions call each other: one wish is reported once
                    return original(*args, **kwargs)
                self.depth += 1
                try:
                    if name in UNSUPPORTED_CALLS:
                        self.safely(self.warn_once, name, '%s(融资融券)不支持跟单,没有发送' % name)
                        return original(*args, **kwargs)
                    noted = self.safely(self.before, name, args, kwargs)
                    if noted is False:
                        return original(*args, **kwargs)
                    noted = noted or {'ids': None, 'live': {}}
                    try:
                        result = original(*args, **kwargs)
                    except Exception:
                        self.safely(self.after, name, args, kwargs, noted, None, True)
                        raise
                    self.safely(self.after, name, args, kwargs, noted, result, False)
                    return result
                finally:
                    self.depth -= 1

            wrapper.gendan_original = original
            return self.publish(name, wrapper)

        def publish(self, name, function):
            """Put a function among the strategy's own, pickled by its name as they are: never an old one restored."""
            function.__name__ = function.__qualname__ = name
            function.__module__ = names.get('__name__', '__main__')
            names[name] = function
            return function

        def install(self):
            for name in ORDER_CALLS + ('batch_submit_orders',) + CANCEL_CALLS + UNSUPPORTED_CALLS:
                modules = [sys.modules[one] for one in API_MODULES if one in sys.modules]
                places = [one for one in [self.look(name)] + [getattr(module, name, None) for module in modules] if one]
                if not places:
                    continue
                original = getattr(places[0], 'gendan_original', places[0])
                wrapper = self.wrappers[name] = self.wrap(name, original)
                for module in modules:  # a later `from jqdata import *` must not bring the bare function back
                    found = getattr(module, name, None)
                    if found is not None and getattr(found, 'gendan_original', found) is original:
                        self.safely(setattr, module, name, wrapper)
            if not self.wrappers:
                self.say('install', '没有找到下单函数,跟单没有生效')

        def reinstall(self):
            for name in self.wrappers:
                if names.get(name) is self.wrappers[name].gendan_original:
                    names[name] = self.wrappers[name]
                    self.write('warn', '%s 被后面的 import 覆盖,已恢复跟单' % name)

        # ---- 策略里可以调用的一行 ----

        def hook(self, context, make):
            self.reinstall()
            self.context = context if context is not None else self.find_context()
            run = self.run_type(self.context, self.strategy_time(self.context))
            if run:
                self.send((self.safely(self.changes, run, {}) or []) + (self.safely(make, run) or []))

        def after_close(self, context):
            self.hook(context, lambda run: [self.snapshot_event(context, run)])

        def heartbeat(self, context):
            def beat(run):
                # Undelivered events say as much as a heartbeat would, and are older.
                at = self.strategy_time(self.context)
                return [] if self.state()['spool'] else [{'y': 'h', 'q': 0, 'r': run, 'd': at}]
            self.hook(context, beat)

        def test(self, security, amount, buy, price, live):
            event = {'y': 't', 'q': 0, 'r': 's', 'd': int(self.now()), 'o': 't' + self.random(4).hex(),
                     'x': str(security), 'b': 1 if buy else 0, 'a': int(amount), 'f': int(amount),
                     'p': number(price) or 0, 'u': 'h'}
            if live:
                event['w'] = 1
            return self.send([event])

    gendan = Gendan()

    def gendan_after_close(context):
        """收盘后调用一次:当日委托的最终状态和持仓快照。"""
        gendan.safely(gendan.after_close, context)

    def gendan_snapshot(context):
        """随时可以调用:持仓快照(接收端用来核对)。"""
        gendan.safely(gendan.after_close, context)

    def gendan_heartbeat(context):
        """报平安,补发没送到的信号,上报挂单的变化。"""
        gendan.safely(gendan.heartbeat, context)

    def gendan_test(security, amount, buy=True, price=None, live=False):
        """发一条测试委托(记在"测试"名下);返回接收端签名的应答,例如 'accepted',没送到返回 None。"""
        return gendan.safely(gendan.test, security, amount, buy, price, live)

    for function in (gendan_after_close, gendan_snapshot, gendan_heartbeat, gendan_test):
        gendan.publish(function.__name__, function)
        function.gendan = gendan
    gendan.safely(gendan.install)


try:
    _gendan_install(globals(), _gendan_settings())
except Exception as _gendan_error:  # a platform without sockets, say: the strategy goes on, loudly unfollowed
    log.error('[跟单] 安装失败,信号不会发送:%s %s' % (type(_gendan_error).__name__, _gendan_error))
# =========================================== 跟单代码到此为止,以下是您的策略 ===========================================
