"""What the console's pages change in the configuration files: the same functions as the command line's verbs."""

from __future__ import annotations

from collections.abc import Mapping

from filelock import Timeout

from desk.cli import settings_verbs, strategies
from desk.cli.asking import Answer
from desk.cli.exits import Leave
from desk.cli.home import Home
from desk.cli.strategies import Person
from desk.journal import Journal
from desk.settings.files import CannotWrite
from desk.settings.problems import ConfigProblems
from desk.settings.writer import CannotChange
from desk.texts import cli as texts


def change(home: Home, journal: Journal, verb: str, args: Mapping[str, str], who: str) -> Answer:
    """Change the files and have the trader take it over; a change that is refused is an answer too.

    Raises JournalError.
    """
    by = Person(name=who, journal=journal)
    try:
        answer = _do(home, journal, verb, args, by)
    except Leave as left:
        return _no(left.text)
    except (ConfigProblems, CannotChange, CannotWrite) as error:
        return _no(str(error))
    except Timeout:
        return _no(texts.FILES_BUSY)
    return Answer(ok=True, text=answer.text, running=answer.running) if not answer.running else answer


def _do(home: Home, journal: Journal, verb: str, args: Mapping[str, str], by: Person) -> Answer:
    path, name = home.path, args.get("name", "")
    match verb:
        case "pause":
            return strategies.pause(path, name, by)
        case "resume":
            return strategies.resume(path, name, by)
        case "sell_only":
            return strategies.sell_only(path, name, args["on"] == "1", by)
        case "ratio":
            return strategies.ratio(path, name, args["ratio"], args.get("account") or None, by)
        case "mode":
            return strategies.mode(path, name, args["mode"], yes=args.get("sure") == "1", by=by)
        case "limits":
            typed = {key: text for key, text in args.items() if key != "account"}
            return strategies.limits(path, args["account"], typed, by)
        case "settings":
            typed = {key: text for key, text in args.items() if key != "file"}
            return settings_verbs.change(path, args["file"], typed, by)
        case "roll_back":
            return settings_verbs.roll_back(path, journal, int(args["number"]), by)
    raise ValueError(verb)


def _no(text: str) -> Answer:
    return Answer(ok=False, text=text, running=True)
