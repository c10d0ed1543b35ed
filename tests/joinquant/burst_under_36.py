"""A burst of a strategy's orders under a plain Python 3.6: `python3.6 burst_under_36.py HEADER_FILE COUNT [PAUSE_S]`.

Buys COUNT stocks, 100 shares each, then lets the heartbeat deliver what is left, as JoinQuant's minutes do. Prints what
is left in g and how long the longest order call took.
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jq_stub

STRATEGY = """

def buy(context, number):
    order('600%03d.XSHG' % number, 100)

def minute(context):
    gendan_heartbeat(context)
"""
PATIENCE_S = 120


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        header = file.read()
    count, pause_s = int(sys.argv[2]), float((sys.argv[3:] or ["0"])[0])
    beijing = time.gmtime(time.time() + 8 * 3600)
    jq = jq_stub.JoinQuant(jq_stub.datetime.datetime(*beijing[:6]))
    names = jq.names()
    names["__name__"] = "user_code"
    exec(compile(header + STRATEGY, "user_code.py", "exec"), names)
    longest = 0.0
    for number in range(1, count + 1):
        begun = time.monotonic()
        names["buy"](jq.context, number)
        longest = max(longest, time.monotonic() - begun)
        time.sleep(pause_s)
    left = len(jq.g.gendan["spool"])
    patience = time.monotonic() + PATIENCE_S
    while jq.g.gendan["spool"] and time.monotonic() < patience:
        names["minute"](jq.context)
        time.sleep(0.1)
    print(
        json.dumps(
            {
                "version": list(sys.version_info[:2]),
                "state": jq.g.gendan,
                "log": jq.log.lines,
                "longest_s": longest,
                "left_after_the_burst": left,
            }
        )
    )


main()
