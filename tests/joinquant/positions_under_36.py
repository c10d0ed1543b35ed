"""A strategy that uploads its positions, under a plain Python 3.6: `python3.6 positions_under_36.py PASTED_FILE`.

Standard library only; the little JoinQuant lies beside this file.
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jq_stub

STRATEGY = '''
from math import *

def handle_data(context, data):
    gendan_upload_positions(context)
'''


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        pasted = file.read()
    jq = jq_stub.JoinQuant()
    jq.context.portfolio.positions = {
        '000001.XSHE': jq_stub.Position(900, locked=100, avg_cost=12.5),
        '600519.XSHG': jq_stub.Position(100, avg_cost=-3.0, price=1450.0),
        '600000.XSHG': jq_stub.Position(0),
    }
    names = jq.names()
    names['__name__'] = 'user_code'
    exec(compile(pasted + STRATEGY, 'user_code.py', 'exec'), names)
    names['handle_data'](jq.context, None)
    print(json.dumps({'version': list(sys.version_info[:2]), 'log': jq.log.lines}))


main()
