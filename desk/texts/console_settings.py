"""设置."""

TEXTS = {
    "settings.trouble": (
        "配置文件现在读不了，下面是程序正在用的值：",
        "The configuration files cannot be read now; below is what the program uses:",
    ),
    "settings.changed": (
        "配置文件在程序读过之后改过，还没有生效。",
        "The files have changed since the program read them; that is not in effect yet.",
    ),
    "settings.edit": ("可以改的：{file}", "What can be changed: {file}"),
    "settings.edit_text": (
        "空着就用默认值（灰字），[] 是一个也没有。整份配置检查通过才写入，旧文件留作 .bak，不用重启。",
        "Empty: the default (grey); []: none at all. Written only if the whole configuration stands; no restart.",
    ),
    "settings.sure": ("保存这些设置？", "Save these settings?"),
    "settings.save": ("保存", "Save"),
    "settings.history": ("改动", "Changes"),
    "settings.history_text": (
        "退回：把这次和之后在这里做的改动都撤回；文件若又被手工改过，就不退。",
        "Put back undoes this change and later ones made here; refused where the file was edited by hand since.",
    ),
    "settings.at": ("时间", "Time"),
    "settings.who": ("谁", "Who"),
    "settings.key": ("设置", "Setting"),
    "settings.old": ("原来", "Before"),
    "settings.new": ("改成", "After"),
    "settings.absent": ("（没有写）", "(not set)"),
    "settings.back": ("退回到这之前", "Put back"),
    "settings.back_sure": (
        "把 {at} 及之后在这里做的改动都撤回？",
        "Undo the change of {at} and the later ones made here?",
    ),
    "settings.no_history": (
        "还没有改动；在这里、在策略页或用命令行改的设置都会记在这里。",
        "No changes yet; what is changed here, on other pages or by the command line will appear here.",
    ),
    "settings.value": ("正在用的值", "Value in use"),
    "settings.from": ("来自", "From"),
    "settings.version": ("配置版本 {version}", "Configuration version {version}"),
    "origin.file": ("文件", "File"),
    "origin.default": ("默认", "Default"),
    "origin.environment": ("环境变量", "Environment"),
}
