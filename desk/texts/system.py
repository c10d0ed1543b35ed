"""Why the operating system refused something, in the user's words."""

from __future__ import annotations

import errno

_WHY = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EEXIST: "已经有了",
    errno.EISDIR: "是文件夹，不是文件",
    errno.ENOTDIR: "路径中间有一段不是文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.ENOSPC: "磁盘满了",
    errno.ENAMETOOLONG: "名字太长",
    errno.EADDRINUSE: "地址已被占用",
    errno.EADDRNOTAVAIL: "这台电脑没有这个地址",
}


def because(error: OSError) -> str:
    """The reason; what the system itself calls it where we have no word for it."""
    return _WHY.get(error.errno or 0) or error.strerror or type(error).__name__
