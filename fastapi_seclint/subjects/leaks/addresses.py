"""Addresses that have a secret in them: links with a one-time token, URLs of databases with a user and a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Environment, Text, Value, options, string
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_QUERY = re.compile(r"[?&](\w*_)?(?:token|code|otp|key)=$")
_PUBLIC = word_set(
    """
    page next previous prev continuation cursor sync country lang language locale currency status error zip post postal
    area region sort order group cache partition product
    """
)
"""What tokens, codes and keys are of that anybody may know: `?page_token=`, `?country_code=`."""
_PATH = re.compile(
    r"/(reset|forgot|recover|verify|verification|confirm|activate|invite|invitation|magic|unlock)([-_]?\w*)/$", re.I
)
"""The end of a path behind which a one-time code stands."""
_SPOKEN = word_set("url uri dsn urls link")
_PROPERTIES = frozenset({"property", "cached_property", "computed_field"})
_DATABASE = re.compile(
    r"(^|_)(database|db|postgres|postgresql|pg|mysql|mariadb|mongo|mongodb)_?(ur[li]|dsn|connection_string|conn_str)$",
    re.I,
)
"""Settings by which operators name a database, its user and his password."""
_WITH_PASSWORD = re.compile(r"://[^/@:]*:[^/@]+@")
_PASSWORD = re.compile(r"passw|pwd|(^|_)(pass|pw)(_|$)", re.I)


def carries_token(form: Form) -> bool:
    """Whether a text that is put together is an address with a one-time token in its query or path."""
    if form[0] not in ("fstr", "binop"):
        return False
    texts = [item[2] for item in walk(form) if item[0] == "const" and isinstance(item[2], str)]
    if any((found := _QUERY.search(text)) and not _PUBLIC & set(words_of(found[1] or "")) for text in texts):
        return True
    if form[0] == "fstr" and any(_is_once(*pair) for pair in zip(form[2], form[2][1:], strict=False)):
        return True
    values = [item[2] for item in walk(form) if item[0] == "fmt"] if form[0] == "fstr" else list(_added(form))
    named = [words_of(name_of(value)) for value in values]
    secret = any(words[-1:] == ["token"] and not _PUBLIC & set(words) for words in named)
    return secret and any("/" in text for text in texts)


def _is_once(text: Form, value: Form) -> bool:
    """Whether a value follows the path of such an address, and is no key of a user: `.../reset/{code}`."""
    if text[0] != "const" or value[0] != "fmt" or not _PATH.search(str(text[2])):
        return False
    words = words_of(name_of(value[2]))
    return value[2][0] in ("name", "attr") and not {"id", "uid", "email", "mail", "user", "slug", "name"} & set(words)


def _added(form: Form) -> Iterator[Form]:
    if form[0] == "binop" and form[2] == "+":
        yield from _added(form[3])
        yield from _added(form[4])
    else:
        yield form


def carries_password(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression is a URL that the project puts together from a user and a password, or that is set so."""
    if any(_is_set(program, option) for option in options(ask(program, block, form))):
        return True
    words = words_of(name_of(form))
    if form[0] not in ("name", "attr") or not _SPOKEN & set(words):
        return False
    if (form[0] == "attr" and form[3] in _makers(program)) or _is_made(program, block, form):
        return True
    for option in options(ask(program, block, form)):
        if isinstance(option, Text) and isinstance(option.parts[0], str) and "://" in option.parts[0]:
            named = [part.name for part in option.parts if isinstance(part, Environment)]
            if any(_is_password(program, name) for name in named):
                return True
    return False


def _is_set(program: Program, value: Value) -> bool:
    """Whether a value is a database's URL out of the environment, where nothing shows that it needs no password."""
    if not isinstance(value, Environment) or not _DATABASE.search(value.name) or _may_be_a_file(program):
        return False
    default = string(value.default) if value.default is not None else None
    return value.default is None or (default is not None and _WITH_PASSWORD.search(default) is not None)


@lru_cache(maxsize=1)
def _may_be_a_file(program: Program) -> bool:
    """Whether a project makes ready for SQLite, whose URLs name a file."""
    modules = (module for module in program.modules.by_file.values() if not program.is_test(module))
    return any(module.facts.speaking(b"sqlite", b"check_same_thread", folded=True) for module in modules)


def _builds(call: Form) -> bool:
    """Whether a call puts pydantic's URL together: `PostgresDsn.build(...)`."""
    called: Form = call[2]
    return bool(called[0] == "attr" and called[3] == "build") and name_of(called[2]).endswith(("Dsn", "Url"))


def _is_made(program: Program, block: Block, form: Form) -> bool:
    """Whether a name is what a function of the project puts together: `DATABASE_URL = get_database_url()`."""
    if form[0] != "name":
        return False
    local = block.scope.assignments(form[2]) if isinstance(block.scope, FunctionScope) else []
    kept = local or [
        item for item in block.module.facts.module if item[0] == "assign" and ["name", form[2]] in _plain(item[2])
    ]
    return any(
        item[0] == "assign" and item[3][0] == "call" and name_of(item[3][2]) in _makers(program) for item in kept
    )


def _plain(targets: list[Form]) -> list[list[object]]:
    return [[target[0], target[-1]] for target in targets]


@lru_cache(maxsize=1)
def _makers(program: Program) -> frozenset[str]:
    """The names of the project's properties, and of functions that say so, that return such a URL."""
    found: set[str] = set()
    for module in program.modules.by_file.values():
        facts = module.facts
        properties = not facts.words.isdisjoint(_PROPERTIES)
        for number in facts.speaking(b"://", b'"build"'):
            if number < 0 or not (properties or _SPOKEN & set(words_of(facts.functions[number][0].rpartition(".")[2]))):
                continue
            for form in facts.forms(number).of("call"):
                if _builds(form) and any(key == "password" and value[0] != "const" for key, value, _ in form[4]):
                    found.add(facts.functions[number][0].rpartition(".")[2])
            for form in facts.forms(number).of("fstr"):
                texts = [item[2] for item in form[2] if item[0] == "const" and isinstance(item[2], str)]
                parts = [name_of(item[2]) for item in form[2] if item[0] == "fmt"]
                if texts and "://" in texts[0] and any(_is_password(program, name) for name in parts):
                    found.add(facts.functions[number][0].rpartition(".")[2])
    return frozenset(found)


def _is_password(program: Program, name: str) -> bool:
    return _PASSWORD.search(name) is not None or vocabulary(program).kind(name) == "password"
