"""A process that is killed while it writes fixes leaves every file as it was or as it should be, never in between.

`SECLINT_KILLS=200 pytest tests/test_kills.py` kills more often.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

KILLS = int(os.environ.get("SECLINT_KILLS", "12"))
FILES = 60
WRONG = """\
import os

import jwt


def read(token: str) -> dict:
    return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"], options={"verify_exp": False})
"""
RIGHT = WRONG.replace(', options={"verify_exp": False}', "")


def restore(tree: Path) -> None:
    for number in range(FILES):
        (tree / f"tokens_{number}.py").write_text(WRONG, encoding="utf-8")


def start(tree: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fastapi_seclint", "fix", ".", "--isolated", "--no-cache", "--quiet"]
    return subprocess.Popen(command, cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_whatever_moment_it_is_killed_no_file_is_torn(tmp_path: Path) -> None:
    restore(tmp_path)
    begun = time.monotonic()
    assert start(tmp_path).wait() in (0, 1)
    whole = time.monotonic() - begun
    assert {path.read_text(encoding="utf-8") for path in tmp_path.glob("*.py")} == {RIGHT}
    chance = random.Random(2026)
    for _ in range(KILLS):
        restore(tmp_path)
        process = start(tmp_path)
        time.sleep(chance.uniform(0.6, 1.05) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        texts = [path.read_text(encoding="utf-8") for path in sorted(tmp_path.glob("*.py"))]
        assert len(texts) == FILES
        assert set(texts) <= {WRONG, RIGHT}
    assert all(path.suffix in (".py", ".seclint") for path in tmp_path.iterdir())
