"""Programs with one route and a guard, put together at random of ways in which people write guards (`guards/`).

Each is a module with an `app` that serves `/x`. A guard takes credentials from somewhere (`*_taken`), checks them,
soundly or not (`*_checked`), refuses in some way (`refusals`), and stands in some place on the way to the handler
(`places`).
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from textwrap import indent
from typing import NamedTuple

FOLDER = Path(__file__).with_name("guards")
KEY, SECRET = "the-key-that-only-ann-has", "a-secret-to-sign-tokens-with-0123456789"
ASKS_STATE = "if not getattr(request.state, 'user', None):\n    raise HTTPException(401)\nreturn 1"


class Made(NamedTuple):
    """A program, its place for the guard, and the method of its route, `websocket` where it is one."""

    text: str
    place: str
    method: str


class Block(NamedTuple):
    """A piece of code and what its first lines say in comments: `# parameter`, `# before: scheme = ...`."""

    head: str
    before: str
    code: str


def blocks(name: str) -> list[Block]:
    """The pieces of code in a file; `---` stands between them."""
    found = []
    for text in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\n---\n"):
        lines = text.strip("\n").splitlines()
        said = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
        before = [line.removeprefix("before: ") for line in said if line.startswith("before: ")]
        head = [line for line in said if not line.startswith("before: ")]
        code = "\n".join(line for line in lines if not line.startswith("# "))
        found.append(Block("".join(head), "".join(before), code))
    return found


HEAD = (FOLDER / "head.txt").read_text(encoding="utf-8")
PIECES = {file.stem: blocks(file.stem) for file in FOLDER.glob("*.txt")}


def make(random: Random) -> Made:
    """One program."""

    def some(name: str) -> Block:
        return random.choice(PIECES[name])

    kind, place = random.choice(("keys", "keys", "tokens")), some("places")
    called = "CALLED_GUARD" in place.code
    taken = random.choice([one for one in PIECES[f"{kind}_taken"] if one.head == "request: Request" or not called])
    checked = some(f"{kind}_checked").code.replace("REFUSE", some("refusals").code)
    keyword = "def" if called else random.choice(("def", "async def"))
    guard = f"{keyword} guard({taken.head}):\n" + indent(f"{taken.code}\n{checked}", "    ")
    layer, method = some("in_middleware").code, random.choice(("get", "post", "delete"))
    method = "websocket" if "@app.websocket" in place.code else method
    parts = {
        "GUARD": guard,
        "CALLED_GUARD": guard,
        "GUARD_AS_CALL": guard.replace("guard(", "__call__(self, ", 1),
        "GUARD_AS_METHOD": guard.replace("guard(", "guard(self, ", 1),
        "APP": PIECES["app"][0].code,
        "AFTERWARDS": some("afterwards").code,
        "BETWEEN": some("between").code,
        "IN_MIDDLEWARE": layer,
        "ASKED": ASKS_STATE if "state.user" in layer and random.random() < 0.5 else "return 1",
    }
    lines = []
    for line in place.code.splitlines():
        part, margin = line.strip(), line[: len(line) - len(line.lstrip())]
        lines.append(indent(parts[part], margin) if part in parts else line.replace("METHOD", method))
    return Made("\n".join([HEAD, taken.before, *lines, ""]), place.head, method)
