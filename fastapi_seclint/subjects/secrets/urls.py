"""Texts that are URLs with a user and a password in them, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form, pack, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import string
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask, blocks_of
from fastapi_seclint.subjects.code.reads import Read, read_of
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.secrets.settings_fields import SettingsField, fields
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.modules import Module

_UNKNOWN = "\0"
_FORM = re.compile(
    r"://(user(name)?|login|db_?user):(password|passwd|pass|pwd|db_?pass(word)?)@[^/]*/(db_?name|database_?name|name)\b",
    re.IGNORECASE,
)
"""An address that says what to fill in: `mysql://username:password@localhost/dbname`."""
_CREDENTIALS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?P<user>[^\s/:@?#\0]*):(?P<password>[^\s/@\0]+)@(?P<host>[^\s/?#]+)\S*"
)
_TEMPLATE = re.compile(r"[{}<>*$\[\]]|%\(|%[sdr](?![0-9a-fA-F])|\.\.\.|^x+$|^_+$", re.IGNORECASE)
_SAMPLES = re.compile(r"(?:^|\.)(?:example|invalid)(?:\.(?:com|org|net))?(?::\d+)?$", re.IGNORECASE)
_OPTIONS = re.compile(r"(?:^|[;\s=])(\w+|User Id)\s*=\s*([^\s;=]+)", re.IGNORECASE)
_HOSTS = frozenset({"host", "server", "data source", "driver", "dbname", "database"})
_USERS = frozenset({"user", "uid", "user id", "username"})
_SETTING = re.compile(r"""^\s*(?P<name>[\w.-]+)["']?\s*[:=]\s*["']?(?P<text>\w[\w+.-]*://[^\s"']+)["']?,?\s*$""")
_LOCAL = re.compile(r"=\s*(?:localhost|127\.0\.0\.1)", re.IGNORECASE)
_LONGEST = 2000
_SHOWN = word_set(
    "description help example examples title summary detail message msg doc docs placeholder hint label usage"
)
_LOOKING = word_set("startswith endswith match search fullmatch compile replace sub split findall remove")


@dataclass(frozen=True, slots=True)
class Address:
    """A URL with credentials: its form, the name it is given to, the place to report, what reads or declares it."""

    block: Block
    form: Form
    name: str
    at: int
    statement: Form | None
    read: Read | None
    field: SettingsField | None
    local: bool
    part: bool = False
    """Whether it is a line of a longer text."""


def addresses(program: Program, module: Module) -> Iterator[Address]:
    """The URLs with credentials of one file."""
    facts = module.facts
    wanted = {*facts.speaking(b"://")} & {*facts.speaking(b"@")}
    wanted |= {*facts.speaking(b'"@')} & {*facts.speaking(b'"fmt"')}
    wanted |= {*facts.speaking(b"password=", b"PWD=", b"Password=")}
    if not wanted:
        return
    for block in blocks_of(program, module):
        if (-1 if block.function is None else block.function.number) in wanted:
            yield from _Search(program, block).run()


@dataclass(slots=True)
class _Search:
    program: Program
    block: Block
    by_place: dict[int, SettingsField] | None = None

    def run(self) -> Iterator[Address]:
        if self.block.function is None:
            self.by_place = {field.statement[1]: field for field in fields(self.program, self.block)}
        for form in self.block.statements:
            yield from self.visit(form, "", form[1], None, None)

    def visit(self, form: object, name: str, at: int, statement: Form | None, read: Read | None) -> Iterator[Address]:
        """The addresses in a form; `statement` is the assignment whose whole value may be one."""
        if type(form) is not list or not form:
            return
        if type(form[0]) is not str or len(form) < 2 or type(form[1]) is not int or form[1] <= KEYWORDS:
            for item in form:
                yield from self.visit(item, name, at, None, read)
            return
        match form:
            case ["const", _, str()] | ["fstr", *_]:
                found = has_credentials(form)
                if found is None and form[0] == "fstr" and (found := self.with_names(form)) is not None:
                    yield Address(self.block, form, name, at, statement, read, None, found, part=True)
                elif found is not None:
                    field = (self.by_place or {}).get(at)
                    yield Address(self.block, form, name, at, statement, read, field, found)
                elif form[0] == "const" and "\n" in form[2] and name not in _SHOWN:
                    yield from self.in_lines(form)
            case ["binop", _, "+", *_] if not self.is_whole(form) and (found := self.with_names(form)) is not None:
                yield Address(self.block, form, name, at, statement, read, None, found, part=True)
            case ["binop", *_] | ["call", _, ["attr", _, ["const", _, ""], "join"], *_] if self.is_whole(form):
                field = (self.by_place or {}).get(at)
                yield Address(self.block, form, name, at, statement, read, field, bool(has_credentials(form)))
            case ["assign", place, [target, *_], value]:
                yield from self.visit(value, name_of(target), place, form, None)
            case ["annassign", place, target, _, value]:
                yield from self.visit(value, name_of(target), place, form, None)
            case ["expr", place, value] if value[0] not in ("const", "fstr"):
                yield from self.visit(value, "", place, None, None)
            case ["call", _, function, positional, keywords]:
                yield from self.of_call(form, function, positional, keywords, name, at)
            case ["dict", _, pairs]:
                for key, value in pairs:
                    text = str(key[2]) if key is not None and key[0] == "const" else ""
                    if text not in _SHOWN:
                        yield from self.visit(value, text, value[1], None, None)
            case ["def", *_]:
                yield from self.visit(form[6], "", form[1], None, None)
                for parameter in form[5]:
                    yield from self.visit(parameter[3], parameter[0], parameter[4], None, None)
            case ["class", *_]:
                yield from self.visit(form[6], "", form[1], None, None)
            case ["compare" | "expr" | "raise", *_]:
                return
            case ["bool" | "ifexp" | "tuple" | "list", *_]:
                yield from self.visit(form[2:], name, at, None, read)
            case _:
                yield from self.visit(form[2:], name, at if name else form[1], None, read)

    def with_names(self, form: Form) -> bool | None:
        """Like `has_credentials`, where the names in a text hold texts; those of secrets are told where they stand."""
        parts = []
        for part in _pieces(form):
            inner = part[2] if part[0] == "fmt" and part[2][0] in ("name", "attr") else None
            if inner is not None and not vocabulary(self.program).kind(str(inner[-1])):
                text = string(ask(self.program, self.block, inner)) or self.field_default(inner)
                part = ["const", part[1], text] if text else part
            parts.append(part)
        return has_credentials(["fstr", form[1], parts])

    def field_default(self, form: Form) -> str | None:
        """What a field of the object that a method belongs to is by default: `self.word` of `word: str = "..."`."""
        function = self.block.function
        if form[0] != "attr" or form[2][2:] != ["self"] or function is None or function.owner is None:
            return None
        return next((string(value) for name, _, value in function.owner.fields if name == form[3]), None)

    def in_lines(self, form: Form) -> Iterator[Address]:
        """The addresses in the lines of a configuration that is written as a text: `url: postgresql://...`."""
        span, lines = span_of(form[1]), form[2].splitlines()
        for number, line in enumerate(lines):
            said = _SETTING.match(line)
            if said is None:
                continue
            at = form[1]
            if number and span.end_line - span.line == form[2].count("\n"):
                at = pack(span.line + number, said.start("text"), span.line + number, said.end("text"))
            text = ["const", at, said["text"]]
            if (found := has_credentials(text)) is not None:
                yield Address(self.block, text, said["name"], at, None, None, None, found, part=True)

    def is_whole(self, form: Form) -> bool:
        """Whether a text that is put together is such a URL, and none of its parts is one by itself."""
        parts = (one for one in walk(form[2:]) if one[0] in ("const", "fstr"))
        return has_credentials(form) is not None and not any(has_credentials(one) is not None for one in parts)

    def of_call(
        self, form: Form, function: Form, positional: list[Form], keywords: list[Form], name: str, at: int
    ) -> Iterator[Address]:
        called = name_of(function)
        if called in _LOOKING or called in ("debug", "info", "warning", "error", "critical", "print"):
            return
        read = read_of(form)
        yield from self.visit(function, name, at, None, None)
        for value in positional:
            inside = read if read is not None and value is read.default else None
            yield from self.visit(value, name or called, at if name else value[1], None, inside)
        for keyword, value, place in keywords:
            if keyword in _SHOWN or (keyword or "").startswith(("example", "json_schema", "openapi")):
                continue
            inside = read if read is not None and value is read.default else None
            same = keyword in (None, "default", "default_factory") and bool(name)
            yield from self.visit(value, name if same else keyword, at if same else place, None, inside)


def _pieces(form: Form) -> Iterator[Form]:
    """The pieces of a text that is put together, as those of an f-string; what only quotes another gives that."""
    match form:
        case ["fstr", _, parts]:
            for part in parts:
                yield from [part] if part[0] == "const" else _pieces(part[2])
        case ["binop", _, "+", left, right]:
            yield from (*_pieces(left), *_pieces(right))
        case ["const", *_]:
            yield form
        case ["call", at, called, [inner, *_], _] if name_of(called) in ("quote", "quote_plus", "str"):
            yield ["fmt", at, inner]
        case _:
            yield ["fmt", form[1], form]


def has_credentials(form: Form) -> bool | None:
    """Whether a text is a URL with a user's password: None for no, else whether its host is this machine."""
    text = _text(form)
    if not text or len(text) >= _LONGEST:
        return None
    if _is_connection_string(text):
        return bool(_LOCAL.search(text))
    found = _CREDENTIALS.match(text)
    if found is None or _TEMPLATE.search(found["user"]) or _TEMPLATE.search(found["password"]):
        return None
    if not any(found[part].isascii() for part in ("user", "password", "host")):
        return None  # "用户名:密码@主机地址" says what belongs there
    if _FORM.search(found[0]):
        return None
    if found["scheme"].lower() in ("http", "https") and _SAMPLES.search(found["host"]):
        return None
    return found["host"].split(":")[0] in ("localhost", "127.0.0.1", "[")


def _is_connection_string(text: str) -> bool:
    """Whether a text is `host=db user=app password=...`, or the like with semicolons."""
    found = {name.lower(): value for name, value in (() if "\n" in text.strip() else _OPTIONS.findall(text))}
    password = found.get("password") or found.get("pwd") or ""
    if not password or _TEMPLATE.search(password) or _UNKNOWN in password:
        return False
    return bool(_HOSTS & found.keys()) and bool(_USERS & found.keys())


def _text(form: Form) -> str:
    """A text that is put together, with a mark for each part that is not written in it."""
    match form:
        case ["const", _, str() as text]:
            return text
        case ["fstr", _, parts]:
            return "".join(str(part[2]) if part[0] == "const" else _text(part[2]) or _UNKNOWN for part in parts)
        case ["binop", _, "+", left, right]:
            return (_text(left) or _UNKNOWN) + (_text(right) or _UNKNOWN)
        case ["call", _, ["attr", _, ["const", _, ""], "join"], [["list" | "tuple", _, items]], _]:
            return "".join(_text(item) or _UNKNOWN for item in items)
    return ""
