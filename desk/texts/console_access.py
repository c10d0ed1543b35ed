"""Getting into the console, and what belongs to a user."""

TEXTS = {
    "login.title": ("登录", "Log in"),
    "login.name": ("用户名", "User name"),
    "login.password": ("密码", "Password"),
    "login.code": ("验证码", "Code"),
    "login.code_hint": ("开了两步验证才填", "Only with two-step verification"),
    "login.do": ("登录", "Log in"),
    "login.wrong": ("用户名、密码或验证码不对。", "User name, password or code is wrong."),
    "login.nobody": (
        "还没有用户：请在运行程序的电脑上打开启动时给出的设置链接，或运行 main.py console setup-link 重新要一个。",
        "Nobody can log in yet: open the set-up link that was printed at the start, or run main.py console setup-link.",
    ),
    "locked": ("失败次数太多，{minutes} 分钟后再试。", "Too many failures; try again in {minutes} min."),
    "setup.title": ("第一次使用", "First use"),
    "setup.text": (
        "设置管理员。这个链接只能用一次；写已有的用户名就是给他换新密码。",
        "Set up the administrator. This link works once; the name of an existing user gives him a new password.",
    ),
    "setup.name_hint": ("字母、数字、汉字、_ - .，最多 32 个", "Letters, digits, _ - ., at most 32"),
    "setup.password_hint": ("至少 10 个字符", "At least 10 characters"),
    "setup.do": ("完成", "Done"),
    "password.again": ("再输一次", "Once more"),
    "password.differ": ("两次输入的密码不一样。", "The two passwords differ."),
    "trading.none": ("先设置交易密码，才能这样做。", "Set a trading password first."),
    "login_password.wrong": ("登录密码不对，什么都没有改。", "Wrong login password; nothing was changed."),
    "trading_password.wrong": ("交易密码不对，什么都没有改。", "Wrong trading password; nothing was changed."),
    "unfit.name": ("用户名不能这样写。", "This user name cannot be used."),
    "unfit.password": (
        "密码太短、太长，或者和用户名一样。",
        "The password is too short, too long, or the same as the name.",
    ),
}
