"""持仓调整 and 内部密码 of the position sync."""

TEXTS = {
    "adjustments.text": (
        "加在各策略目标之和上（负数是减），给查询合计目标的程序看；不改账本，也不在这里下单。",
        "Added to the sum of the strategies' targets (below zero: taken away) for programs that ask for the total. "
        "Books stay as they are, and nothing is ordered here.",
    ),
    "adjustments.code": ("代码", "Code"),
    "adjustments.name": ("名称", "Name"),
    "adjustments.shares": ("股数", "Shares"),
    "adjustments.signed": ("股数（可为负）", "Shares (may be negative)"),
    "adjustments.cost": ("成本", "Cost"),
    "adjustments.average": ("平均成本", "Average cost"),
    "adjustments.remark": ("备注", "Remark"),
    "adjustments.none": ("没有调整：合计就是各策略目标之和。", "No adjustments: the total is the sum of the targets."),
    "adjustments.put": ("加一行，或换掉同一代码的那行", "Add a row, or replace that of the same code"),
    "adjustments.save": ("保存", "Save"),
    "adjustments.saved": ("已保存。", "Saved."),
    "adjustments.remove": ("删除", "Remove"),
    "adjustments.overtaken": (
        "别人刚改过这张表，这次没有保存；看一下再来。",
        "Somebody has just changed this list; nothing was saved. Look and try again.",
    ),
    "adjustments.total": ("合计目标", "Total of the targets"),
    "adjustments.uploads_off": (
        "从外面上传是关着的（「持仓上传」）；本机程序可用内部密码上传。",
        "Uploads from outside are off; programs on this PC may use the internal password.",
    ),
    "adjustments.target": ("{count} 只，{at}", "{count} stocks, {at}"),
    "adjustments.no_targets": (
        "还没有策略上传过目标；上传后这里是合计。",
        "No strategy has uploaded a target yet; then the total will appear here.",
    ),
    "adjustments.more": ("另有 {count} 只。", "And {count} more."),
    "adjustments.history": ("历次保存", "History"),
    "adjustments.at": ("时间", "Time"),
    "adjustments.by": ("谁", "Who"),
    "adjustments.list": ("整张表", "The whole list"),
    "adjustments.no_history": ("还没有保存过。", "Nothing was saved yet."),
    "adjustments.password": ("内部密码", "Internal password"),
    "adjustments.password_text": (
        "本机程序凭它上传目标、保存调整；只存摘要，看不到原文。",
        "With it programs on this PC upload targets and save adjustments; only its digest is kept.",
    ),
    "adjustments.has_password": ("已设置", "Set"),
    "adjustments.no_password": ("没有设置", "Not set"),
    "adjustments.since": ("{at} 起", "since {at}"),
    "adjustments.fresh": ("新的内部密码", "New internal password"),
    "adjustments.fresh_hint": ("至少 8 个字符", "At least 8 characters"),
    "adjustments.unfit": ("内部密码要 8 个字符以上，72 字节以内。", "It needs 8 characters or more, 72 bytes at most."),
    "adjustments.password_set": (
        "内部密码已设置，用旧密码的程序要改。",
        "Set; programs that use the old one have to change.",
    ),
    "adjustments.set": ("设置", "Set"),
}
