"""A verdict is what requests get: programs are attacked, and a route is protected just if every stranger is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import guard_programs
from projects import survey

MANY = 100


def test_a_route_is_protected_when_strangers_are_refused(tmp_path: Path) -> None:
    random = Random(1)
    made = {f"p{number}": guard_programs.make(random) for number in range(MANY)}
    table = survey(tmp_path, {f"{name}.py": program.text for name, program in made.items()}).table
    verdicts = {row.app.partition(":")[0]: row.protection for row in table.routes if row.path == "/x"}
    (tmp_path / "work.json").write_text(json.dumps([[name, one.method] for name, one in made.items()]))
    script = Path(__file__).with_name("attacks_on_guards.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "work.json")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wrong, unknown = [], 0
    for (name, program), (strange, honest) in zip(made.items(), json.loads(done.stdout), strict=True):
        lets_in = any(code < 400 for code in strange)
        assert lets_in or any(code < 400 for code in honest), f"{name}: nobody gets in\n{program.text}"
        unknown += verdicts[name] == "unknown"
        if verdicts[name] == ("protected" if lets_in else "open"):
            wrong.append((name, program.place, verdicts[name], strange, program.text.removeprefix(guard_programs.HEAD)))
    assert wrong == []
    assert unknown <= MANY // 50
