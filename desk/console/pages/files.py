"""The console's own style, scripts and pictures: read once, packed once, served from memory."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

from desk.console.door import open_to_all
from desk.console.sources import Sources

FOLDER = Path(__file__).parents[1] / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    content: bytes
    packed: bytes
    kind: str

    @property
    def version(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:12]


@cache
def _files() -> dict[str, _File]:
    read = {}
    for path in FOLDER.iterdir():
        content = path.read_bytes()
        read[path.name] = _File(content=content, packed=gzip.compress(content, mtime=0), kind=KINDS[path.suffix])
    return read


def asset(name: str) -> str:
    """The address of one of these files; it changes with the content, so that a browser may keep what it has."""
    return url_for("files.static", filename=name, v=_files()[name].version)


def make(sources: Sources) -> Blueprint:
    del sources
    files = Blueprint("files", __name__)

    @files.get("/static/<path:filename>")
    @open_to_all
    def static(filename: str) -> Response:
        file = _files().get(filename)
        if file is None:
            abort(404)
        packed = request.accept_encodings.quality("gzip") > 0
        response = Response(file.packed if packed else file.content, content_type=f"{file.kind}; charset=utf-8")
        response.headers["Cache-Control"] = _YEAR
        response.vary.add("Accept-Encoding")
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        return response

    return files
