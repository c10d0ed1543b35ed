"""用户."""

TEXTS = {
    "users.add": ("添加用户", "Add a user"),
    "users.role": ("角色", "Role"),
    "users.first_password": ("他的第一个密码", "His first password"),
    "users.own_password": ("你的登录密码", "Your login password"),
    "users.disabled": ("已停用", "Disabled"),
    "users.last_login": ("最近登录：{at}", "Last login: {at}"),
    "users.change": ("更改", "Change"),
    "users.set_role": ("改角色", "Set role"),
    "users.enable": ("启用", "Enable"),
    "users.disable": ("停用", "Disable"),
    "users.reset": ("重设密码", "Reset password"),
    "users.logins": ("所有登录", "All logins"),
    "users.taken": ("已经有这个用户名。", "This name is taken."),
    "users.added": ("已添加 {name}。", "{name} added."),
    "users.changed": ("已更改 {name}。", "{name} changed."),
    "users.role_changed": ("已更改 {name}，他要重新登录。", "{name} changed; he has to log in again."),
    "unfit.last_admin": ("他是最后一个管理员，不能这样改。", "He is the last administrator; this cannot be done."),
}
