"""任何平台的例子：把一笔委托和一份持仓快照发给跟单程序，断网、断电都不丢，也不会重复。

python -m gendan_client.examples.send_orders http://1.2.3.4:8888 标识 密钥文件 待发文件夹
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Sequence

from gendan_client import BUY, Held, Order, Sender, Snapshot


def main(arguments: Sequence[str]) -> int:
    address, kid, secret_file, folder = arguments
    secret = Path(secret_file).read_text(encoding="ascii").strip()
    now = datetime.now(timezone.utc)
    with Sender(address, kid, secret, folder) as sender:
        sender.put(
            Order(
                order_id=now.strftime("%Y%m%d-%H%M%S"), code="000001.SZ", side=BUY, amount=1000, filled=1000,
                status="held", avg_price=Decimal("10.51"), at=now, holding_after=1000,
            ),
            Snapshot(
                positions=(
                    Held(code="000001.SZ", shares=1000, sellable=0, cost=Decimal("10.51"), price=Decimal("10.52")),
                ),
                cash=Decimal("89490.00"), equity=Decimal("100010.00"), at=now,
            ),
        )  # fmt: skip
        done = sender.deliver()
    for receipt in done.receipts:
        print(f"已送达（{receipt.state}）：{receipt.message.words}")
    for failure in done.failures:
        print(f"{'下次再发' if failure.error.retry_safe else '不会再发'}：{failure.error}")
    return 0 if done.complete else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
