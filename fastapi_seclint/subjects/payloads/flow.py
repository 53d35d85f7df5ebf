"""A walk through the statements of a block, up to a call: what its names hold there, path by path."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Place
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.payloads import conditions as _conditions
from fastapi_seclint.subjects.payloads import evaluation as _evaluation
from fastapi_seclint.subjects.payloads import inlining as _inlining
from fastapi_seclint.subjects.payloads import loops as _loops
from fastapi_seclint.subjects.payloads.bearing import bearing_on, roots
from fastapi_seclint.subjects.payloads.branching import Names, copied, merged
from fastapi_seclint.subjects.payloads.known import NOTHING, Claims, Known, Written, as_claims, combine, unknown

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(slots=True)
class Budget:
    """How many statements may still be looked at."""

    left: int = 1500


@dataclass(slots=True)
class Given:
    """The arguments of a call as they are when it is reached."""

    positional: list[Known] = field(default_factory=list)
    keywords: dict[str, Known] = field(default_factory=dict)
    open: bool = False


class Flow:
    """One walk through one block. Only what bears on the wanted expressions is evaluated."""

    def __init__(
        self, program: Program, block: Block, names: Names, depth: int, budget: Budget, target: Form | None = None
    ) -> None:
        self.program = program
        self.block = block
        self.names: Names = dict(names)
        self.depth = depth
        self.budget = budget
        self.target = target
        self.arrivals: list[Given] = []
        self.returned: list[Known] = []
        self.exits: list[Names] = []
        wanted = [target] if target is not None else _returns(block)
        seeds = {name for form in wanted for name in roots(form)}
        if target is None:
            seeds.update(name for name, known in names.items() if known.claims is not None)
        self.relevant = bearing_on(program, block, seeds)

    def run(self) -> None:
        """Walk the whole block."""
        if self.statements(self.block.statements):
            self.exits.append(self.names)

    def at_exit(self, name: str) -> Known | None:
        """What a parameter holds when the function is left, unless it was given another object by then."""
        ways = [names for names in self.exits if name in names]
        return merged(ways).get(name) if ways else None

    def known(self, form: Form) -> Known:
        """What an expression is where the walk stands."""
        return _evaluation.known(self, form)

    # Statements: each says whether control goes on behind it

    def statements(self, forms: list[Form]) -> bool:
        """Walk statements up to the one that leaves."""
        for form in forms:
            self.budget.left -= 1
            if self.budget.left < 0:
                return False
            if not self.statement(form):
                return False
        return True

    def statement(self, form: Form) -> bool:
        """Walk one statement."""
        match form:
            case ["if", _, test, body, otherwise]:
                self._arrive(test)
                return self._branch(test, body, otherwise)
            case ["for" | "while", _, *_]:
                return self._loop(form)
            case ["with", _, items, body]:
                for context, target in items:
                    self._arrive(context)
                    if target is not None:
                        self.assign(target, self.known(context) if target[0] == "name" else unknown("call"))
                return self.statements(body)
            case ["try", _, body, handlers, otherwise, final]:
                return self._attempt(body, [handler[2] for handler in handlers], otherwise, final)
            case ["class", *_]:
                return self.block.function is not None or self.statements(form[6])
            case ["return", _, value]:
                if value is not None:
                    self._arrive(value)
                    if self.target is None:
                        self.returned.append(self.known(value))
                elif self.target is None:
                    self.returned.append(NOTHING)
                self.exits.append(self.names)
                return False
            case ["raise", _, *_]:
                return False
            case ["break" | "continue", _]:
                return False
            case ["def" | "import" | "from" | "pass" | "global" | "nonlocal", *_]:
                return True
        self._arrive(form)
        self._simple(form)
        return True

    def _simple(self, form: Form) -> None:
        match form:
            case ["assign", _, targets, value]:
                if any(name in self.relevant for target in targets for name in roots(target)):
                    known = self._annotated(form, self.known(value))
                    for target in targets:
                        self.assign(target, known, value)
            case ["augassign", at, symbol, target, value]:
                if self.relevant.intersection(roots(target)):
                    self._augment(target, symbol, value, at)
            case ["delete", _, targets]:
                for target in targets:
                    if target[0] == "sub":
                        self._drop(target[2], target[3])
            case ["expr", _, value]:
                inner = value[2] if value[0] == "await" else value
                if inner[0] == "call" and self.relevant.intersection(roots(inner)):
                    self.known(inner)

    def _annotated(self, form: Form, known: Known) -> Known:
        annotation = self.block.module.facts.annotations.get(form[1])
        return known if annotation is None else _inlining.annotated(self.program, self.block, annotation, known)

    def _arrive(self, form: Form) -> None:
        """Note what the arguments of the target are when this expression or statement holds it."""
        target = self.target
        if target is None or not holds(form[1], target[1]):
            return
        given = Given()
        for argument in target[3]:
            if argument[0] == "star":
                given.open = True
            else:
                given.positional.append(_as_now(self.known(argument)))
        for keyword, value, _ in target[4]:
            if keyword is not None:
                given.keywords[keyword] = _as_now(self.known(value))
                continue
            claims = as_claims(self.known(value))
            given.open = given.open or bool(claims.open)
            for key, claim in claims.items.items():
                if claim.sure:
                    given.keywords.setdefault(key, claim.values[0])
                else:
                    given.open = True
        self.arrivals.append(given)

    # Names

    def assign(self, target: Form, known: Known, value: Form | None = None) -> None:
        """Give a target a value that is known; `value` is its expression."""
        match target:
            case ["name", _, name]:
                self.names[name] = known
            case ["attr", *_]:
                self.names[spelled(target)] = known
            case ["sub", _, owner, index]:
                written = known.written if value is None else (Written(self.block, ["item", target[1], target, value]),)
                self.put(owner, index, known, written)
            case ["tuple" | "list", _, items]:
                whole = len(known.parts) == len(items) and all(item[0] != "star" for item in items)
                for number, item in enumerate(items):
                    self.assign(item, known.parts[number] if whole else unknown("call"))

    def put(self, owner: Form, index: Form, known: Known, written: tuple[Written, ...]) -> None:
        """`owner[index] = known`."""
        held = self.held(owner)
        if held is None:
            return
        keys = self.known(index).texts
        if len(keys) == 1:
            held.set(keys[0], known, written)
        else:
            held.open |= {"call"}

    def held(self, form: Form) -> Claims | None:
        """The dictionary that an expression stands for, to be changed; a name for something unknown gets one."""
        key = spelled(form)
        if form[0] == "name" and key in self.names and self.names[key].claims is None:
            before = self.names[key]
            if before.present is not False and before.made is None:
                self.names[key] = replace(before, claims=as_claims(before))
        if form[0] == "attr" and key not in self.names and form[2][0] == "name":
            kept = self.known(form)
            if kept.claims is not None:  # the object's own: what is put in is there below
                self.names[key] = replace(kept, claims=kept.claims.copy())
        known = self.names.get(key)
        return known.claims if known is not None else None

    def _augment(self, target: Form, symbol: str, value: Form, at: int) -> None:
        known = self.known(value)
        if symbol.rstrip("=") == "|" and (held := self.held(target)) is not None:
            held.add(as_claims(known))
            return
        before = self.known(target)
        self.assign(target, combine(symbol.rstrip("="), before, known, Place(self.block.module, at)))

    def _drop(self, owner: Form, index: Form) -> None:
        held = self.held(owner)
        for key in self.known(index).texts if held is not None else ():
            held.items.pop(key, None)  # type: ignore[union-attr]

    # Paths

    def _branch(self, test: Form, body: list[Form], otherwise: list[Form]) -> bool:
        decided = _conditions.decide(self, test)
        if decided is not None:
            self.names = _conditions.narrowed(self, test, decided)
            return self.statements(body if decided else otherwise)
        yes, no = _conditions.narrowed(self, test, True), _conditions.narrowed(self, test, False)
        return self._either([body, otherwise], [yes, no])

    def _either(self, blocks: list[list[Form]], starts: list[Names] | None = None) -> bool:
        before, after = self.names, []
        for number, block in enumerate(blocks):
            self.names = copied(starts[number] if starts is not None else before)
            if self.statements(block):
                after.append(self.names)
        self.names = merged(after) if after else before
        return bool(after)

    def _loop(self, form: Form) -> bool:
        if form[0] == "for":
            _, _, target, iterable, body, otherwise = form
            self._arrive(iterable)
            known = _loops.rounds(self, target, iterable) if self.relevant.intersection(roots(target)) else None
            if known is not None and not any(item[0] in ("break", "continue", "return") for item in walk(body)):
                for assign in known:
                    assign()
                    if not self.statements(body):
                        return False
                return self.statements(otherwise)
            if self.relevant.intersection(roots(target)):
                self.assign(target, unknown("call"))
        else:
            _, _, test, body, otherwise = form
            self._arrive(test)
        before = copied(self.names)
        self.statements(body)
        self.names = merged([self.names, before])
        return self.statements(otherwise)

    def _attempt(self, body: list[Form], handlers: list[list[Form]], otherwise: list[Form], final: list[Form]) -> bool:
        before = copied(self.names)
        goes_on = self.statements(body)
        inside = self.names
        after = []
        if goes_on and self.statements(otherwise):
            after.append(self.names)
        for handler in handlers:
            self.names = merged([copied(before), copied(inside)])
            if self.statements(handler):
                after.append(self.names)
        self.names = merged(after) if after else inside
        return self.statements(final) and bool(after)


def _as_now(known: Known) -> Known:
    """The same with a dictionary of its own, since later statements may change the one that a call was given."""
    return known if known.claims is None else replace(known, claims=known.claims.copy())


def _returns(block: Block) -> list[Form]:
    return [form[2] for form in block.forms.of("return") if form[2] is not None]
