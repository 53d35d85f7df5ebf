"""Which expressions are a password that came with a request, and what becomes of it: kept, digested, hashed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import (
    Bound,
    Class,
    External,
    Function,
    Instance,
    Partial,
    Unknown,
    Value,
    join,
    options,
)
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.members import of_members
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.records import has_own_ways
from fastapi_seclint.subjects.passwords import hashers
from fastapi_seclint.subjects.passwords.by_hand import compares_slow
from fastapi_seclint.subjects.passwords.handed import blocks_of, handed, only_given_passwords, taking
from fastapi_seclint.subjects.passwords.hooks import is_about_to_be_written
from fastapi_seclint.subjects.passwords.names import CHANGED, PASSWORDS, naming, words
from fastapi_seclint.subjects.passwords.objects import text_of_object
from fastapi_seclint.subjects.passwords.parameters import is_about_passwords
from fastapi_seclint.subjects.passwords.requests import Requests
from fastapi_seclint.subjects.passwords.spoken import blocks
from fastapi_seclint.subjects.passwords.stages import Kind, Text, Where
from fastapi_seclint.subjects.passwords.unpacked import names_given, part_of, part_returned
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_RANK: dict[Kind, int] = {"plain": 0, "digest": 1, "hash": 2}
_DEPTH = 12
_UNCHANGED = word_set(
    """
    encode decode strip rstrip lstrip hex hexdigest digest finalize get_secret_value lower upper casefold replace title
    """
)


@answered_once
def passwords(program: Program) -> Passwords:
    """What is known about passwords in a program, found once."""
    return Passwords(program)


class Passwords:
    """Follows passwords through one program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.requests = Requests(self)
        spoken = list(blocks(program))
        self.handed = handed(program, spoken)
        self.being_set = {(one.module.file, one.number, name) for one, name in taking(program)}
        known = {id(block.statements) for block in spoken}
        self.blocks = spoken + [one for one in blocks_of(program, self.handed) if id(one.statements) not in known]
        self._returned: dict[tuple[str, int], Text | None] = {}
        self._verifying: dict[tuple[str, int], bool] = {}
        self._writes: dict[int, list[tuple[int, str, Form]]] = {}

    def is_handed(self, block: Block, name: str) -> bool:
        """Whether a parameter of another name is given a password: `store(login, body.password)`."""
        return name in self.handed.get((block.module.file, block.number), ())

    def forms(self, block: Block) -> list[Form]:
        """Every form of a block, in source order."""
        return block.forms.every

    def text(self, where: Where | Block, form: Form, depth: int = _DEPTH) -> Text | None:
        """What an expression is as far as passwords go, or None."""
        if isinstance(where, Block):
            where = Where(where)
        if depth == 0:
            return None
        match form:
            case ["name", _, name]:
                return self._of_name(where, name, form, depth - 1)
            case ["attr", _, owner, name]:
                return self._of_field(where, owner, name, form, depth - 1)
            case ["sub", _, owner, ["const", _, str() as name]]:
                return self._of_field(where, owner, name, form, depth - 1)
            case ["sub", _, owner, ["slice", *_]]:
                return self.text(where, owner, depth - 1)
            case ["sub", _, ["tuple" | "list", _, items], ["opaque", _]]:
                return self.strongest(where, items, depth - 1)
            case ["sub", _, ["call", *_] as call, ["const", _, int() as number]]:
                return self._of_part(where, call, number, depth - 1)
            case ["call", *_]:
                return self._of_call(where, form, depth - 1)
            case ["await" | "walrus" | "star", *_]:
                return self.text(where, form[-1], depth - 1)
            case ["fmt", _, value, _]:
                return self.text(where, value, depth - 1)
            case ["ifexp", _, _, body, otherwise]:
                return self.strongest(where, [body, otherwise], depth - 1)
            case ["binop", _, "+" | "%", left, right]:
                return self.strongest(where, [left, right], depth - 1)
            case ["fstr" | "tuple" | "list", _, items] | ["bool", _, _, items]:
                return self.strongest(where, items, depth - 1)
        return None

    def strongest(self, where: Where, forms: list[Form], depth: int = _DEPTH) -> Text | None:
        """The best protected of several parts: what has a hash in it is no plain password."""
        found = [text for form in forms if (text := self.text(where, form, depth)) is not None]
        return max(found, key=lambda text: _RANK[text.kind], default=None)

    def _of_name(self, where: Where, name: str, form: Form, depth: int) -> Text | None:
        scope = where.block.scope
        if not isinstance(scope, FunctionScope):
            return Text("plain", where.block, form) if name in where.given else None
        values = [value for value in self.assigned(where.block, name, form) if value is not None]
        if values or self._is_rebound(scope, name, form):
            text = self.strongest(where, values, depth)
            earlier = name in where.given or any(name == item[0] for item in scope.function.parameters)
            if text is not None or not (earlier and values and all(value[0] == "const" for value in values)):
                return text
        if name in where.given:
            return Text("plain", where.block, form)
        return self.requests.of_parameter(scope.function, name, where.block, form, depth)

    def _is_rebound(self, scope: FunctionScope, name: str, form: Form) -> bool:
        return any(item[1] < form[1] and not holds(item[1], form[1]) for item in scope.assignments(name))

    def assigned(self, block: Block, name: str, use: Form) -> Iterator[Form | None]:
        """What is assigned to a local name above a use of it; None for what is not an expression of its own."""
        if not isinstance(block.scope, FunctionScope):
            return
        for statement in block.scope.assignments(name):
            if statement[1] >= use[1] or (holds(statement[1], use[1]) and statement[0] not in ("for", "with")):
                continue
            match statement:
                case ["assign", _, targets, value]:
                    yield part_of(targets, name, value)
                case ["annassign", _, _, _, value]:
                    yield value
                case ["for", _, _, iterable, *_]:
                    yield ["sub", iterable[1], iterable, ["opaque", iterable[1]]]
                case _:
                    yield None

    def _of_field(self, where: Where, owner: Form, name: str, form: Form, depth: int) -> Text | None:
        if naming(name) and is_about_to_be_written(where.block, owner):
            return Text("plain", where.block, form)
        if naming(name) != "plain" and not self._in_change(where, owner, name, depth):
            return text_of_object(self, where.block, owner, name, depth) if form[0] == "attr" else None
        path = f"{spelled(owner)}.{name}"
        written = [value for at, target, value in self.writes(where.block) if target == path and at < form[1]]
        if written:
            return self.text(where, written[-1], depth)
        source = self.requests.source(where, owner, depth)
        if source is None:
            return None
        if source.cls is not None and has_own_ways(source.cls):
            return Text("hash", where.block, form)
        if source.values is not None:
            return self.text(source.where or where, source.values[name], depth) if name in source.values else None
        return Text("plain", where.block, form, source.sure)

    def _in_change(self, where: Where, owner: Form, name: str, depth: int) -> bool:
        """Whether a field is a password by what its body is called: `new` of a `PasswordChange`."""
        source = self.requests.source(where, owner, depth) if name in CHANGED else None
        return source is not None and source.cls is not None and bool({*words(source.cls.name)} & PASSWORDS)

    def writes(self, block: Block) -> list[tuple[int, str, Form]]:
        """The assignments to fields in a block: place, target as `user.password`, what is assigned; updates, too."""
        key = id(block.statements)
        if key not in self._writes:
            found = []
            for form in block.forms.of("assign"):
                for target in form[2]:
                    if target[0] == "attr":
                        found.append((form[1], f"{spelled(target[2])}.{target[3]}", form[3]))
                    elif target[0] == "sub" and target[3][0] == "const":
                        found.append((form[1], f"{spelled(target[2])}.{target[3][2]}", form[3]))
            found += list(_updated(block))
            self._writes[key] = sorted(found, key=lambda item: item[0])
        return self._writes[key]

    def _of_call(self, where: Where, form: Form, depth: int) -> Text | None:
        function, positional = form[2], form[3]
        if function[0] == "attr" and function[3] in _UNCHANGED:
            inner = self.text(where, function[2], depth)
            if inner is not None:
                return inner
        if function[0] == "attr" and function[3] in ("get", "pop") and positional and positional[0][0] == "const":
            return self._of_field(where, function[2], str(positional[0][2]), form, depth)
        if function[0] == "attr" and function[3] in ("format", "join"):
            return self.strongest(where, positional + [value for _, value, _ in form[4]], depth)
        step, name, callee = self.step(where.block, form)
        match step:
            case "hash":
                return Text("hash", where.block, form, bool(name))
            case "digest":
                return self._of_digest(where, name, form, depth)
            case "same":
                return self.strongest(where, positional, depth)
            case "runs" if positional:
                return self._of_call(where, ["call", form[1], positional[0], positional[1:], form[4]], depth)
        if callee is not None and step == "":
            return self._of_own(where, callee, form, depth)
        return None

    def step(self, block: Block, call: Form) -> tuple[hashers.Step, str, Function | None]:
        """What a call does with a password; the canonical name of a library's, or the function of the project."""
        for option in options(self.value(block, call[2])):
            if isinstance(option, Partial):
                named = hashers.of_partial(option)
                if named:
                    return "digest", named, None
                own = isinstance(option.function, Function)
                option = option.function if own or not option.arguments.positional else option
            if isinstance(option, Instance):
                option = method_of(option, "__call__") or option
            if isinstance(option, External):
                step = hashers.step_of(option.name)
                return (step or hashers.step_by_name(call[2]), option.name, None)
            function = option.function if isinstance(option, Bound) else option
            if isinstance(function, Function):
                return "", "", function
            if isinstance(option, Class):
                return "", "", None
        return hashers.step_by_name(call[2]) if call[2][0] in ("name", "attr") else "", "", None

    def value(self, block: Block, form: Form) -> Value:
        """What an expression is, where that can be said."""
        if form[0] == "attr" and form[3] == "value" and (known := of_members(block, form)):
            return join(known)
        return ask(self.program, block, form) if form[0] in ("name", "attr", "call", "sub") else Unknown("not asked")

    def _of_digest(self, where: Where, name: str, call: Form, depth: int) -> Text | None:
        data = hashers.digested(name, call)
        keyed = [call[3][0]] if name.startswith("hmac.") and call[3] else []
        for item in [*([data] if data is not None else []), *keyed, *self.updates(where.block, call)]:
            inner = self.text(where, item, depth)
            if inner is not None and inner.kind != "hash":
                return Text("digest", where.block, call, inner.sure)
        return None

    def updates(self, block: Block, call: Form) -> Iterator[Form]:
        """What is given to a digest object with `update`, when the call's result has a name."""
        names = names_given(block, call)
        for form in block.forms.of("call") if names else ():
            match form:
                case ["call", _, ["attr", _, ["name", _, name], "update"], [data, *_], _] if name in names:
                    yield data

    def _of_own(self, where: Where, function: Function, call: Form, depth: int) -> Text | None:
        """What a function of the project makes of the password it is given."""
        made = self.returned(function, depth)
        if made is None:
            return Text("hash", where.block, call) if self._promises(function) else None
        if made.kind == "hash":
            return replace(made, through=call)
        if made.kind == "plain" and self._promises(function):
            return Text("hash", where.block, call)
        inner = self.strongest(where, arguments(call), depth)
        if inner is None or made.kind == "plain":
            return inner
        said = inner.kind == "plain" and (is_about_passwords(function) or only_given_passwords(self.program, function))
        return made if said else replace(made, through=call, sure=inner.sure)

    def _of_part(self, where: Where, call: Form, number: int, depth: int) -> Text | None:
        """A hash or digest that a function of the project returns beside something else, its salt say."""
        plain = self.strongest(where, arguments(call), depth)
        for body, item in part_returned(self.program, where.block, call, number) if plain is not None else ():
            function = body.function
            given = frozenset(one[0] for one in function.parameters) - {"self", "cls"} if function else frozenset()
            made = self.text(Where(body, given), item, depth)
            if made is not None and made.kind != "plain" and plain is not None and plain.kind == "plain":
                return replace(made, through=call, sure=plain.sure)
        return None

    def _promises(self, function: Function) -> bool:
        """Whether a function that cannot be followed is named after hashing."""
        return hashers.step_by_name(["name", 0, function.name]) == "hash"

    def returned(self, function: Function, depth: int = _DEPTH) -> Text | None:
        """What a function returns if its parameters are passwords."""
        key = (function.module.file, function.number if function.number >= 0 else function.at)
        if key not in self._returned:
            self._returned[key] = None
            inside = Block(function.module, None, function.scope, NO_STATEMENTS)
            block = body_of(self.program, function) if function.number >= 0 else inside
            if block is not None and depth > 0:
                where = Where(block, frozenset(item[0] for item in function.parameters) - {"self", "cls"})
                given = [form[2] for form in function.forms.of("return") if form[2] is not None]
                self._returned[key] = self.strongest(where, given, depth)
        return self._returned[key]

    def verifies(self, function: Function, depth: int = 5) -> bool:
        """Whether a function of the project verifies a password against a hash somewhere in its body."""
        key = (function.module.file, function.number)
        if key not in self._verifying:
            self._verifying[key] = False
            block = body_of(self.program, function)
            calls = block.forms.of("call") if block is not None and depth > 0 else []
            found = block is not None and any(self.is_verification(block, form, depth - 1) for form in calls)
            self._verifying[key] = found or (block is not None and compares_slow(self, block, calls))
        return self._verifying[key]

    def hashes(self, block: Block) -> bool:
        """Whether a block hashes a password somewhere, or calls a function of the project that does."""
        for form in block.forms.of("call"):
            if form[2][0] in ("name", "attr"):
                step, _, function = self.step(block, form)
                made = self.returned(function) if function is not None and step == "" else None
                if step == "hash" or (made is not None and made.kind == "hash"):
                    return True
                if function is not None and self._promises(function):
                    return True
        return False

    def is_verification(self, block: Block, call: Form, depth: int = 5) -> bool:
        """Whether a call verifies a password against a hash, in a library or through a function of the project."""
        if call[2][0] not in ("name", "attr"):
            return False
        step, _, function = self.step(block, call)
        if step == "runs" and call[3]:
            return self.is_verification(block, ["call", call[1], call[3][0], call[3][1:], call[4]], depth)
        if function is not None:
            return self.verifies(function, depth) or hashers.step_by_name(call[2]) == "verify"
        return step == "verify"


def _updated(block: Block) -> Iterator[tuple[int, str, Form]]:
    """What `values.update(password=...)` and `values.update({"password": ...})` put into a dictionary."""
    for form in block.forms.of("call"):
        match form:
            case ["call", at, ["attr", _, ["name" | "attr", *_] as owner, "update"], given, keywords]:
                pairs = [(str(keyword), value) for keyword, value, _ in keywords if keyword is not None]
                for item in given[:1] if given and given[0][0] == "dict" else []:
                    pairs += [(str(key[2]), value) for key, value in item[2] if key is not None and key[0] == "const"]
                yield from ((at, f"{spelled(owner)}.{name}", value) for name, value in pairs)
