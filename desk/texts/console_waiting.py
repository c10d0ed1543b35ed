"""待确认, and what every wish of a page is answered with."""

TEXTS = {
    "wish.kept": ("已记下，交易程序还没有答复。", "Kept; the trader has not answered yet."),
    "waiting.orders": ("等人批准的委托", "Orders that wait"),
    "waiting.how": (
        "输入交易密码，再按要批准或拒绝的那一行。",
        "Enter the trading password, then press approve or reject in a row.",
    ),
    "waiting.approve": ("批准", "Approve"),
    "waiting.reject": ("拒绝", "Reject"),
    "waiting.approve_all": ("批准这 {count} 笔", "Approve these {count}"),
    "waiting.reject_all": ("拒绝这 {count} 笔", "Reject these {count}"),
    "waiting.sure_approve": ("批准页面上这 {count} 笔委托？", "Approve the {count} orders on this page?"),
    "waiting.sure_reject": ("拒绝页面上这 {count} 笔委托？", "Reject the {count} orders on this page?"),
    "waiting.until": ("过时作废", "Ends at"),
    "waiting.nothing": ("页面上没有等待的委托。", "No order was waiting on the page."),
    "waiting.no_orders": (
        "没有委托在等：确认模式的策略有信号时，会停在这里等您点头。",
        "Nothing waits: signals of strategies in confirm mode stop here for you.",
    ),
    "action.waiting.approve": ("批准", "Approved"),
    "action.waiting.reject": ("拒绝", "Rejected"),
}
