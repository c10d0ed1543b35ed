"""风控与急停."""

TEXTS = {
    "halt.grade.stop": ("停止下新单", "No new orders"),
    "halt.grade.cancel": ("停止下新单，撤掉在途委托", "No new orders, cancel the open ones"),
    "halt.grade.liquidate": ("停止、撤单、清仓", "Stop, cancel and sell out"),
    "halt.grade_text.stop": ("在途的委托不动。重启后仍然有效。", "Open orders stay. It outlives a restart."),
    "halt.grade_text.cancel": ("成交到撤掉为止。", "They may still fill until they are cancelled."),
    "halt.grade_text.liquidate": (
        "卖出各策略持有的股票，不动手工持仓。",
        "Sells what strategies own; what was bought by hand stays.",
    ),
    "halt.sure": ("我确定要清仓（只有清仓要勾）", "I am sure to sell out (for selling out only)"),
    "halt.not_sure": ("清仓要勾选确定，什么都没有做。", "Selling out wants the box ticked; nothing was done."),
    "halt.reason": ("为什么", "Why"),
    "halt.why": ("请写为什么，什么都没有做。", "Say why; nothing was done."),
    "halt.lift": ("解除急停", "Lift the halt"),
    "halt.lift_text": ("欠下的卖出随即补做。", "Sales that are owed follow at once."),
    "halt.more": ("再加一级急停", "A graver halt"),
    "halt.kept": (
        "已记下；交易程序还没有答复，它一运行就照办。",
        "Kept; the trader has not answered yet and will do it when it runs.",
    ),
}
