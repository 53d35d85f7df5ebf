"""Cookies that code makes with `http.cookies.SimpleCookie` and sends as a header of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, options, string
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.cookies.sessions import names_secret

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_JARS = ("http.cookies.SimpleCookie()", "http.cookies.BaseCookie()")
_FLAGS = ("httponly", "secure")
_SENDING = frozenset({"OutputString", "output", "js_output"})


def jar_cookies(program: Program) -> Iterator[tuple[Block, int, list[str]]]:
    """Tokens and sessions in such a jar without all flags: block, the statement that puts one in, what is missing."""
    for block in program.sites.blocks(frozenset({"SimpleCookie", "BaseCookie"})):
        if program.is_test(block.module) or not any(name_of(form[2]) in _SENDING for form in block.forms.of("call")):
            continue
        for jar in _jars(program, block):
            flags = list(_flags(program, block, jar))
            for at, name in _put(program, block, jar):
                missing = [
                    flag for flag in _FLAGS if not any(which in (name, None) and flag == on for which, on in flags)
                ]
                if missing and names_secret(name):
                    yield block, at, missing


def _jars(program: Program, block: Block) -> Iterator[str]:
    """The names of empty jars that a block makes; one that is given text reads what a client sent."""
    for form in block.forms.of("assign", "annassign"):
        target = form[2][0] if form[0] == "assign" else form[2]
        if target[0] == "name" and form[-1] is not None and form[-1][0] == "call" and not form[-1][3]:
            made = options(ask(program, block, form[-1]))
            if any(isinstance(option, External) and option.name in _JARS for option in made):
                yield target[2]


def _put(program: Program, block: Block, jar: str) -> Iterator[tuple[int, str]]:
    for form in block.forms.of("assign"):
        match form:
            case ["assign", at, [["sub", _, ["name", _, owner], key]], value] if owner == jar:
                name = string(ask(program, block, key))
                if name and value[0] != "const":
                    yield at, name


def _flags(program: Program, block: Block, jar: str) -> Iterator[tuple[str | None, str]]:
    """The flags that are switched on: of which cookie, None for one that cannot be told, and which flag."""
    for form in block.forms.of("assign"):
        match form:
            case ["assign", _, [["sub", _, owner, ["const", _, str() as flag]]], value] if flag.lower() in _FLAGS:
                if value[0] != "const" or value[2]:
                    yield _owner(program, block, jar, owner), flag.lower()
    for form in block.forms.of("call"):
        if name_of(form[2]) == "update":
            yield from ((None, flag) for flag in _FLAGS)


def _owner(program: Program, block: Block, jar: str, form: Form) -> str | None:
    if form[0] == "sub" and form[2][0] == "name" and form[2][2] == jar:
        return string(ask(program, block, form[3]))
    return None
