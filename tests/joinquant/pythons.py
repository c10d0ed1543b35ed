"""The Python that JoinQuant runs, where there is one, and how a script is run under it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def run(python: str, *args: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [python, *args], capture_output=True, encoding="utf-8", timeout=timeout_s, env=environment, check=False
    )


def python36() -> str | None:
    """The first that really is one: GENDAN_PY36, python3.6 on the PATH, pyenv's."""
    versions = Path.home() / ".pyenv" / "versions"
    found = [os.environ.get("GENDAN_PY36"), shutil.which("python3.6"), *map(str, versions.glob("3.6.*/bin/python"))]
    check = "import sys; sys.exit(sys.version_info[:2] != (3, 6))"
    # A shim on the PATH may stand for a version that is not switched on.
    return next((one for one in found if one and run(one, "-c", check).returncode == 0), None)
