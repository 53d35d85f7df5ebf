"""Refusals behind functions of the project, written out where they are called, before anything reads the files.

`deny(401, "no")` is `raise HTTPException(401, "no")` where `def deny(status, why): raise HTTPException(status, why)`
says so, in this file or in another one; and so is `raise denial(401, "no")` where `denial` returns the exception.
Rules need to know only one way of refusing. What is written out keeps the places of the call, so that findings stand
where people wrote it; `Refusal` tells which function a call stood for. The call itself stays in sight as what the
exception is raised from, for those who follow calls.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.bindings import blocks, bound_names
from fastapi_seclint.facts.forms import ASYNC, KEYWORDS, VARIADIC, Form, last_name, names_in, pack, walk
from fastapi_seclint.facts.ordered import negated, ordered
from fastapi_seclint.facts.refusing import given_to, refuses
from fastapi_seclint.program.callees import Callees, kinds_given
from fastapi_seclint.program.modules import Module, Modules
from fastapi_seclint.program.substitution import Table, bound, substituted

_ROUNDS = 3
_BUILTINS = frozenset(dir(builtins))
_TOP = pack(1, 0, 1, 0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A function that only refuses: its file and number there, its parameters and statements.

    `is_test` where it is meant for what stands at its name in a call: the test that was written out.
    """

    module: Module
    number: int
    parameters: list[Form] = field(repr=False)
    statements: list[Form] = field(repr=False)
    is_bound: bool
    is_async: bool = False
    is_test: bool = False

    @property
    def name(self) -> str:
        """What it is called, without its class."""
        return self.module.facts.functions[self.number][0].rpartition(".")[2]

    @property
    def dotted(self) -> str:
        """Its dotted name."""
        return f"{self.module.name}.{self.module.facts.functions[self.number][0]}"

    @property
    def is_check(self) -> bool:
        """Whether it refuses only what fails a test that is more than whether something was given."""
        return not refuses(self.statements)

    @property
    def is_handed(self) -> bool:
        """Whether its callers hand in the exception that a check raises: `ensure(allowed, HTTPException(403))`."""
        return self.is_check and bool(self.statements[-1][3][0][2][0] == "name")

    @property
    def is_returned(self) -> bool:
        """Whether it returns the exception for its callers to raise."""
        return bool(self.statements[-1][0] == "return")

    def takes(self, name: str) -> bool:
        """Whether its callers may give something by a name."""
        return any(item[1] == KEYWORDS or (item[0] == name and item[1] != VARIADIC) for item in self.parameters)


def as_it_stands(raising: Form) -> Form | None:
    """What a `raise` raises as people wrote it: the call that stands for a refusal where it was written out."""
    exception, cause = raising[2:4]
    written = cause is not None and exception is not None and cause[0] == "call" and cause[1] == exception[1]
    found: Form | None = cause if written else exception
    return found


Refusals = dict[tuple[str, int], Refusal]
"""What calls stood for, by file and by the place of the call; a check also by the place of its name."""


def write_out(modules: Modules) -> Refusals:
    """Put what functions that only refuse do in place of their calls; says which calls those were."""
    found: Refusals = {}
    for _ in range(_ROUNDS):
        refusals = {
            (module.file, refusal.number): refusal
            for module in modules.by_file.values()
            if module.facts.refusers
            for refusal in _of_module(module)
        }
        names = {refusal.name for refusal in refusals.values()}
        changed = [_Rewriting(modules, module, refusals, found).run(names) for module in _concerned(modules, names)]
        if not any(changed):
            break
    return found


def _concerned(modules: Modules, names: set[str]) -> list[Module]:
    return [module for module in modules.by_file.values() if not module.facts.words.isdisjoint(names)]


def _of_module(module: Module) -> Iterator[Refusal]:
    """The functions of a file that only refuse; one with a decorator is called by others."""
    wanted = set(module.facts.refusers)
    for form in module.facts.forms(MODULE).of("def"):
        kinds = [last_name(item) for item in form[6]]
        if form[2] in wanted and all(kind in ("staticmethod", "classmethod") for kind in kinds):
            is_method = "." in module.facts.functions[form[2]][0] and "staticmethod" not in kinds
            waits = bool(form[4] & ASYNC)
            yield Refusal(module, form[2], form[5], module.facts.body(form[2]), is_method, waits)


class _Rewriting:
    """The calls of one file written out."""

    def __init__(
        self, modules: Modules, module: Module, refusals: dict[tuple[str, int], Refusal], found: Refusals
    ) -> None:
        self.modules = modules
        self.module = module
        self.refusals = refusals
        self.found = found
        self.callees = Callees(modules, module)
        self.top = self.callees.top
        self.imports: dict[str, Form] = {}
        self.words: set[str] = set()

    def run(self, names: set[str]) -> bool:
        """Write the calls out; whether there were any."""
        facts = self.module.facts
        names = {*names, *self.callees.renamed(names)}
        bodies: dict[int, list[Form]] = {}
        for number in facts.speaking(*(f'"{name}"'.encode() for name in sorted(names & facts.words))):
            if number == MODULE:
                continue
            body = facts.body(number)
            self.local = bound_names(body)
            self.owner = facts.functions[number][0].rpartition(".")[0]
            self.kinds = kinds_given(facts, number)
            self.changed = False
            new = self.block(body, names)
            if self.changed:
                bodies[number] = new
        if not bodies:
            return False
        bodies[MODULE] = [*facts.module, *self.imports.values()]
        self.module.facts = facts.rewritten(bodies, self.words, _refusing(bodies))
        return True

    def block(self, statements: list[Form], names: set[str]) -> list[Form]:
        """A block with its refusals written out."""
        found: list[Form] = []
        for statement in statements:
            written = self.statement(statement, names)
            if written is None:
                found.append(self.nested(statement, names))
            else:
                self.changed = True
                found += written
        return ordered(found) if found != statements else statements

    def nested(self, statement: Form, names: set[str]) -> Form:
        """A statement with the blocks in it written out."""
        match statement:
            case ["try", at, body, handlers, otherwise, final]:
                caught = [[kind, name, self.block(inner, names), place] for kind, name, inner, place in handlers]
                rest = (self.block(inner, names) for inner in (otherwise, final))
                return ["try", at, self.block(body, names), caught, *rest]
        inner = blocks(statement)
        if not inner:
            return statement
        head = statement[: len(statement) - len(inner)]
        return [*head, *(self.block(each, names) for each in inner)]

    def statement(self, statement: Form, names: set[str]) -> list[Form] | None:
        """What a statement comes to that calls a function which only refuses; None for all others."""
        match statement:
            case ["expr" | "return", at, ["await", _, call]]:
                return self.raising(at, call, names, is_awaited=True)
            case ["expr" | "return", at, ["bool", _, "or", [test, call]]]:
                rest = [] if statement[0] == "expr" else [["return", at, test]]
                return self.unless(at, test, call, rest, names)
            case ["assign", at, [["name", *_] as name], ["bool", _, "or", [value, call]]]:
                return self.unless(at, name, call, [], names, [["assign", at, [name], value]])
            case ["expr" | "return" | "raise", at, call, *_] if call is not None:
                raised = self.raising(at, call, names)
                goes_back = raised is not None and statement[0] == "return" and raised[-1][0] == "if"
                return [*raised, ["return", at, ["const", at, None]]] if raised is not None and goes_back else raised
        return None

    def unless(
        self, at: int, test: Form, call: Form, after: list[Form], names: set[str], before: list[Form] | None = None
    ) -> list[Form] | None:
        """`value or deny(...)`: a refusal where the value is missing."""
        raised = self.raising(at, call, names)
        return raised and [*(before or []), ["if", at, negated(test), raised, []], *after]

    def raising(self, at: int, call: Form, names: set[str], *, is_awaited: bool = False) -> list[Form] | None:
        """What a call comes to when it is one of a function that only refuses; a check that nobody awaits does not."""
        if call[0] != "call" or last_name(call[2]) not in names:
            return None
        key = self.callees.meant(call[2], self.local, self.owner, self.kinds)
        refusal = self.refusals.get(key) if key is not None else None
        if refusal is None or (refusal.is_check and refusal.is_async and not is_awaited):
            return None
        if refusal.module is self.module and refusal.statements[-1][1] == at:
            return None
        table = bound(refusal.parameters, call, refusal.is_bound)
        written = self.written(refusal, table, at, call) if table is not None else None
        if written is not None:
            self.found[self.module.file, call[1]] = refusal
            if refusal.is_check:
                self.found[self.module.file, call[2][1]] = replace(refusal, is_test=True)
        return written

    def written(self, refusal: Refusal, table: Table, at: int, call: Form) -> list[Form] | None:
        """The statements of a function that only refuses, with what a caller gives in place of its parameters."""
        if refusal.is_check:
            return self.checked(refusal, table, at, call)
        given, place = dict(table), call[1]
        last = refusal.statements[-1]
        for statement in refusal.statements[:-1]:
            if statement[0] in ("assign", "annassign"):
                name = statement[2][0] if statement[0] == "assign" else statement[2]
                given[name[2]] = substituted(statement[-1], given, place)
                last = [*last, statement[-1]]
        if not self.is_known(refusal.module, last, given) or (last[0] == "if" and given_to(last[2]) not in table):
            return None
        if last[0] != "if":
            return [["raise", at, substituted(last[2], given, place), call]]
        raised = ["raise", at, substituted(last[3][0][2], given, place), call]
        return [["if", at, substituted(last[2], given, place), [raised], []]]

    def checked(self, refusal: Refusal, table: Table, at: int, call: Form) -> list[Form] | None:
        """The tests of a function that only refuses what fails them; they stand where the call names it."""
        written = []
        if refusal.is_handed:  # what was handed in stands where it is used now, and only there
            call = ["call", call[1], call[2], [], []]
        for statement in refusal.statements:
            test, raised = statement[2], statement[3][0]
            if not names_in(test) & table.keys() or not self.is_known(refusal.module, statement, table):
                return None
            error = ["raise", at, substituted(raised[2], table, call[1]), call]
            written.append(["if", at, substituted(test, table, call[2][1]), [error], []])
        return written

    def is_known(self, origin: Module, form: Form, given: Table) -> bool:
        """Whether the names of a form mean here what they mean in another file; imports for them are noted."""
        if origin is self.module:
            return True
        filled = {name.removeprefix("**") for name in given}
        names = names_in(form) - filled
        there = bound_names(origin.facts.module)
        needed: dict[str, Form] = {}
        for name in sorted(names - _BUILTINS):
            brought = self.brought(origin, name, there)
            if brought is None:
                return False
            here = self.top.get(name)
            if here is None:
                needed[name] = brought
            elif not _is_same(here[-1], brought, self.module):
                return False
        self.imports.update(needed)
        self.words.update(str(item[-1]) for item in walk(form) if item[0] in ("name", "attr"))
        self.words.update(part for form in needed.values() if form[0] == "from" for part in form[3].split("."))
        return True

    def brought(self, origin: Module, name: str, there: dict[str, list[Form]]) -> Form | None:
        """The import that brings a name of another file here."""
        if name not in there:
            return None
        match there[name][-1]:
            case ["import", *_] as form:
                return form
            case ["from", _, 0, module, pairs]:
                return ["from", _TOP, 0, module, [pair for pair in pairs if (pair[1] or pair[0]) == name]]
        if self.modules.absolute(origin.name, self.module) is not origin:
            return None
        return ["from", _TOP, 0, origin.name, [[name, None]]]


def _refusing(bodies: dict[int, list[Form]]) -> Iterable[int]:
    """The functions that only refuse now that the calls in them are written out."""
    return [number for number, body in bodies.items() if number != MODULE and refuses(body)]


def _is_same(here: Form, brought: Form, module: Module) -> bool:
    """Whether two bindings of a name may be the same thing: two imports of libraries, or one of the file itself."""
    if here[0] in ("import", "from") and brought[0] in ("import", "from"):
        return True
    return bool(brought[0] == "from" and brought[3] == module.name)
