"""Tokens that are traded, turn pages, hold a lock or name things, which have the name of a credential and are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, named_arguments, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import External, options
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TRADED = word_set("asset assets currency currencies symbol symbols coin coins quote mint")


_PAGES = word_set("page pages paging pagination paginate paginated paginator cursor")
_LOCKS = word_set("lock locks mutex lease")
_TABLE = word_set("to by per for of")
"""What stands in the name of a table between what it is asked for and what it answers: `MODEL_TO_KEY`."""
_WORD = re.compile(r"(^|\.)\w*Token$")
_OF_CALLERS = re.compile(r"auth|jwt|security|login|session|credential", re.I)
_DIRECTORY = ("pwd", "getcwd", "cwd")
"""Methods that tell where in a file system somebody is (os, ftplib, paramiko)."""


def is_no_credential(program: Program, block: Block, form: Form) -> bool:
    """Whether what is called a token is a place in a list, holds a lock, is traded, or is a word cut out of a name.

    A function, class or file of pagination speaks of places in lists. ONVIF calls the identifiers of profiles and
    presets tokens (onvif.xsd, ReferenceToken).
    """
    if any(name.partition(".")[0] == "onvif" for name in block.module.facts.imports):
        return True
    if _is_always_cut(program, block, form) or _is_of_a_parser(program, block, form):
        return True
    function = block.function
    around = f"{function.qualname} {block.module.name.rpartition('.')[2]}" if function is not None else ""
    if _PAGES & set(words_of(around)) or any(_LOCKS & set(words_of(name_of(item))) for item in walk(form)):
        return True
    return is_currency(block, form)


def is_currency(block: Block, form: Form) -> bool:
    """Whether a function compares the same attribute with what is traded: `fee.token == quote_asset`."""
    return any(
        any(_same(side, form) for side in (test[2], *test[4]))
        and any(_TRADED & set(words_of(str(side[-1]))) for side in (test[2], *test[4]) if side[0] in ("name", "attr"))
        for test in block.forms.of("compare")
    )


def _same(side: Form, form: Form) -> bool:
    """Whether two expressions are the same attribute of the same name."""
    attributes = side[0] == form[0] == "attr" and side[3] == form[3]
    return attributes and side[2][0] == form[2][0] == "name" and bool(side[2][2] == form[2][2])


def _is_always_cut(program: Program, block: Block, form: Form) -> bool:
    """Whether a parameter is a piece of a text for all who call: `token = slug[len(prefix):]`."""
    function = block.function
    names = [parameter[0] for parameter in function.parameters] if function is not None else []
    if function is None or form[0] != "name" or form[2] not in names:
        return False
    given: list[bool] = []
    for caller, call, bound in callers(program, function):
        if not program.is_test(caller.module):
            own = names[1:] if bound else names
            values = dict(named_arguments(call, own))
            given.append(form[2] in values and _is_cut(caller, values[form[2]]))
    return bool(given) and all(given)


def _is_cut(block: Block, value: Form) -> bool:
    scope = block.scope
    if value[0] != "name" or not isinstance(scope, FunctionScope):
        return False
    found = [item[-1] for item in scope.assignments(value[2]) if item[0] in ("assign", "annassign")]
    cut = (item is not None and item[0] == "sub" and item[3][0] == "slice" and item[2][0] == "name" for item in found)
    return bool(found) and all(cut) and not any("token" in words_of(str(item[2][2])) for item in found)


def names_something(block: Block, name: str) -> bool:
    """Whether a key is one that the file has tables for, written in capitals and with what they lead to in their name.

    `API_KEY_TO_PATH.get(api_key)` has an entry for each product, by the name that an API has for it.
    """
    facts = block.module.facts
    if not any(_TABLE & set(words_of(word)[1:-1]) for word in facts.words if word.isupper()):
        return False
    for number in facts.speaking(f'"{name}"'.encode()):
        for item in facts.forms(number).of("call", "sub", "compare", "for"):
            match item:
                case (
                    ["call", _, ["attr", _, ["name", _, table], "get"], [["name", _, key], *_], _]
                    | ["sub", _, ["name", _, table], ["name", _, key]]
                    | ["compare", _, ["name", _, key], ["in" | "not in"], [["name", _, table]]]
                    | ["for", _, ["name", _, key], ["name", _, table], *_]
                ) if key == name and str(table).isupper() and _TABLE & set(words_of(str(table))[1:-1]):
                    return True
    return False


def is_directory(block: Block) -> bool:
    """Whether `pwd` is where a client of a server stands, as its own method tells: `ftp.pwd()`."""
    return any(call[2][0] == "attr" and call[2][3] in _DIRECTORY for call in block.forms.of("call"))


def _is_of_a_parser(program: Program, block: Block, form: Form) -> bool:
    """Whether a parameter is a library's class for words of a text: lark's `Token`."""
    function = block.function
    for parameter in parameters(function) if function is not None and form[0] == "name" else ():
        if parameter.name == form[2]:
            found = program.walker.resolver.annotation(parameter)
            classes = [option.name for option in options(found) if isinstance(option, External)]
            return bool(classes) and all(_WORD.search(name) and not _OF_CALLERS.search(name) for name in classes)
    return False


def is_list(block: Block, name: str) -> bool:
    """Whether a local name is all that was found of a kind, as who gives it says: `secret = search_secrets(name)`."""
    scope = block.scope
    found = scope.assignments(name) if isinstance(scope, FunctionScope) else []
    given = [item[-1] if item[0] in ("assign", "annassign") else None for item in found]
    calls = [item[2] if item is not None and item[0] == "await" else item for item in given]
    plural = f"{words_of(name)[-1]}s"
    return bool(calls) and all(
        call is not None and call[0] == "call" and words_of(last_name(call[2]))[-1:] == [plural] for call in calls
    )
