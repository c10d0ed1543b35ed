"""A strategy's day under a plain Python 3.6: `python3.6 strategy_under_36.py HEADER_FILE`; prints what is left in g.

Standard library only; the little JoinQuant lies beside this file.
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jq_stub

STRATEGY = '''
from math import *

def initialize(context):
    g.security = '000001.XSHE'

def handle_data(context, data):
    order(g.security, 300)
    order_value('600000.XSHG', 10600, LimitOrderStyle(9.5))
    order_target('600000.XSHG', 200)
    order_target_value('600000.XSHG', 0)
    live = batch_submit_orders([{'security': '000002.XSHE', 'amount': 100, 'style': LimitOrderStyle(9)},
                                {'security': '000002.XSHE', 'amount': 200, 'style': LimitOrderStyle(9)}])
    cancel_order(live[0])
    batch_cancel_orders(live[1:])
    margincash_open('000001.XSHE', 100)

def after_trading_end(context):
    gendan_after_close(context)
    gendan_heartbeat(context)
'''


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        header = file.read()
    beijing = time.gmtime(time.time() + 8 * 3600)
    now = jq_stub.datetime.datetime(*beijing[:6])
    jq = jq_stub.JoinQuant(now)
    names = jq.names()
    names['__name__'] = 'user_code'
    exec(compile(header + STRATEGY, 'user_code.py', 'exec'), names)
    names['initialize'](jq.context)
    names['handle_data'](jq.context, None)
    names['after_trading_end'](jq.context)
    print(json.dumps({'version': list(sys.version_info[:2]), 'state': jq.g.gendan, 'log': jq.log.lines,
                      'messages': jq.messages}))


main()
