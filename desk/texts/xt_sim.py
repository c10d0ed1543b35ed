"""What the simulated MiniQMT says: the words of its own refusals and of its quote service."""

from __future__ import annotations

REFUSED_HERE = "[MINIQMT][200001][客户端拒绝委托]"
NO_SUCH_ACCOUNT = "[MINIQMT][200002][账号不存在或未登录]"
PRICE_TYPE = "[MINIQMT][200003][不支持的报价类型]"
BAD_ORDER_TYPE = "[MINIQMT][200004][不支持的委托类型]"
NOT_CONNECTED = "[MINIQMT][200005][未连接]"
LINE_LOST = "[MINIQMT][200006][委托响应超时]"
NO_SUCH_ORDER = "[MINIQMT][200007][委托不存在]"
NO_QUOTE_SERVICE = "行情服务未启动"
SERVER = "模拟 MiniQMT"
