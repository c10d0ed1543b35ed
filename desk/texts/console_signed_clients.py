"""签名客户端, below 接口密钥."""

TEXTS = {
    "nav.signed_clients": ("签名客户端", "Signing clients"),
    "signed_clients.link": (
        "QMT 网页交易系统的外部程序（outer/trade，HMAC 签名）",
        "External programs of the QMT web trading server (outer/trade, HMAC)",
    ),
    "signed_clients.add": ("新的客户端", "A new client"),
    "signed_clients.text": (
        "给用 X-Client-ID、X-Timestamp、X-Signature 下单的程序。它可以买入和卖出，权限不超过添加它的人；"
        "没有客户端时这个接口是关的。"
        "密钥要能验签，所以原样存在 data/console.db 里，不进备份。",
        "For programs that order with X-Client-ID, X-Timestamp, X-Signature. It may buy and sell, and no more than who "
        "made it; without a client the route is off. To check signatures the secret is kept readable in "
        "data/console.db, which is in no backup.",
    ),
    "signed_clients.client_id": ("客户端编号", "Client id"),
    "signed_clients.hint": ("字母、数字、_ . -，最多 32 个", "Letters, digits, _ . -, at most 32"),
    "signed_clients.once": (
        "{client_id} 的密钥只显示这一次，请现在抄走：",
        "Copy the secret of {client_id} now; it is not shown again:",
    ),
    "signed_clients.unfit": ("编号不能用，或者已经用过。", "The id cannot be used, or has been."),
    "signed_clients.revoked": ("客户端已作废。", "The client is revoked."),
    "signed_clients.sure": ("作废 {client_id}？它再也不能下单。", "Revoke {client_id}? It orders no more."),
    "signed_clients.none": ("还没有客户端，接口是关的", "No clients yet; the route is off"),
}
