# -*- coding: utf-8 -*-
# ======================================================================================================================
# Gendan 跟单 · 持仓上传。把整个文件贴在策略代码的最上面,再在 initialize 里写一行:
#
#     run_daily(gendan_upload_positions, time='every_bar')   # 或者 '14:55'、'after_close' 等任何时间
#
# 它把策略当前的全部持仓(签名并加密)发给接收端,覆盖这个策略上一次的目标持仓。接收端要打开「持仓上传」。
# 只在模拟交易(sim_trade)里发送,回测从不发送。读不到或读不全持仓时什么也不发,从不当作空仓。任何错误只写日志。
# ======================================================================================================================


def _gendan_positions_settings():
    """设置:只有这里可以改。写在函数里,是因为聚宽每天会用昨天保存的值覆盖全局变量。"""
    return {
        'address': "@@ADDRESS@@",  # 接收端公网地址,例如 http://1.2.3.4:8888
        'kid': "@@KID@@",  # 标识
        'secret': "@@SECRET@@",  # 密钥,不要发给别人
        'strategy': "@@STRATEGY@@",  # 策略名称,要与接收端的一样
        'seconds': 5.0,  # 每次连接最多等几秒
        'tries': 3,  # 没送到时一共试几次
    }


def _gendan_positions_install(names, settings):
    """以下内容不需要修改。"""
    import base64
    import hashlib
    import hmac
    import http.client
    import json
    import os
    import struct
    import time
    import urllib.parse

    # A strategy may well say `from numpy import *` below: what we use must not be looked up in its globals.
    from builtins import (
        AttributeError, Exception, LookupError, OSError, RecursionError, TypeError, ValueError, bytes, float, getattr,
        int, len, list, object, range, round, str, type, zip,
    )

    # @@SIGNING@@

    class Uploader(object):
        now, sleep, random = staticmethod(time.time), staticmethod(time.sleep), staticmethod(os.urandom)

        def __init__(self):
            parts = urllib.parse.urlsplit(
                settings['address'] if '://' in settings['address'] else 'http://' + settings['address'])
            self.connect = http.client.HTTPSConnection if parts.scheme == 'https' else http.client.HTTPConnection
            self.place, self.path = parts.netloc, parts.path.rstrip('/') + '/api/v1/positions/update'
            self.keys = Keys(settings['kid'], settings['secret'])

        def rows(self, context):
            """The strategy's whole list of positions; raises when any of it cannot be read."""
            found = []
            positions = context.portfolio.positions
            for security in list(positions):
                position = positions[security]
                # What waits in a sell order is held as well.
                shares = int(position.total_amount) + int(getattr(position, 'locked_amount', 0) or 0)
                if shares < 0:
                    raise ValueError('%s 的持仓是 %d 股' % (security, shares))
                if shares:
                    cost = float(position.avg_cost)
                    cost = round(cost if cost > 0 else float(position.price), 4)
                    found.append({'code': str(security), 'volume': shares, 'cost': cost})
            return found

        def upload(self, context):
            if str(context.run_params.type) != 'sim_trade':
                return
            form = {'strategy_name': settings['strategy'], 'positions': self.rows(context)}
            plaintext = json.dumps(form, allow_nan=False).encode('ascii')
            said = ''
            for turn in range(int(settings['tries'])):
                if turn:
                    self.sleep(0.5 * 2 ** turn)
                try:
                    done, said = self.post(plaintext)
                except (OSError, http.client.HTTPException) as error:
                    done, said = None, '%s %s' % (type(error).__name__, error)
                if done is not None:
                    break
            if done:
                log.info('[持仓上传] 已保存 %d 只' % len(form['positions']))
            else:
                log.error('[持仓上传] 没有保存,接收端的目标持仓没有变:%s' % said)

        def post(self, plaintext):
            """(True, '') when it is stored, (False, why) when it is refused, (None, why) when it is worth another try."""
            body_id = be64(int(self.now() * 1000))[2:] + self.random(10)  # rising, as the signals' ids
            body, mac = self.keys.pack(body_id, int(self.now() * 1000), plaintext)
            connection = self.connect(self.place, timeout=float(settings['seconds']))
            try:
                connection.request('POST', self.path, body.encode('ascii'), {'Content-Type': 'application/json'})
                answer = connection.getresponse()
                content = answer.read(65536)
            finally:
                connection.close()
            if answer.status == 200 and self.keys.read_ack(body_id, mac, content):
                return True, ''
            said = '%d %s' % (answer.status, content[:2000].decode('utf-8', 'replace'))
            return (False if answer.status in (400, 403, 404, 413) else None), said

    uploader = Uploader()

    def gendan_upload_positions(context):
        """上传策略当前的全部持仓。"""
        try:
            uploader.upload(context)
        except Exception as error:
            log.error('[持仓上传] 没有上传:%s %s' % (type(error).__name__, error))

    log = names['log']
    gendan_upload_positions.uploader = uploader
    gendan_upload_positions.__module__ = names.get('__name__', '__main__')
    gendan_upload_positions.__qualname__ = 'gendan_upload_positions'  # pickled by its name, as the strategy's own are
    names['gendan_upload_positions'] = gendan_upload_positions


try:
    _gendan_positions_install(globals(), _gendan_positions_settings())
except Exception as _gendan_error:
    log.error('[持仓上传] 安装失败,持仓不会上传:%s %s' % (type(_gendan_error).__name__, _gendan_error))
# ========================================= 持仓上传的代码到此为止,以下是您的策略 =========================================
