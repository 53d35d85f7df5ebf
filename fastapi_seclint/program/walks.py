"""One walk through the statements of a function, as a stranger's request makes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import GENERATOR, KEYWORDS, VARIADIC, Form, walk
from fastapi_seclint.program import (
    credentials,
    stranger_answers,
    stranger_attempts,
    stranger_choices,
    stranger_conditions,
    stranger_loops,
    stranger_results,
    strangers,
    suppressing,
)
from fastapi_seclint.program.encounters import Encounter, Ending, PassedOn, Raised, Sent, Stranger
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.kinds import (
    BAD,
    CLEAN,
    HOLDERS,
    JUNK,
    LACKING,
    NOTHING,
    PASSED,
    QUERY,
    Kinds,
    Names,
    merged,
    names_token,
)
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.request_holders import held_by
from fastapi_seclint.program.stranger_errors import REFUSAL, code_of_made, remembered
from fastapi_seclint.program.values import Function, Place, Value, constant
from fastapi_seclint.program.verifying import denies, hands_on

if TYPE_CHECKING:
    from fastapi_seclint.program.anonymous import Follower


class Walk:
    """One walk through one function."""

    kinds = strangers.kinds
    truths = stranger_conditions.truths
    """Here as methods: expressions, conditions and calls ask for one another through the walk."""

    def __init__(
        self, follower: Follower, function: Function, stranger: Stranger, arguments: Names, receiver: Value | None
    ) -> None:
        self.follower = follower
        self.function = function
        self.stranger = stranger
        self.scope = follower.scope(function, receiver)
        self.names: Names = {}
        self.assumed: dict[str, Value] = {}
        self.encounter = Encounter()
        self.empty: set[str] = set()
        """The names that hold an empty text, dictionary or list: `claims = {}`."""
        self.doubt = 0
        self.broken = False
        self.skipped = False
        self.breaking: list[Names] = []
        """What the names hold where something breaks the innermost loop off, which they may hold behind it."""
        self.failed: str | None = None
        """In what handles an exception: the name that holds it, empty for none."""
        self.may_raise = False
        self.may_fail = False
        self.on_trial = False
        """In the body of a `try` whose handler answers 401 or 403."""
        self.alone = False
        """At the only statement of a branch: nothing was done in it before."""
        self.spoken = False
        """Whether a websocket may have talked to the client: one whose handler ends before that refuses him."""
        self.parts: list[Kinds] = []
        """The members of the tuple that the function gave which was called last."""
        self.delegated: Form | None = None
        """The call whose answer is that of the handler: `return await relay(request)`."""
        self.dropped: Form | None = None
        """The call whose answer nobody takes: it is there for what it does, or raises."""
        self._denying: bool | None = None
        self._asked: list[str] | None = None
        self.names.update({name[1:]: found for name, found in arguments.items() if name.startswith("^")})
        self.names.update({name: found for name, found in arguments.items() if name.startswith("**")})
        self.bag = {"*"} & arguments.keys()
        if function.owner is not None and function.parameters:
            kept = held_by(follower.interpreter, function, receiver) or {}
            self.names.update({f"{function.parameters[0][0]}.{name}": found for name, found in kept.items()})
        for form in function.parameters:
            self.names[form[0]] = self.named(form[0], arguments.get(form[0], CLEAN))
            if form[1] in (VARIADIC, KEYWORDS) and form[0] not in arguments:
                self.names[form[0]] = arguments.get("*", CLEAN)

    def run(self) -> Encounter:
        """Walk the body; falling off its end returns None."""
        statements = self.function.statements()
        if self.block(statements):
            kinds = CLEAN if self.function.flags & GENERATOR else NOTHING
            self.end(False, kinds, None, Place(self.function.module, self.function.at))
            if self.function.name == "__init__" and self.encounter.checked:
                self.encounter.lacking = frozenset(self._left_with_nothing())
        if self._asked is not None:
            self.encounter.opaque = self._asked
        return self.encounter

    def served(self) -> None:
        """The request has been handed on: what is asked out of sight behind that guards nothing any more."""
        if self.doubt == 0 and self._asked is None:
            self._asked = [*self.encounter.opaque]

    def _left_with_nothing(self) -> Iterator[str]:
        """The attributes of the object that is made which have nothing in them for want of good credentials."""
        own = f"{self.function.parameters[0][0]}." if self.function.parameters else "."
        for name, kinds in self.names.items():
            if name.startswith(own) and kinds and kinds <= LACKING:
                yield name[len(own) :]

    def end(self, denies: bool, kinds: Kinds, code: int | None, place: Place, value: Form | None = None) -> None:
        """Note a way out of the function, and the value that it returns where it does."""
        says = value[2] if value is not None and value[0] == "const" and isinstance(value[2], bool) else None
        parts = stranger_results.members(self, value)
        checked = self.encounter.checked
        self.encounter.endings.append(Ending(denies, kinds, code, self.doubt > 0, place, checked, says, parts))

    def place(self, at: int) -> Place:
        """The place of a form of the function."""
        return Place(self.function.module, at)

    def value(self, form: Form) -> Value:
        """What the static model knows of an expression."""
        if self.assumed and form[0] == "name" and form[2] in self.assumed:
            return self.assumed[form[2]]
        return self.scope.ask(form)

    # Statements: each says whether control goes on behind it

    def block(self, statements: list[Form]) -> bool:
        """Walk statements up to the one that leaves; what is raised ends the function."""
        for statement in statements:
            self.alone = len(statements) == 1
            self.follower.patience -= 1
            if self.follower.patience < 0:
                break
            try:
                if not self.statement(statement):
                    return False
            except Raised as raised:
                self.encounter.checked = self.encounter.checked or raised.looked
                self.encounter.sent = self.encounter.sent or isinstance(raised, Sent)
                self.end(True, CLEAN, raised.code, self.place(statement[1]))
                return False
            except PassedOn:
                self.end(False, PASSED, None, self.place(statement[1]))
                return False
        return True

    def statement(self, form: Form) -> bool:
        """Walk one statement."""
        match form:
            case ["if", _, test, body, otherwise]:
                return stranger_choices.branches(self, test, body, otherwise)
            case ["def", _, number, name, *_] if self.sends(number):
                self.names[name] = frozenset({"send"})
            case ["return", *_]:
                self._return(form)
                return False
            case ["raise", at, exception, _]:
                self.end(True, CLEAN, self.code_of(exception), self.place(at))
                return False
            case ["assign", _, names, value]:
                self.give(names, value)
            case ["augassign", _, _, target, value]:
                self.assign(target, self.kinds(value) | self.names.get(target[2] if target[0] == "name" else "", CLEAN))
            case ["expr", _, ["yield", at, value]]:
                self.end(False, CLEAN if value is None else self.kinds(value), None, self.place(at))
                return False
            case ["expr", _, value] if not stranger_results.never_runs(self, value):
                self.follower.relayed = stranger_answers.relayed(self, form, value) or self.follower.relayed
                self.dropped = stranger_answers.call_in(value)
                self.kinds(value)
            case ["assert", _, test, _]:
                if self.truths(test) == {False}:
                    raise Raised
            case ["try", *_]:
                return stranger_attempts.attempt(self, form)
            case ["with", at, [[["call", *_] as manager, _]], body] if caught := self._let_go(manager):
                handlers = [[kind, None, [["pass", at]], at] for kind in caught]
                return stranger_attempts.attempt(self, ["try", at, body, handlers, [], []])
            case ["with", _, items, body]:
                for context, target in items:
                    kinds = self.kinds(context)
                    if target is not None:
                        self.assign(target, kinds)
                return self.block(body)
            case ["for", _, target, iterable, body, otherwise]:
                self.assign(target, self.kinds(iterable))
                if known := stranger_loops.turns(self, target, iterable, body):
                    return self.each(known, body) and self.block(otherwise)
                return self.loop({True, False}, body, otherwise)
            case ["while", _, test, body, otherwise]:
                outcome = self.truths(test)
                endless = test[0] == "const" and test[2] is True
                return self.loop(outcome if endless else outcome | {False}, body, otherwise)
            case ["break" | "continue", _]:
                self.breaking += [dict(self.names)] if form[0] == "break" else []
                self.broken = self.broken or form[0] == "break"
                self.skipped = self.skipped or form[0] == "continue"
                return False
        return True

    def _return(self, form: Form) -> None:
        """Leave the function with a value, or a client without an answer."""
        _, at, value = form
        self.delegated = stranger_answers.call_in(value) if self.follower.in_handler else None
        self.follower.relayed = stranger_answers.relayed(self, form, value) or self.follower.relayed
        kinds = NOTHING if value is None else self.kinds(value)
        if value is not None and value[0] == "dict" and not value[2] and self.encounter.checked:
            kinds = BAD  # no claims
        aside = self.doubt and self.alone and kinds == CLEAN and self.function is self.follower.handler
        if aside and stranger_answers.tells_nothing(self, value):
            kinds = NOTHING
        if self._hangs_up():
            self.end(True, CLEAN, 403, self.place(at))
        else:
            self.end(False, kinds, None, self.place(at), value)

    def _let_go(self, manager: Form) -> list[Form | None]:
        """What a `with` catches of what its block raises for a bad token; None in it stands for everything."""
        if manager[2][-1] == "suppress":
            return [kind if kind[0] in ("name", "attr") else None for kind in manager[3]]
        return suppressing.let_go(self.value(manager[2]))

    def _hangs_up(self) -> bool:
        """Whether a websocket's handler leaves a client whose credentials it looked at before it talks to him."""
        handles = self.function in (self.follower.handler, self.follower.relayed) and self.stranger.websocket
        return handles and self.encounter.checked and self.doubt == 0 and not self.spoken

    def sends(self, number: int) -> bool:
        """Whether a function that is defined here calls what sends the answer, as `send_wrapper` does."""
        senders = [name for name, kinds in self.names.items() if "send" in kinds]
        return any(self.function.module.facts.body_mentions(number, f'"{name}"'.encode()) for name in senders)

    def branch(self, outcomes: set[bool], body: list[Form], otherwise: list[Form], certain: bool = False) -> bool:
        """Walk one or both branches; both means that something else than credentials decides, unless `certain`."""
        if outcomes == {True}:
            return self.block(body)
        if outcomes == {False}:
            return self.block(otherwise)
        before, after = self.names, []
        self.doubt += 0 if certain else 1
        for statements in (body, otherwise):
            self.names = dict(before)
            if self.block(statements) or _loops(statements):
                after.append(self.names)
        self.doubt -= 0 if certain else 1
        self.names = merged(after) if after else before
        return bool(after)

    def loop(self, outcomes: set[bool], body: list[Form], otherwise: list[Form]) -> bool:
        """Walk the body of a loop; control goes on behind it where it ends, and where something breaks it off."""
        before, self.broken = self.broken, False
        outside, self.breaking = self.breaking, []
        goes_on = self.branch(outcomes, body, [], certain=True) and self.block(otherwise)
        if self.breaking:
            self.names = merged([*([self.names] if goes_on else []), *self.breaking])
        self.breaking = outside
        goes_on, self.broken = goes_on or self.broken, before
        return goes_on

    def each(self, turns: list[dict[str, Value]], body: list[Form]) -> bool:
        """Walk the body of a loop once for each turn, up to the one that leaves; whether control goes on behind it."""
        before, outer, scope = self.assumed, (self.broken, self.skipped, self.breaking), self.scope
        broken, self.breaking = False, []
        try:
            for turn in turns:
                self.take_turn(before, turn)
                self.broken = self.skipped = False
                goes_on = self.block(body) or self.skipped
                broken = broken or self.broken
                if not goes_on:
                    break
            else:
                broken, self.breaking = True, [self.names, *self.breaking]
            self.names = merged(self.breaking) if self.breaking else self.names
        finally:
            self.assumed, self.scope = before, scope
            self.broken, self.skipped, self.breaking = outer
        return broken

    def take_turn(self, before: dict[str, Value], turn: dict[str, Value]) -> None:
        """Let the names of a loop be what they are in one turn, and what is made of them, where they run code."""
        self.assumed = {**before, **turn}
        if any(map(stranger_loops.runs_code, turn.values())):
            self.scope = FunctionScope(self.follower.interpreter, self.function, self.scope.receiver, self.assumed)

    def give(self, names: list[Form], value: Form) -> None:
        """An assignment."""
        self.parts = []
        kinds = self.kinds(value)
        plain = {target[2] for target in names if target[0] == "name"}
        self.empty = self.empty | plain if stranger_attempts.is_empty(value) else self.empty - plain
        if self.failed is not None:
            kinds = remembered(value, self.failed) or kinds
        for target in names:
            self.assign(target, kinds, self.parts if stranger_answers.call_in(value) is not None else [])

    def assign(self, target: Form, kinds: Kinds, parts: Sequence[Kinds] = ()) -> None:
        """Give the names of a target these kinds, or those of the members of a tuple."""
        if parts and target[0] == "tuple" and len(target[2]) == len(parts):
            for item, part in zip(target[2], parts, strict=True):
                self.assign(item, part)
            return
        if target[0] == "name":
            self.names[target[2]] = self.named(target[2], kinds)
        elif target[0] == "attr" and kinds == JUNK and "session" in self.kinds(target[2]):
            self.follower.left = self.follower.left.believing(target[3])
        elif target[0] == "attr" and self.is_lacking(kinds) and "session" in self.kinds(target[2]):
            self.follower.left = self.follower.left.without(target[3])
            self.names[spelled(target)] = kinds
        elif (kept := self._kept_under(target, kinds)) is not None:
            self.follower.left = self.follower.left.with_nobody(kept, kinds)
        elif target[0] == "attr" and target[2][0] == "name":
            self.names[f"{target[2][2]}.{target[3]}"] = kinds
        elif target[0] == "attr" and target[2][0] == "attr" and target[2][2][0] == "name":
            self.names[f"{target[2][2][2]}.{target[2][3]}.{target[3]}"] = kinds  # `request.state.user = ...`
        elif target[0] in ("tuple", "list", "star"):
            for item in target[2] if target[0] != "star" else target[2:]:
                self.assign(item, kinds)

    def _kept_under(self, target: Form, kinds: Kinds) -> str | None:
        """The name under which middleware keeps who stands for nobody with the request, `scope["state"]["user"]`."""
        if "nobody" not in kinds or not self.follower.at_middleware:
            return None
        if target[0] == "attr":
            return str(target[3]) if "session" in self.kinds(target[2]) else None
        return self.text(target[3]) if target[0] == "sub" and self.kinds(target[2]) & HOLDERS else None

    def is_lacking(self, kinds: Kinds) -> bool:
        """Whether bad credentials were looked at, and what comes of them is nothing."""
        looked = self.encounter.checked or "bad" in kinds
        return self.stranger.junk and looked and bool(kinds) and kinds <= LACKING

    def named(self, name: str, kinds: Kinds) -> Kinds:
        """The kinds of a name: a whole message that is called a token is one."""
        return self.stranger.credential if kinds == QUERY and names_token(name) else kinds

    def code_of(self, exception: Form | None) -> int | None:
        """The status code of a raised exception, where it is an HTTPException of a known code."""
        if exception is None:
            return None
        call = exception
        if exception[0] == "name":
            call = credentials.assigned_call(self.scope, exception[2]) or exception
        if REFUSAL.search(spelled(call)):
            return 403
        if call[0] != "call":
            return code_of_made(self.value(call))
        codes = [value for name, value, _ in call[4] if name == "status_code"] + call[3][:1]
        for form in codes:
            code = constant(self.value(form))
            if isinstance(code, int):
                return code
        return None

    def only_local(self, form: Form) -> bool:
        """Whether an expression is made of local names alone, so that no setting or constant can decide it."""
        key = id(form)
        if key not in self.follower.local_forms:
            self.follower.local_forms[key] = all(
                self.scope.is_local(item[2]) for item in walk(form) if item[0] == "name"
            ) and any(item[0] == "name" for item in walk(form))
            self.follower.keep(form)
        return self.follower.local_forms[key] and not self.assumed

    def carries_credential(self, name: str) -> bool:
        """Whether a header or cookie of this name tells who is calling; where 401 or 403 is answered most do."""
        if credentials.names_credential(name):
            return True
        if self._denying is None:
            interpreter, function = self.follower.interpreter, self.function
            self._denying = denies(interpreter, function) or stranger_results.verifies(function)
            self._denying = self._denying or hands_on(interpreter, function)
        return self._denying and not credentials.is_plain_header(name)

    def text(self, form: Form) -> str | None:
        """The known text of an expression, bytes decoded, or None."""
        found = constant(self.value(form))
        return found.decode("latin-1") if isinstance(found, bytes) else found if isinstance(found, str) else None


def _loops(statements: list[Form]) -> bool:
    return bool(statements) and statements[-1][0] in ("break", "continue")
