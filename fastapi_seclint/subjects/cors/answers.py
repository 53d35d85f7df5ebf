"""The fix of CORS by hand: the header only for an origin that the environment lists."""

from __future__ import annotations

from fastapi_seclint.edits import AddImport, Edit, ReplaceStatement
from fastapi_seclint.facts.forms import Form, names_in, span_of
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.cors.headers import Header
from fastapi_seclint.subjects.cors.replacement import ORIGINS

_LISTED = ORIGINS.written().replace("origin", "known")


def listed(header: Header) -> Fix | None:
    """The statement that sets the header, under a test of the origin; None where the request is not at hand."""
    block = header.block
    statement = next((form for form in block.forms.of("assign") if form[1] == header.at), None)
    parameters = {item[0] for item in block.function.parameters} if block.function is not None else set()
    if statement is None or "request" not in parameters or len(statement[2]) != 1 or statement[2][0][0] != "sub":
        return None
    target = code(statement[2][0])
    sent = code(statement[2][0][2])
    if target is None or sent is None or not sent.endswith("headers"):
        return None
    value, lines = _origin(block.forms.every, statement, header.star)
    lines += [
        f"if {value} in {_LISTED}:",
        f"    {target} = {value}",
        f'    {sent}.add_vary_header("Origin")',
    ]
    edits: tuple[Edit, ...] = (
        ReplaceStatement(block.module.path, span_of(statement[1]), "\n".join(lines)),
        AddImport(block.module.path, "os"),
    )
    return Fix(ORIGINS.titled(), False, edits)


def _origin(forms: list[Form], statement: Form, star: bool) -> tuple[str, list[str]]:
    """The name that holds the origin of the request, and the lines that make it where there is none."""
    if statement[3][0] == "name" and not star:
        return str(statement[3][2]), []
    taken = names_in(forms)
    name = "origin" if "origin" not in taken else "asking_origin"
    return name, [f'{name} = request.headers.get("origin")']
