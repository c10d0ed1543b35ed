"""Run by the oldest Python that the package promises: the vectors, the spool, real HTTP, the examples."""

import json
import sys
import threading
from decimal import Decimal
from types import SimpleNamespace

from gendan_client import Keys, Position, PositionServer, Reading, Signed, Unreachable
from gendan_client.examples import easyxt_sync, send_orders
from gendan_client.outside import System


def main(door, local, vectors, secret_file, folder, config, dead):
    with open(vectors, encoding="utf-8") as file:
        for vector in json.load(file):
            keys = Keys(vector["kid"], vector["secret"])
            body = keys.pack(bytes.fromhex(vector["id_hex"]), vector["t_ms"], vector["plaintext"].encode("utf-8"))
            assert body.content.decode("ascii") == vector["body"]
            assert keys.read_ack(body, json.dumps(vector["ack"]).encode("ascii")) is not None

    assert send_orders.main([dead, "xsz", secret_file, folder]) == 1
    assert send_orders.main([door, "xsz", secret_file, folder]) == 0

    with open(secret_file, encoding="ascii") as file:
        signed = Signed(Keys("xsz", file.read().strip()))
    reading = Reading.whole([Position(code="600519.SH", shares=100, cost=Decimal("1450.0125"))])
    PositionServer(door).upload("小市值", reading, signed)
    try:
        PositionServer(dead).upload("小市值", reading, signed)
        raise AssertionError("a dead address")
    except Unreachable as error:
        assert error.retry_safe

    stop, said = threading.Event(), []
    held = SimpleNamespace(stock_code="600519.SH", volume=200, avg_price=1450.5, last_price=1500)
    trader = SimpleNamespace(
        query_stock_asset=lambda account: SimpleNamespace(market_value=300000.0),
        query_stock_positions=lambda account: [held],
    )

    class Once(System):
        """No second round."""

        def wait(self, stop, seconds):
            stop.set()
            return True

    easyxt_sync.start(config, "双均线策略", trader, "account", stop, say=said.append, outside=Once())
    print(json.dumps({"version": list(sys.version_info[:2]), "said": said}))


main(*sys.argv[1:])
