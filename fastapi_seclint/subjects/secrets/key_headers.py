"""A key that a guard takes from the query taken from a header in place of it."""

from __future__ import annotations

import re

from fastapi_seclint.edits import AddImport, Edit, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code

_TITLE = "take the key from a header"


def header_name(name: str) -> str:
    """The header for a query parameter: `api_key` and its like become `X-API-Key`, others `X-Name`."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z])", name) if word]
    if "".join(words).lower() in ("apikey", "key", "xapikey"):
        return "X-API-Key"
    if words[:1] in (["x"], ["X"]):
        words = words[1:]
    return "-".join(["X", *("API" if word.lower() == "api" else word.capitalize() for word in words)])


def read_instead(block: Block, read: Form) -> Fix | None:
    """`request.headers.get("X-API-Key", "")` for `request.query_params.get("api_key", "")`, items the same way.

    Where the header is asked first, it stays alone; nothing where the function asks for the name in another way, too.
    """
    match read:
        case ["sub", _, ["attr", at, owner, "query_params"], ["const", key, str(name)]]:
            pass
        case ["call", _, ["attr", _, ["attr", at, owner, "query_params"], "get"], [["const", key, str(name)], *_], []]:
            pass
        case _:
            return None
    written, path = code(owner), block.module.path
    if written is None or sum(form[2] == name for form in block.forms.of("const")) != 1:
        return None
    for form in block.forms.of("bool"):
        match form:
            case ["bool", whole, "or", [first, last]] if (
                last is read and _reads_header(first) and (text := code(first))
            ):
                return Fix(
                    "take the key from the header alone", False, (ReplaceExpression(path, span_of(whole), text),)
                )
    header = ReplaceExpression(path, span_of(key), f'"{header_name(name)}"')
    return Fix(_TITLE, False, (ReplaceExpression(path, span_of(at), f"{written}.headers"), header))


def _reads_header(form: Form) -> bool:
    return any(item[0] == "attr" and item[3] == "headers" for item in walk(form))


def parameter_instead(function: Function, name: str) -> Fix | None:
    """`Header(alias="X-API-Key")` for the `Query(alias="api_key")` of a parameter."""
    parameter = next((item for item in function.parameters if item[0] == name), None)
    marks = [form for part in (parameter or ())[2:4] if part is not None for form in walk([part])
             if form[0] == "call" and last_name(form[2]) == "Query"]  # fmt: skip
    alias = [value for mark in marks for keyword, value, _ in mark[4] if keyword == "alias" and value[0] == "const"]
    if len(marks) != 1 or len(alias) != 1:
        return None
    path, callee = function.module.path, marks[0][2]
    edits: list[Edit] = [SetKeyword(path, span_of(marks[0][1]), "alias", f'"{header_name(str(alias[0][2]))}"')]
    if callee[0] == "name":
        edits += [ReplaceExpression(path, span_of(callee[1]), "Header"), AddImport(path, "fastapi", "Header")]
    else:
        edits.append(ReplaceExpression(path, span_of(callee[1]), f"{code(callee[2])}.Header"))
    return Fix(_TITLE, False, tuple(edits))
