"""运行日志."""

TEXTS = {
    "log.file": ("文件", "File"),
    "log.show": ("看", "Show"),
    "log.older": ("更早", "Older"),
    "log.newest": ("最新", "Newest"),
    "log.none": ("还没有日志；程序运行后每天一个文件。", "No log yet; the running program writes a file a day."),
    "log.text": (
        "密钥、密码和 token 都已遮住；账本才是凭据，日志只供查问题。",
        "Secrets, passwords and tokens are masked; the journal is the record, the log is for finding faults.",
    ),
}
