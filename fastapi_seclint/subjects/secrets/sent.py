"""What comes with the request, and what kind of credential it is by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Environment, External, options, string
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.loops import loops
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.reads import reads_setting
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_REQUEST = frozenset({"headers", "query_params", "cookies"})
_WRAPPERS = frozenset({"Headers", "QueryParams", "Request", "HTTPConnection", "WebSocket"})
_SPLITTING = frozenset({"split", "rsplit", "partition", "rpartition", "removeprefix", "strip", "decode", "lower"})
_PARSING = frozenset({"parse_qs", "parse_qsl", "dict", "QueryParams", "Headers"})
_WRAPPING = frozenset(
    {"encode", "strip", "get_secret_value", "decode", "lower", "upper", "casefold", "removeprefix", "removesuffix"}
)
_UNPACKING = frozenset({"b64decode", "urlsafe_b64decode", "standard_b64decode", "unquote", "unquote_plus"})
"""What takes the clothes off a credential: of `Basic` it is the base64 of name and password (RFC 7617)."""
_RECEIVING = frozenset({"json", "form", "body", "receive_json", "receive_text", "receive_bytes", "receive"})
_CUTTING = frozenset({"split", "rsplit", "partition", "rpartition"})


def core(form: Form) -> Form:
    """An expression without what only changes its type: `.encode()`, `str(...)`, `(x or "")`, `.get_secret_value()`.

    Neither with what stands in for it where it is not there, `c.credentials if c else None`, nor with what is cut off:
    `authorization.split(" ")[1]`. What comes first of several parts is a scheme or a prefix, and no secret.
    """
    match form:
        case ["call", _, ["attr", _, inner, method], _, _] if method in _WRAPPING:
            return core(inner)
        case ["call", _, ["name", _, "str" | "bytes"], [inner, *_], _]:
            return core(inner)
        case ["sub", _, ["call", _, ["attr", _, inner, method], _, _], index] if method in _CUTTING:
            return core(inner) if index[0] in ("const", "unary") and index[2:] != [0] else form
        case ["bool", _, "or", [inner, ["const" | "bytes", *_]]]:
            return core(inner)
        case ["await", _, inner] | ["ifexp", _, _, inner, ["const", _, None | ""]]:
            return core(inner)
    return form


def filled(form: Form) -> Form:
    """What stands in a text that has one thing in it, `self.token` of `f"Bearer {self.token}"`; else the expression."""
    match form:
        case ["fstr", _, parts] if len(held := [part[2] for part in parts if part[0] == "fmt"]) == 1:
            return core(held[0])
    return form


def _picked_out(form: Form) -> Iterator[str]:
    """The header that is looked for among those of a scope: `next(v for k, v in scope["headers"] if k == b"x-key")`."""
    match form:
        case ["call", _, ["name", _, "next"], [["comp", _, _, _, _, [[_, _, conditions]]], *_], _]:
            for test in conditions:
                sides = [test[2], *test[4]] if test[0] == "compare" and test[3] == ["=="] else []
                yield from (str(side[2]) for side in sides if side[0] in ("bytes", "const"))


def _is_first_cut_off(statement: Form, name: str) -> bool:
    """Whether a name gets what stands behind the first part: `scheme, _, token = header.partition(" ")`."""
    parts = [target[2] for target in statement[2] if target[0] == "tuple"] if statement[0] == "assign" else []
    return any(part[2:] == [name] for target in parts for part in target[1:])


def _reads_scope(call: Form) -> bool:
    """Whether a call makes the headers or the query of an ASGI scope readable (starlette/datastructures.py)."""
    if call[2][2] in ("Headers", "MutableHeaders", "QueryParams"):
        return True
    return call[2][2] == "dict" and any(item[0] == "const" and item[2] == "headers" for item in walk(call[3]))


@dataclass(slots=True)
class Sent:
    """Asks of the expressions of one function whether a caller sends them."""

    program: Program
    words: Vocabulary
    block: Block
    scope: FunctionScope

    def kind(self, form: Form) -> str:
        """What kind of credential an expression is by its name, or that of the header it holds; empty for none."""
        if name_of(self._given(form)) == "credentials" and self._given(form)[0] == "attr":
            return "token"
        kinds = ("token" if name.lower() == "authorization" else self.words.kind(name) for name in self.names(form))
        return next((kind for kind in kinds if kind), "")

    def _given(self, form: Form) -> Form:
        """An expression, or what the one assignment to its local name gives."""
        found = self.scope.assignments(form[2]) if form[0] == "name" else []
        plain = len(found) == 1 and found[0][0] in ("assign", "annassign") and found[0][-1] is not None
        return core(found[0][-1]) if plain else form

    def names(self, form: Form, depth: int = 3) -> Iterator[str]:
        """What an expression is called: its own name, and that of the header which a variable was read from."""
        yield name_of(form)
        yield from self._header(form)
        found = self.scope.assignments(form[2]) if form[0] == "name" else []
        read = core(found[0][-1]) if len(found) == 1 and found[0][0] in ("assign", "annassign") else None
        if read is not None and read[0] == "sub" and read[3][0] == "const" and type(read[3][2]) is int:
            read = core(read[2])
        while read is not None and _is_first_cut_off(found[0], form[2]) and read[0] == "call" and read[2][0] == "attr":
            if read[2][3] not in _SPLITTING:
                break
            read = core(read[2][2])
        if read is not None and (self.is_sent(read) or self._is_taken(read, 2)):
            inner = read[3][0] if read[0] == "call" and last_name(read[2]) in _UNPACKING and read[3] else read
            if depth and inner[0] == "name" and inner[2] != form[2]:
                yield from self.names(inner, depth - 1)
            yield name_of(read)
            yield from self._header(read)
        yield from _picked_out(read) if read is not None else ()

    def _header(self, form: Form) -> Iterator[str]:
        """What a header is called that is read by a name, `request.headers.get(self.header)`, as far as it is known."""
        match form:
            case ["call", _, ["attr", _, ["attr", _, _, part], "get"], [["name" | "attr", *_] as key, *_], _] | [
                "sub",
                _,
                ["attr", _, _, part],
                ["name" | "attr", *_] as key,
            ] if part in _REQUEST:
                known = (string(option) for option in options(ask(self.program, self.block, key)))
                yield from (name for name in known if name is not None)

    def is_sent(self, form: Form) -> bool:
        """Whether an expression comes with the request: a parameter, a part of one, a header."""
        root, depth = form, 0
        while root[0] in ("attr", "sub", "call", "await") and depth < 8:
            if root[0] == "attr" and root[3] in _REQUEST:
                return True
            if self._wraps_request(root):
                return True
            root, depth = root[2], depth + 1
        if root[0] != "name" or root[2] in ("self", "cls", "settings", "config", "os"):
            return False
        if any(item[0] == root[2] for item in self.scope.function.parameters):
            sent = not reads_setting(form)
        else:
            given = (item[-1] for item in self.scope.assignments(root[2]) if item[0] in ("assign", "annassign"))
            sent = any(value is not None and self._is_value(value) for value in given) or self._is_part(root[2])
        return sent and not self._is_setting(root)

    def _is_setting(self, form: Form) -> bool:
        """Whether a name may be a setting, a parameter's default left aside."""
        found = options(ask(self.program, self.block, form))
        return any(isinstance(option, Environment) and not option.name.startswith("parameter ") for option in found)

    def _is_part(self, name: str, depth: int = 4) -> bool:
        """Whether a name holds a part of what is sent: a piece of a header, a field of a parsed query."""
        given = [form[-1] for form in self.scope.assignments(name) if form[0] in ("assign", "annassign", "walrus")]
        sources = [iterable for iterable, _ in loops(self.block, name)]
        return depth > 0 and any(self._is_taken(form, depth - 1) for form in (*sources, *given) if form is not None)

    def _is_taken(self, form: Form, depth: int) -> bool:
        match form:
            case ["ifexp", _, _, inner, _] | ["await", _, inner]:
                return self._is_taken(inner, depth)
            case ["call", _, ["attr", _, ["name", _, name], method], *_] if method in _RECEIVING:
                return any(item[0] == name for item in self.scope.function.parameters)
            case ["comp", _, _, _, _, turns]:
                return any(self._is_taken(iterable, depth) for _, iterable, _ in turns)
            case ["call", _, ["attr", _, inner, method], _, _] if method in _SPLITTING:
                parameters = {item[0] for item in self.scope.function.parameters} - {"self", "settings", "config"}
                given = inner[0] == "name" and inner[2] in parameters
                return given or self._is_taken(inner, depth)
            case ["call", _, ["attr", _, inner, "get" | "getlist"], _, _] | ["sub", _, inner, _]:
                return self._wraps_request(form) or self._is_taken(inner, depth)
            case ["call", _, ["name" | "attr", *_] as function, [inner, *_], _] if (
                function[-1] in _PARSING | _UNPACKING
            ):
                return self._is_taken(inner, depth)
            case ["attr", _, _, part]:
                return part in _REQUEST
            case ["name", _, name]:
                return self._is_part(name, depth)
        return False

    def is_read(self, form: Form) -> bool:
        """Whether a name holds what the function reads from the request itself: `request.headers.get(...)`."""
        found = self.scope.assignments(form[2]) if form[0] == "name" else []
        values = [item[-1] for item in found if item[0] in ("assign", "annassign") and item[-1] is not None]
        return any(item[0] == "attr" and item[3] in _REQUEST for value in values for item in walk(value))

    def _is_value(self, form: Form) -> bool:
        names = [item for item in walk(form) if item[0] == "name"]
        parameters = {item[0] for item in self.scope.function.parameters}
        if any((item[0] == "attr" and item[3] in _REQUEST) or self._wraps_request(item) for item in walk(form)):
            return True
        if form[0] == "call" and form[2][0] == "name" and not _reads_scope(form):
            return False
        return any(item[2] in parameters and item[2] not in ("self", "settings") for item in names)

    def _wraps_request(self, form: Form) -> bool:
        """Whether an expression is a part of an ASGI request: `Headers(scope=scope)`, `scope["headers"]`."""
        match form:
            case ["sub", _, ["name", _, "scope"] | ["attr", _, _, "scope"], ["const", _, "headers" | "query_string"]]:
                return True
            case ["call", _, ["name" | "attr", *_] as function, *_] if function[-1] in _WRAPPERS:
                found = options(ask(self.program, self.block, function))
                return any(isinstance(one, External) and one.name.startswith("starlette.") for one in found)
        return False

    def is_decoded(self, form: Form) -> bool:
        """Whether the same function verifies what was sent as a signed token, which nobody finds piece by piece."""
        name = spelled(form)
        return any(
            "decode" in words_of(name_of(call[2])) and any(spelled(core(item)) == name for item in call[3])
            for call in self.block.forms.of("call")
        )

    def is_annotated(self, form: Form, names: tuple[str, ...]) -> bool:
        """Whether a parameter is annotated with one of these types: a number, a set that finds by hash."""
        annotations = [item[2] for item in self.scope.function.parameters if form[0] == "name" and item[0] == form[2]]
        for annotation in annotations:
            outer = annotation[2] if annotation is not None and annotation[0] == "sub" else annotation
            if outer is not None and outer[0] == "name" and outer[2] in names:
                return True
        return False
