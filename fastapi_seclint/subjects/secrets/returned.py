"""Texts that a function returns where a setting is not there: `if self.key is None: return "text"`."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.subjects.code.reads import reads_setting


def returned_texts(statements: list[Form]) -> Iterator[tuple[Form, Form, Form]]:
    """The statements that return a text, the test that says that a setting is missing, and what stands for it.

    The other way round, too: `if "KEY" in os.environ: return os.environ["KEY"]`, and then `return "text"`.
    """
    for number, statement in enumerate(statements):
        if statement[0] != "if":
            continue
        for body in (statement[3], statement[4]):
            yield from returned_texts(body)
        if not statement[3]:
            continue  # a bare `return` of a function that stands within another is none of the other's
        following = statements[number + 1] if number + 1 < len(statements) else None
        match statement[2]:
            case ["unary", _, "not", asked] | ["compare", _, asked, ["is" | "=="], [["const", _, None | ""]]]:
                given = _text(statement[3][-1])
                if given is not None and asked[0] in ("name", "attr"):
                    yield given, statement[2], asked
            case test if following is not None and (text := _text(following)) is not None:
                read = statement[3][-1]
                if read[0] == "return" and read[2] is not None and any(map(reads_setting, walk([read[2]]))):
                    yield text, test, read[2]


def _text(statement: Form) -> Form | None:
    """A statement that returns a text that is written there."""
    value = statement[2] if statement[0] == "return" else None
    written = value is not None and value[0] == "const" and isinstance(value[2], str) and bool(value[2])
    return statement if written else None
