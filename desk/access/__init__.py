"""Who may use the console: users, logins, API keys, and the record of what they changed.

A SQLite file of its own beside the journal: whoever logs in or fails to must not wait for the journal's writer, and
the journal's writer not for him.
"""

from desk.access.book import FILE_NAME, AccessBook
from desk.access.errors import AccessUnusable, Locked, NameTaken, NoSuchLink, NotSigned, Refused, Unfit, WrongPassword
from desk.access.guard import Guard, Limits, Place
from desk.access.passwords import Hasher
from desk.access.records import SCOPES, ApiKey, AuditRow, Login, Role, Scope, SignedClient, User
from desk.access.signed import SignedRequest
from desk.access.trail import Trail

__all__ = [
    "FILE_NAME",
    "SCOPES",
    "AccessBook",
    "AccessUnusable",
    "ApiKey",
    "AuditRow",
    "Guard",
    "Hasher",
    "Limits",
    "Locked",
    "Login",
    "NameTaken",
    "NoSuchLink",
    "NotSigned",
    "Place",
    "Refused",
    "Role",
    "Scope",
    "SignedClient",
    "SignedRequest",
    "Trail",
    "Unfit",
    "User",
    "WrongPassword",
]
