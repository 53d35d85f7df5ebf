"""One walk through the statements of a function: with what it ends, and in which of the worlds of a login."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import targets
from fastapi_seclint.facts.forms import Form, awaited, beginning, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Bound, Class, Function, Instance, options
from fastapi_seclint.subjects.code.implementations import made_of
from fastapi_seclint.subjects.logins import members
from fastapi_seclint.subjects.logins.choices import by_worlds
from fastapi_seclint.subjects.logins.ends import Kind, Outcome, Worlds, told_by_field
from fastapi_seclint.subjects.logins.handed import handed
from fastapi_seclint.subjects.logins.handlers import entered, tells_of_nothing, tells_of_second
from fastapi_seclint.subjects.logins.keepers import held
from fastapi_seclint.subjects.logins.kept import Kept
from fastapi_seclint.subjects.logins.marked import by_marks, compared
from fastapi_seclint.subjects.logins.records import fields_read
from fastapi_seclint.subjects.logins.registrations import says_taken
from fastapi_seclint.subjects.logins.results import at_call, before_refusal, catches, repeats, told_by
from fastapi_seclint.subjects.logins.said import is_error, is_text, said, says, told
from fastapi_seclint.subjects.logins.tables import is_of_other_table, row, takes_any_table
from fastapi_seclint.subjects.logins.valued import told_by_value, truth_by_value
from fastapi_seclint.subjects.logins.worlds import (
    ALL,
    EITHER,
    FOUND,
    Truth,
    World,
    asks_for_account,
    asks_for_caller,
    asks_for_duplicate,
    gave_nothing,
    looked_up,
    looks_anything_up,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.subjects.logins.outcomes import Follower


@dataclass(slots=True)
class Walk:
    """Follows a block for a follower, `depth` calls deep; what it ends with is in `found`."""

    follower: Follower
    block: Block
    depth: int
    found: list[Outcome] = field(default_factory=list)
    names: dict[str, Truth] = field(default_factory=dict)
    kept: Kept = field(init=False)
    results: dict[str, list[Outcome]] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    """The names that hold one member of the tuple that a helper gave back, with its number."""
    caught: tuple[str, Outcome] | None = None
    anything: set[str] = field(default_factory=set)
    statuses: list[tuple[Form, Worlds]] = field(default_factory=list)
    """What the status of the answer is set to, and in which worlds."""

    def __post_init__(self) -> None:
        self.kept = Kept(self.follower.program)

    def run(self, statements: list[Form], worlds: Worlds) -> Worlds:
        """Follow statements; the worlds in which they run to the end."""
        at_first = worlds
        for before, statement in zip([[""], *statements], statements, strict=False):
            if not worlds and not (self.follower.apart and before[0] == "if"):
                break
            worlds = self._statement(statement, at_first if self.follower.apart else worlds)
        return worlds

    def _statement(self, form: Form, worlds: Worlds) -> Worlds:
        if form[0] == "annassign" and form[-1] is not None:
            form = ["assign", form[1], [form[2]], form[-1]]
        match form:
            case ["if", _, test, _, otherwise] if gave_nothing(test, self._parameters()):
                return self.run(otherwise, worlds)
            case ["if", _, test, body, otherwise]:
                worlds = self._calls(test, worlds)
                self._bind_inside(test)
                found = truth(test, self._known)
                yes = frozenset(world for world in worlds if True in found[world])
                if self.follower.apart and asks_for_duplicate(test):
                    return self._refused(body, worlds - {"absent"}) | self.run(otherwise, worlds)
                no = frozenset(world for world in worlds if False in found[world])
                start = len(self.found)
                rest = self.run(body, yes)
                self._of_any(start, test)
                return rest | self.run(otherwise, no)
            case ["raise", at, exception, cause]:
                for chosen, left in self._chosen(exception, worlds) if exception else ((None, worlds),):
                    self._raise(form if chosen is exception else ["raise", at, chosen, cause], chosen, left)
                return frozenset()
            case ["return", _, value]:
                if value is not None:
                    worlds = self._calls(value, worlds)
                for chosen, left in self._chosen(value, worlds) if value else ((None, worlds),):
                    self._return(form if chosen is value else [*form[:2], chosen], chosen, left)
                return frozenset()
            case ["try", _, body, handlers, otherwise, final]:
                return self._try(body, handlers, otherwise, final, worlds)
            case ["with", _, items, body]:
                for context, _ in items:
                    worlds = self._calls(context, worlds)
                return self.run(body, worlds)
            case ["for", _, _, iterable, body, otherwise]:
                return self._loop(self._calls(iterable, worlds), body, otherwise)
            case ["while", _, _, body, otherwise]:
                return self.run(otherwise, worlds | self.run(body, worlds))
            case ["assign", *_] if single := members.apart(form):
                return self.run(single, worlds)
            case ["assign", _, [["name", _, name]], value] if texts := self._texts(value, worlds):
                for chosen, left in texts:
                    self._keep_text([*form[:3], chosen], name, chosen, left)
            case ["assign", _, [["attr", _, ["name", *_], "status_code"]], _]:
                self.statuses.append((form, worlds))
            case ["assign", _, names, value]:
                worlds = self._calls(value, worlds)
                given = [name for target in names for name in targets(target)]
                self._bind(given, value, worlds)
                marked = list(by_marks(self, value, worlds))
                for name in given if len(marked) > 1 else ():
                    for chosen, left in marked:
                        self._keep_text(form, name, chosen, left)
            case ["expr", _, value]:
                worlds = self._calls(value, worlds)
        return worlds

    def _chosen(self, form: Form, worlds: Worlds) -> Iterator[tuple[Form, Worlds]]:
        """What an expression is by its conditions, and by how what it asks says that it went."""
        for chosen, left in by_worlds(form, worlds, self._known):
            yield from by_marks(self, chosen, left)

    def _parameters(self) -> frozenset[str]:
        function = self.block.function
        return frozenset(item[0] for item in function.parameters) if function is not None else frozenset()

    def _loop(self, worlds: Worlds, body: list[Form], otherwise: list[Form]) -> Worlds:
        rest = self.run(body, worlds)
        compared = any(form[0] == "compare" for form in walk(body))
        rest = rest | (worlds & {"absent"}) if compared else worlds
        return self.run(otherwise, rest)

    def _of_any(self, start: int, test: Form) -> None:
        """Say in which worlds the ends of a branch are met if what was looked up is the account."""
        if self.anything:
            named = self.anything
            found = truth(test, lambda one: FOUND if one[0] == "name" and one[2] in named else self._known(one))
            narrow = frozenset(world for world in ALL if True in found[world])
            if narrow != ALL:
                ends = self.found[start:]
                self.found[start:] = [replace(end, of_any=end.worlds & narrow) for end in ends]

    def _known(self, form: Form) -> Truth | None:
        if form[0] == "name":
            return self.names.get(form[2])
        if form[0] in ("attr", "sub"):
            return truth_by_value(self, form)
        if form[0] == "compare":
            return told_by(form, compared(self, form)) or truth_by_value(self, form)
        return self._summary(form) or row(self.block, form) or truth_by_value(self, form)

    def functions(self, form: Form) -> list[Function]:
        """The functions of the project that a call reaches, those apart that tell who is logged in already."""
        scope = self.block.scope
        if asks_for_caller(form) or form[2][0] not in ("name", "attr"):
            return []
        if not hasattr(scope, "ask") or "captcha" in str(form[2][-1]).lower():
            return []
        asked = (option for option in options(scope.ask(form[2])) if isinstance(option, Function | Bound | Instance))
        functions = [function for function in map(running, asked) if function is not None and function.number >= 0]
        program = self.follower.program
        return [item for function in functions for item in made_of(program, function, b"password")]

    def _summary(self, form: Form) -> Truth | None:
        """What a call of the project gives in each world, when that differs."""
        for function in self.functions(form):
            result: dict[World, frozenset[bool]] = {}
            ends = self.follower.summed(function, self.depth - 1, handed(form, function, self.names))
            for world in ALL:
                kinds = {end.kind for end in ends if world in end.worlds}
                answers = {kind != "falsy" for kind in kinds if kind in ("falsy", "value", "answer")}
                result[world] = frozenset(answers) or EITHER
            if len(set(result.values())) > 1:
                return result
        return None

    def _calls(self, form: Form, worlds: Worlds) -> Worlds:
        """The worlds that are left after the calls in an expression; what they raise ends this function, too."""
        for inner in walk(form):
            if inner[0] != "call":
                continue
            for function in self.functions(inner)[:1]:
                ends = self.follower.outcomes(function, self.depth - 1, handed(inner, function, self.names))
                if not self.follower.apart and asks_for_account(inner):
                    ends = [at_call(end, self.block, inner) for end in ends]
                for end in ends:
                    telling = "absent" not in end.worlds if self.follower.apart else "right" not in end.worlds
                    if end.kind == "raise" and end.worlds & worlds and telling:
                        self.found.append(replace(end, worlds=end.worlds & worlds))
                alive = {world for end in ends if end.kind != "raise" for world in end.worlds}
                if ends and not alive and len({repr(end.said) for end in ends}) == 1:
                    self._refuse(inner, function, ends[0], worlds)
                raised = {world for end in ends if end.kind == "raise" for world in end.worlds}
                worlds = worlds - frozenset(world for world in raised if world not in alive)
        return worlds

    def _refuse(self, call: Form, function: Function, end: Outcome, worlds: Worlds) -> None:
        """A call of a helper that always raises says what it is given: `refuse("no such user")`."""
        if "right" in end.worlds and end.block.function is function and not self.follower.apart:
            given = [said(self.follower.program, self.block, item)[0] for item in told(call, function, end.form)]
            made = replace(end, worlds=worlds, said=(end.said, tuple(given)), block=self.block, form=call)
            self._end(made, call)

    def _bind_inside(self, test: Form) -> None:
        for form in walk(test):
            if form[0] == "walrus":
                self._bind(list(targets(form[2])), form[3])

    def _bind(self, names: list[str], value: Form, worlds: Worlds = ALL) -> None:
        inner = awaited(value)
        functions = self.functions(inner) if inner[0] == "call" else []
        held_on = [] if functions else self.kept.passed_on(inner, self.caught, worlds)
        for name in names:
            self.members.pop(name, None)
            self.kept.put(name, held_on, worlds)
            self.results[name] = list(self.results.get(beginning(inner), ()))
            found = self._known(inner) if inner[0] == "call" else None
            if found is None and inner[0] in ("bool", "compare", "unary", "ifexp"):
                found = truth(inner, self._known)
            anything = looks_anything_up(inner)
            other = (anything and takes_any_table(self.block.function)) or is_of_other_table(self.block, name)
            found = found or (None if other else looked_up(name, value) or held(self.block, name, value))
            if found is not None:
                self.names[name] = found
            elif anything:
                self.anything.add(name)
            for function in functions:
                ends = self.follower.outcomes(function, self.depth - 1, handed(inner, function, self.names))
                if len(names) > 1:
                    self._bind_member(name, ends, names.index(name))
                    continue
                self.kept.ends[name] += [end for end in ends if end.kind == "answer"]
                self.results[name] += [end for end in ends if end.kind != "raise"]

    def _bind_member(self, name: str, ends: list[Outcome], number: int) -> None:
        """A name of `user, problem = authenticate(...)`."""
        self.members[name] = number
        if (found := members.truth_of(ends, number)) is not None:
            self.names[name] = found
        self.kept.ends[name] += members.texts(self.follower.program, ends, number)
        self.results[name] += [end for end in ends if end.kind in ("answer", "value")]

    def _texts(self, value: Form, worlds: Worlds) -> list[tuple[Form, Worlds]]:
        """What a text that is kept says, and in which worlds; nothing for what is no text."""
        if value[0] != "ifexp":
            return [(value, worlds)] if says(value) else []
        chosen = list(by_worlds(value, worlds, self._known))
        return chosen if len(chosen) > 1 and all(says(text) for text, _ in chosen) else []

    def _keep_text(self, form: Form, name: str, value: Form, worlds: Worlds) -> None:
        """A text with a name is what a later answer says in these worlds: `reason = "no such user"`."""
        text, _, _ = said(self.follower.program, self.block, value)
        self.kept.put(name, [Outcome(worlds, "answer", text, self.block, form)], worlds)

    def _raise(self, form: Form, exception: Form | None, worlds: Worlds) -> None:
        if exception is None or (exception[0] == "name" and self.caught is not None and exception[2] == self.caught[0]):
            if self.caught is not None:
                end = replace(self.caught[1], worlds=worlds)
                here = exception is None and end.block.function is not self.block.function
                self.found.append(replace(end, block=self.block, form=form) if here else end)
            return
        text, name, cls = self._made_elsewhere(exception) or said(self.follower.program, self.block, exception)
        self._end(Outcome(worlds, "raise", text, self.block, form, name, cls), exception)

    def _made_elsewhere(self, exception: Form) -> tuple[object, str, Class | None] | None:
        """What an exception says that a function of the project makes of its arguments: `raise refused("user")`."""
        program = self.follower.program
        for function in self.functions(exception)[:1] if exception[0] == "call" else ():
            block = program.sites.block(function.module, function.number)
            given = [form[2] for form in function.forms.of("return") if form[2] is not None]
            if block is not None and len(given) == 1:
                text, name, cls = said(program, block, given[0])
                arguments = [said(program, self.block, item)[0] for item in told(exception, function, given[0])]
                if exception[2][0] == "attr" and function.owner is not None and function.kind == "function":
                    arguments.append(said(program, self.block, exception[2][2])[0])  # `raise Fault.UNKNOWN.error()`
                return (text, tuple(arguments)), name, cls
        return None

    def _return(self, form: Form, value: Form | None, worlds: Worlds) -> None:
        if value is None:
            self.found.append(Outcome(worlds, "falsy", None, self.block, form))
            return
        worlds, found = self._answered(value, worlds), truth(value, self._known)
        falsy = frozenset(world for world in worlds if found[world] == frozenset({False}))
        if falsy:
            self.found.append(Outcome(falsy, "falsy", None, self.block, form))
        rest = worlds - falsy
        if not rest:
            return
        text, _, _ = said(self.follower.program, self.block, value)
        for status, where in self.statuses:
            if where & rest and where != ALL:
                told_by_status = (text, said(self.follower.program, self.block, status[3])[0])
                self.found.append(Outcome(where & rest, "answer", told_by_status, self.block, status))
                rest -= where
        if not rest:
            return
        apart = told_by_field(Outcome(rest, "value", text, self.block, form), value, self._known)
        self.found += apart
        if apart:
            return
        text_given = any(is_text(inner) for inner in walk(value)) or repeats(self.caught, value) or is_error(value)
        kind: Kind = "answer" if text_given else "value"
        self._end(Outcome(rest, kind, text, self.block, form), value)

    def _answered(self, value: Form, worlds: Worlds) -> Worlds:
        """The worlds in which what a helper answers is not all that is given back: `return register(data)`."""
        inner = value[2] if value[0] == "await" else value
        for function in self.functions(inner)[:1] if inner[0] == "call" else ():
            ends = self.follower.outcomes(function, self.depth - 1, handed(inner, function, self.names))
            answers = [end for end in ends if end.kind == "answer" and end.worlds & worlds]
            self.found += [replace(end, worlds=end.worlds & worlds) for end in answers]
            worlds -= {world for world in ALL if all(end in answers for end in ends if world in end.worlds)}
        return worlds

    def _end(self, outcome: Outcome, expression: Form) -> None:
        """Add an end; where it passes on what was caught or what a call answered, those say what is said."""
        if self.caught is not None and self.caught[0] in fields_read(expression):
            first = self.caught[1]
            outcome = replace(outcome, said=(outcome.said, first.said), block=first.block, form=first.form)
        told = told_by_value(self, expression, outcome.form)
        passed = told or self.kept.read(expression)
        for end in passed:
            if end.worlds & outcome.worlds:
                worlds, both = end.worlds & outcome.worlds, (end.said if told else (outcome.said, end.said))
                speaker = end if end.name else outcome
                kind: Kind = outcome.kind if told or outcome.kind == "raise" else end.kind
                made = replace(end, worlds=worlds, kind=kind, said=both)
                self.found.append(replace(made, name=speaker.name, cls=speaker.cls))
        if not passed:
            self.found.append(outcome)

    def _try(
        self, body: list[Form], handlers: list[Form], otherwise: list[Form], final: list[Form], worlds: Worlds
    ) -> Worlds:
        missing = any(tells_of_nothing(repr(handler[0])) for handler in handlers)
        looking, refusal = before_refusal(body, otherwise) if missing and self.follower.apart else (body, [])
        start, rest = len(self.found), self.run(looking, worlds)
        rest = self.run(refusal, worlds - {"absent"}) if refusal else self.run(otherwise, rest)
        raised = [end for end in self.found[start:] if end.kind == "raise"]
        for type_, name, statements, _ in handlers:
            types = walk(type_) if type_ is not None else ()
            names = [str(form[-1]) for form in types if form[0] in ("name", "attr")] or ["BaseException"]
            caught = [end for end in raised if catches(names, end)]
            for end in caught:
                raised.remove(end)
                self.found.remove(end)
                before, self.caught = self.caught, (name or "", end)
                telling = self._refused if self.follower.apart else self.run
                rest |= telling(statements, end.worlds)
                self.caught = before
            if self.follower.apart and tells_of_second(names):
                rest |= self._refused(statements, worlds - {"absent"})
                continue
            entering, leaving = entered(names, statements, body, (worlds, rest), apart=self.follower.apart)
            rest = leaving | self.run(statements, frozenset() if caught else entering)
        return self.run(final, rest) if final else rest

    def _refused(self, statements: list[Form], worlds: Worlds) -> Worlds:
        """Follow what is done when there is such an account already: it counts where it tells of that."""
        start = len(self.found)
        rest = self.run(statements, worlds)
        told = [end for end in self.found[start:] if end.kind != "raise" or says_taken(end)]
        self.found[start:] = [replace(end, unique=self.caught is None) for end in told]
        return rest
