"""The stream that tells open pages to look again."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from desk.access import Scope
from desk.console.door import in_background, needs, still_there, the_caller
from desk.console.news import Listener, News
from desk.console.sources import Sources
from desk.serving.streams import stay_open


def make(sources: Sources) -> Blueprint:
    news = News(sources.journal, sources.clock)
    events = Blueprint("events", __name__)

    @events.get("/events")
    @needs(Scope.READ)
    @in_background
    def stream() -> ResponseReturnValue:
        """Server-sent events; 204 tells a browser that has enough of them to ask by itself instead.

        Where the server keeps nothing open, every answer ends at once and the browser comes again.
        """
        caller = the_caller()
        first = news.greeting(request.headers.get("Last-Event-ID", ""))
        opened = stay_open(request.environ) if request.method == "GET" else None
        if opened is not None:
            one = Listener(login=caller.via, user=caller.user.name, stream=opened, still=still_there())
            if not news.join(one):
                return Response(status=204)
        answer = Response(iter([first]), content_type="text/event-stream; charset=utf-8")
        answer.headers["X-Accel-Buffering"] = "no"
        return answer

    return events
