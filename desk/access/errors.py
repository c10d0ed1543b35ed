"""What can be wrong when somebody asks for access; the door turns each into words and a status."""

from __future__ import annotations


class Refused(Exception):
    """Access is not given."""


class WrongPassword(Refused):
    """Name, password or code is wrong; which of them is not told."""


class Locked(Refused):
    """Too many failures; it is not even looked at until `wait_s` seconds have passed."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"{wait_s} s")
        self.wait_s = wait_s


class NoSuchLink(Refused):
    """The set-up link is unknown, used or too old."""


class Unfit(Refused):
    """What was given cannot be used: `what` is `name` | `password` | `code`."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class NameTaken(Refused):
    """Another one has this name."""


class NotSigned(Refused):
    """A signed request does not count: `why` is `none` (nobody signs here yet) | `wrong` | `stale` | `used`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class AccessUnusable(Exception):
    """The file of users and logins cannot be used; the message names it and why."""
