"""Places in the code that rules look at: blocks of statements with the scope they are read in, and calls in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, Forms, last_name, span_of
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.scopes import Scope
from fastapi_seclint.program.values import Class, External, Function, Partial, Place, Unknown, Value, options
from fastapi_seclint.spans import Location, Span

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


_Kept = dict[str, list[tuple[Module, Form]]]
_MOST_PARTIALS = 4
NO_STATEMENTS = -2
"""The number of a block without statements of its own."""


@dataclass(frozen=True, slots=True)
class Block:
    """The statements of a module (classes included) or of one function, and where their names are looked up.

    `number` is that of the function in its file, or `MODULE`; a block that is only there to look names up has
    `NO_STATEMENTS`.
    """

    module: Module
    function: Function | None
    scope: Scope
    number: int

    @property
    def statements(self) -> list[Form]:
        return self.module.facts.body(self.number) if self.number >= MODULE else []

    @property
    def forms(self) -> Forms:
        """Every form of the block, gathered once."""
        return self.module.facts.forms(self.number) if self.number >= MODULE else Forms([])

    @property
    def symbol(self) -> str:
        """The dotted name of what the block belongs to."""
        return self.module.name if self.function is None else self.function.dotted

    def is_local(self, name: str) -> bool:
        """Whether a name is a parameter of the function, or assigned in it by no import or definition."""
        return isinstance(self.scope, FunctionScope) and self.scope.is_local(name)

    def location(self, form_or_place: Form | int) -> Location:
        """Where a form of this block stands."""
        at = form_or_place if isinstance(form_or_place, int) else form_or_place[1]
        return Location(self.module.path, span_of(at))


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call: its form, where it stands (keyword included) and its place among its kind."""

    form: Form
    at: int
    keyword: str | None

    @property
    def span(self) -> Span:
        return span_of(self.at)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a library symbol. `name` is canonical, without the last `()`.

    `prepared` is the same with what `functools.partial` gave it before, where that was.
    """

    block: Block
    form: Form
    name: str
    interpreter: Interpreter
    prepared: Form | None = None

    @property
    def whole(self) -> Form:
        """The call with all of its arguments."""
        return self.form if self.prepared is None else self.prepared

    @property
    def place(self) -> Place:
        return Place(self.block.module, self.form[1])

    @property
    def location(self) -> Location:
        return self.place.location

    def argument(self, name: str, position: int | None = None) -> Argument | None:
        """The argument given by keyword or, failing that, by position; None when it is left out."""
        _, _, _, positional, keywords = self.whole
        for keyword, value, at in keywords:
            if keyword == name:
                return Argument(value, at, keyword)
        if position is not None and position < len(positional) and positional[position][0] != "star":
            value = positional[position]
            return Argument(value, value[1], None)
        return None

    def setting(self, name: str) -> Argument | None:
        """What a made object is told: by keyword, or as an attribute of the name it is given, `made.name = value`."""
        given = self.argument(name)
        made = self.block.forms.names_of(lambda value: value is self.form) if given is None else set()
        for form in self.block.forms.of("assign") if made else ():
            match form:
                case ["assign", at, [["attr", _, ["name", _, owner], attribute]], value]:
                    if owner in made and attribute == name:
                        return Argument(value, at, None)
        return given

    def value(self, argument: Argument | Form) -> Value:
        """What an argument is."""
        form = argument.form if isinstance(argument, Argument) else argument
        return self.ask(form)

    def ask(self, form: Form) -> Value:
        """What an expression in the call's block is."""
        scope = self.block.scope
        return scope.ask(form) if isinstance(scope, FunctionScope) else self.interpreter.ask(form, scope)

    def gives(self, argument: Argument) -> bool:
        """Whether an argument is written in the call itself, and was not given by `functools.partial` before."""
        own = [*self.form[3], *(value for _, value, _ in self.form[4])]
        return any(value is argument.form for value in own)

    @property
    def spread(self) -> list[Form]:
        """What is passed with `**`."""
        return [value for keyword, value, _ in self.whole[4] if keyword is None]


class Sites:
    """Finds blocks and calls; a file is only looked into when it has the words."""

    def __init__(self, interpreter: Interpreter, modules: list[Module]) -> None:
        self._interpreter = interpreter
        self._modules = modules
        self._scopes: dict[tuple[str, int], FunctionScope | None] = {}
        self._blocks: dict[tuple[str, int], Block | None] = {}
        self._partials: list[tuple[Module, str, Form]] | None = None

    def function(self, module: Module, number: int) -> Function | None:
        """The function of a number in a file, found through the functions around it when it is nested."""
        interpreter = self._interpreter
        interpreter.run_module(module)
        known = interpreter.functions.get((module.file, number))
        if known is not None:
            return known
        name, _, around = module.facts.functions[number]
        outer = self.scope(module, around) if around >= 0 else None
        if outer is not None:
            outer.local(name.rpartition(".")[2])
        return interpreter.functions.get((module.file, number))

    def scope(self, module: Module, number: int) -> FunctionScope | None:
        """The names inside a function that is not run."""
        key = (module.file, number)
        if key not in self._scopes:
            self._scopes[key] = None
            function = self.function(module, number)
            if function is not None:
                self._scopes[key] = FunctionScope(self._interpreter, function)
        return self._scopes[key]

    def block(self, module: Module, number: int) -> Block | None:
        """The block of a function, or of the module; None for a function that no code in sight reaches."""
        if number == MODULE:
            return self.top(module)
        key = (module.file, number)
        if key not in self._blocks:
            scope = self.scope(module, number)
            self._blocks[key] = Block(module, scope.function, scope, number) if scope is not None else None
        return self._blocks[key]

    def top(self, module: Module) -> Block:
        """The block of a module's own statements."""
        self._interpreter.run_module(module)
        return Block(module, None, module.scope, MODULE)

    def speaking(self, module: Module, *words: bytes, folded: bool = False) -> Iterator[Block]:
        """The blocks of a file whose facts have one of these bytes in their text (in lower case when `folded`)."""
        for number in module.facts.speaking(*words, folded=folded):
            block = self.block(module, number)
            if block is not None:
                yield block

    def blocks(self, words: frozenset[str] | None = None) -> Iterator[Block]:
        """All blocks of the files that have at least one of the words (all files without words), in order."""
        quoted = [f'"{word}"'.encode() for word in sorted(words or ())]
        for module in self._modules if words is None else self._speaking(words):
            if words is None:
                numbers: Iterable[int] = range(MODULE, len(module.facts.functions))
            else:
                numbers = sorted({MODULE, *module.facts.speaking(*quoted)})
            self._interpreter.run_module(module)
            for number in numbers:
                yield self.block(module, number) or Block(module, None, module.scope, number)

    def calls(self, *names: str) -> Iterator[Call]:
        """Every call of one of the library symbols (canonical names, the part before the last `()`), in order."""
        last = {name.rpartition(".")[2]: True for name in names}
        wanted = frozenset(names)
        owners = frozenset(part.removesuffix("()") for name in names for part in name.split(".")[:-1])
        plain = not any("()" in name for name in names)
        naming = [one for one in self._speaking(last) if not one.facts.words.isdisjoint(owners)]
        if not plain and (naming or self._speaking(owners)):
            naming = self._speaking(last)  # the object may come from another file, under a name of its own
        aliases = {id(module): _aliases(module, frozenset(last)) for module in naming}
        renamed = {alias for found in aliases.values() for alias in found}
        kept = self._kept_partials(frozenset({*last, *renamed}))
        renamed |= kept.keys()
        for module in self._modules if renamed else naming:
            if id(module) not in aliases and not module.facts.words & renamed:
                continue
            spelled = frozenset({*last, *renamed})
            for block in self.speaking(module, *(f'"{word}"'.encode() for word in sorted(spelled))):
                for form in block.forms.calls_of(spelled):
                    if plain and not _may_be_imported(block, form[2]):
                        continue
                    name = self._called(block, form[2])
                    if name in wanted:
                        whole = _with_partials(block, form, kept) if self._is_partial(block, form[2]) else None
                        yield Call(block, form, name, self._interpreter, whole)

    def _kept_partials(self, names: frozenset[str]) -> _Kept:
        """The names that are given to `functools.partial(...)` of one of these, or of another such name."""
        found: _Kept = {}
        pending = self._partials if self._partials is not None else [
            (module, name, call) for module in self._speaking(["partial"]) for name, call in _partials(module)
        ]  # fmt: skip
        self._partials = pending
        size = -1
        while size != len(found):
            size = len(found)
            for module, name, call in pending:
                kept = last_name(_inmost(call)) in names | found.keys()
                if kept and all(call is not known for _, known in found.get(name, [])):
                    found.setdefault(name, []).append((module, call))
        return found

    def _speaking(self, words: Iterable[str]) -> list[Module]:
        return sorted(self._interpreter.modules.speaking(words), key=lambda module: module.path)

    def prepared(self, *names: str) -> Iterator[Call]:
        """The calls of `functools.partial` that give one of the library symbols arguments, seen as calls of that."""
        wanted = frozenset(names)
        for block in self.blocks(frozenset({"partial"})):
            for form in block.forms.of("call"):
                if last_name(form[2]) == "partial" and form[3] and form[3][0][0] in ("name", "attr", "call"):
                    name = self._called(block, form[3][0])
                    if name in wanted:
                        made = ["call", form[1], form[3][0], form[3][1:], form[4]]
                        yield Call(block, made, name, self._interpreter)

    def inherited(self, *names: str) -> Iterator[Call]:
        """The calls by which subclasses have a library's class make them, `super().__init__(...)`, as calls of that."""
        for block in self.blocks(frozenset({"super"})):
            owner = block.function.owner if block.function is not None else None
            base = next((name for name in names if owner is not None and name in _nearest(owner)), None)
            for form in block.forms.of("call") if base is not None else ():
                match form[2]:
                    case ["attr", _, ["call", _, ["name", _, "super"], *_], "__init__"] if base is not None:
                        yield Call(block, form, base, self._interpreter)

    def _is_partial(self, block: Block, callee: Form) -> bool:
        return any(isinstance(option, Partial) for option in options(self._ask(block, callee)))

    def _ask(self, block: Block, form: Form) -> Value:
        scope = block.scope
        return scope.ask(form) if isinstance(scope, FunctionScope) else self._interpreter.ask(form, scope)

    def _called(self, block: Block, form: Form) -> str:
        for option in options(self._ask(block, form)):
            while isinstance(option, Partial):
                option = next(options(option.function), Unknown("a call of nothing"))
            if isinstance(option, External):
                return option.name
            if not isinstance(option, Unknown):
                return ""
        return ""


def _nearest(cls: Class) -> list[str]:
    """The bases of a class that libraries have, where no class of the project stands between the two."""
    return [option.name for base in cls.bases for option in options(base) if isinstance(option, External)]


def _may_be_imported(block: Block, form: Form) -> bool:
    """Whether a dotted name can start at an import: not at a literal, a call, a parameter or a local value."""
    while form[0] == "attr":
        form = form[2]
    if form[0] != "name":
        return False
    if isinstance(block.scope, FunctionScope):
        found = block.scope.assignments(form[2])
        parameters = {item[0] for item in block.scope.function.parameters}
        return form[2] not in parameters and (not found or any(item[0] in ("import", "from") for item in found))
    return True


def _partials(module: Module) -> Iterator[tuple[str, Form]]:
    """The names and attributes that a file gives to `functools.partial(...)` of something, with the call."""
    facts = module.facts
    for number in sorted({MODULE, *facts.speaking(b'"partial"')}):
        for form in facts.forms(number).of("assign", "annassign"):
            match form:
                case ["assign", _, [["name" | "attr", *_] as target], call] | ["annassign", _, target, _, call]:
                    if call and call[0] == "call" and last_name(call[2]) == "partial" and call[3]:
                        yield target[-1], call


def _inmost(call: Form) -> Form:
    """What is called in the end by what `functools.partial` makes, as it is written there."""
    first: Form = call[3][0]
    again = first[0] == "call" and last_name(first[2]) == "partial" and first[3]
    return _inmost(first) if again else first


def _with_partials(block: Block, form: Form, kept: _Kept) -> Form:
    """A call with the arguments that `functools.partial` gave before; those of the call itself come first by name."""
    given, whole = kept.get(form[2][-1], []), form
    for _ in range(_MOST_PARTIALS):
        if len(given) != 1:
            break
        module, partial = given[0]
        own = {keyword for keyword, _, _ in whole[4] if keyword is not None}
        here, callee = module is block.module, partial[3][0]
        before = [item if here else [item[0], _elsewhere(item[1], form[1]), form[1]] for item in partial[4]]
        positional = [item if here else _elsewhere(item, form[1]) for item in partial[3][1:]]
        keywords = [*whole[4], *(item for item in before if item[0] not in own)]
        inline = callee[0] == "call"
        named = callee if here and not inline else whole[2]
        whole = ["call", form[1], named, [*positional, *whole[3]], keywords]
        given = [(module, callee)] if inline else kept.get(last_name(callee), [])
    return whole


def _elsewhere(form: Form, at: int) -> Form:
    """An argument that another file gave, where the call stands: constants are themselves, all else is not known."""
    match form:
        case ["const", _, value]:
            return ["const", at, value]
        case ["list" | "tuple" as kind, _, items]:
            return [kind, at, [_elsewhere(item, at) for item in items]]
    return ["ellipsis", at]


def _aliases(module: Module, names: frozenset[str]) -> set[str]:
    """The names under which a file imports symbols of these names."""
    renamed = module.facts.renamed
    return {alias for name in names & renamed.keys() for alias in renamed[name]}
