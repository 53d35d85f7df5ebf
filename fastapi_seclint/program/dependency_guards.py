"""What a stranger meets in the dependencies of a route, sub-dependencies first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC
from fastapi_seclint.program import credentials, injected
from fastapi_seclint.program.anonymous import MAX_FUNCTIONS, MAX_STATEMENTS, Follower
from fastapi_seclint.program.body_tokens import BODY_TOKENS, carries_token, given_tokens, names_one
from fastapi_seclint.program.callables import Parameter, dotted_name, parameters, running
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.dependencies import Resolver
from fastapi_seclint.program.encounters import Encounter, Ending, Stranger
from fastapi_seclint.program.kinds import ABSENT, CLEAN, EMPTY, HIDDEN, JUNK, QUERY, REQUEST, Kinds, names_token
from fastapi_seclint.program.leavings import Leavings
from fastapi_seclint.program.meetings import verdict
from fastapi_seclint.program.routes import path_variables
from fastapi_seclint.program.schemes import meet_scheme, scheme_of
from fastapi_seclint.program.unknown_guards import asks_who_calls, given_by_unknown
from fastapi_seclint.program.values import (
    Annotated,
    Bound,
    Class,
    External,
    Function,
    Instance,
    Value,
    bare_type,
    constant,
    options,
)
from fastapi_seclint.program.verifying import asks_for


def _all(arguments: dict[str, Kinds]) -> Kinds:
    return frozenset().union(*(kinds for name, kinds in arguments.items() if name[0] != "^")) or CLEAN


def _made_of(value: Value, arguments: dict[str, Kinds]) -> Kinds:
    """What a callable gives that is made of its arguments: an object of a class of the project is always there."""
    found = _all(arguments)
    return found | {"object"} if isinstance(value, Class) and found != CLEAN else found


def _reads_path(function: Function | None) -> bool:
    if function is None or function.number < 0:
        return False
    return function.module.facts.body_mentions(function.number, b'"path"')


class DependencyGuards:
    """What strangers meet in dependencies; every answer is kept."""

    def __init__(self, follower: Follower, resolver: Resolver, declared: Declared) -> None:
        self._follower = follower
        self._resolver = resolver
        self._declared = declared
        self._callables: dict[tuple[int, bool, str | None, bool, Leavings], tuple[Encounter, Leavings]] = {}
        self._values: list[Value] = []

    def encounter(self, value: Value, stranger: Stranger) -> Encounter:
        """What a stranger meets in a dependency, sub-dependencies first."""
        path = stranger.path if _reads_path(running(value)) else None
        left = self._follower.left
        key = (id(value), stranger.junk, path, stranger.configured, left)
        if key not in self._callables:
            self._callables[key] = Encounter(), left
            self._follower.allowance, self._follower.patience = MAX_FUNCTIONS, MAX_STATEMENTS
            self._values.append(value)
            found = self._meet(value, replace(stranger, path=path, websocket=False))
            self._callables[key] = found, self._follower.left
        encounter, self._follower.left = self._callables[key]
        return encounter

    def _meet(self, value: Value, stranger: Stranger) -> Encounter:
        """The meeting with a callable itself; what refuses some strangers below it, or is out of sight, counts, too."""
        found = self._met(value, stranger)
        if found.denies and verdict(found) == "denies":
            return found
        below = list(self._below(value, stranger))
        opaque = [name for met in below if not found.denies for name in met.opaque]
        if not stranger.configured and len(below) > len(self._asked(value)) and not found.switched:
            found = replace(found, switched=True)
        partly = [met for met in below if verdict(met) == "partly"]
        if not partly or verdict(found) != "passes":
            return replace(found, opaque=[*found.opaque, *opaque]) if opaque else found
        refusals = [replace(ending, conditional=True) for met in partly for ending in met.endings if ending.denies]
        passing = [replace(ending, denies=False) for ending in found.endings]
        switched = found.switched or any(met.switched for met in partly)
        return replace(
            found,
            endings=[*passing, *refusals],
            checked=True,
            opaque=[*found.opaque, *opaque],
            switched=switched,
        )

    def _below(self, value: Value, stranger: Stranger) -> Iterator[Encounter]:
        """The meetings with what a callable depends on."""
        below = [option for call in self._asked(value) for option in options(call)]
        return (self.encounter(option, stranger) for option in below)

    def _asked(self, value: Value) -> list[Value | None]:
        """What the parameters of a callable that are dependencies are filled with."""
        pairs = (self._resolver.dependency_of(parameter) for parameter in parameters(value))
        return [pair[1] for pair in pairs if pair is not None]

    def _met(self, value: Value, stranger: Stranger) -> Encounter:
        name = dotted_name(value) or ""
        if self._declared.authenticates(name):
            return Encounter([Ending(True, CLEAN, 401, False, None)], checked=True)
        if self._declared.optional(name):
            return Encounter([Ending(False, ABSENT, None, False, None)])
        if isinstance(value, External):
            return self._external(value, stranger)
        scheme = scheme_of(value)
        if scheme is not None:
            return meet_scheme(scheme, stranger)
        arguments, refused = self.arguments(value, stranger)
        if refused is not None:
            return refused
        function = running(value)
        if function is None:
            return Encounter([Ending(False, _made_of(value, arguments), None, False, None)])
        owner = value.receiver if isinstance(value, Bound) else value if isinstance(value, Instance) else None
        if function.wraps is not None or "__signature__" in function.attributes:
            arguments |= _bagged(value, arguments)
        encounter = self._follower.meet(function, stranger, arguments, owner)
        if (asked := self.without_unknown(value, stranger, encounter, arguments, owner)) is not None:
            return asked
        if signer := _signed_by(function):
            return Encounter(encounter.endings, encounter.checked, [*encounter.opaque, signer])
        if verdict(encounter) == "denies":
            for fewer in self._one_at_a_time(value, stranger, arguments):
                fewer |= {f"**{name}": kinds for name, kinds in fewer.items() if f"**{name}" in fewer}
                other = self._follower.meet(function, stranger, fewer, owner)
                encounter = other if verdict(other) == "passes" else encounter
        if isinstance(value, Class):
            kinds = _made_of(value, arguments)
            endings = [
                ending if ending.denies else Ending(False, kinds, None, ending.conditional, ending.place)
                for ending in encounter.endings
            ]
            return replace(encounter, endings=endings, by_path=False, used=False)
        return encounter

    def without_unknown(
        self, value: Value, stranger: Stranger, met: Encounter, arguments: dict[str, Kinds], owner: Value | None
    ) -> Encounter | None:
        """How a callable answers with 401 where dependencies out of sight give it nothing; None where it does not."""
        function = running(value)
        if (
            met.denies
            or function is None
            or not (unknown := given_by_unknown(value, self._resolver, lambda given: self.encounter(given, stranger)))
        ):
            return None
        other = self._follower.meet(function, stranger, arguments | unknown, owner)
        return other if asks_who_calls(other) else None

    def _one_at_a_time(
        self, value: Value, stranger: Stranger, arguments: dict[str, Kinds]
    ) -> Iterator[dict[str, Kinds]]:
        """What a callable gets of a stranger who makes up one of several credentials and leaves the others out."""
        made_up = [name for name, kinds in arguments.items() if kinds & JUNK]
        if len(made_up) < 2:
            return
        missing, refused = self.arguments(value, replace(stranger, junk=False))
        if refused is None:
            for name in made_up:
                yield {**arguments, **missing, name: arguments[name]}

    def arguments(self, value: Value, stranger: Stranger, path: str = "") -> tuple[dict[str, Kinds], Encounter | None]:
        """The kinds of a callable's parameters, or the encounter with a sub-dependency that refuses."""
        found: dict[str, Kinds] = {}
        for parameter in parameters(value):
            dependency = self._resolver.dependency_of(parameter)
            if dependency is None:
                kinds = self._plain_parameter(parameter, stranger, path, running(value))
                if kinds is None:
                    return {}, Encounter([Ending(True, CLEAN, 422, False, parameter.place)], checked=True)
                if kinds != CLEAN:
                    found[parameter.name] = kinds
                continue
            for option in self._given(dependency[1], stranger):
                encounter = self.encounter(option, stranger)
                if verdict(encounter) == "denies":
                    return {}, encounter
                kinds = encounter.returned
                if "nothing" in kinds and (encounter.checked or encounter.used):
                    kinds = kinds - {"nothing"} | ABSENT
                if encounter.opaque and kinds != HIDDEN:
                    kinds |= frozenset({"clean"})
                found[parameter.name] = kinds
                found |= {f"^{parameter.name}.{name}": ABSENT for name in encounter.lacking}
                break
        return found, None

    def _given(self, call: Value | None, stranger: Stranger) -> list[Value]:
        """What may fill a parameter, by default first; where all is set up, what refuses strangers comes before that.

        `auth = Auth0() if settings.AUTH_ENABLED else NoAuth()`, and `Depends(auth.get_user)`.
        """
        found = list(options(call))
        if stranger.configured and len(found) > 1:
            found.sort(key=lambda option: verdict(self.encounter(option, stranger)) != "denies")
        return found

    def _plain_parameter(
        self, parameter: Parameter, stranger: Stranger, path: str, function: Function | None
    ) -> Kinds | None:
        """The kinds of a parameter that is no dependency; None when a missing one is refused by validation."""
        annotation = self._resolver.annotation(parameter)
        base = bare_type(annotation)
        if isinstance(base, External) and base.name.startswith(("starlette.requests.", "starlette.websockets.")):
            return REQUEST
        if parameter.name in ("request", "websocket", "conn", "connection") and parameter.default is None:
            return REQUEST
        marker = next(self._resolver.sources(parameter), None)
        name = parameter.name
        if marker is not None and marker.name.endswith((".Header()", ".Cookie()")) and marker.arguments is not None:
            alias = constant(marker.arguments.get("alias"))
            sent = alias if isinstance(alias, str) else name
            if not credentials.names_credential(sent) and not self._asks_for(function, name, "" if path else sent):
                return CLEAN
            default = marker.arguments.get("default", 0) if not isinstance(annotation, Annotated) else parameter.default
            return self._credential(default if default is not None else parameter.default, stranger, marker)
        body = marker is None and any(isinstance(item, Class) and not names_one(item) for item in options(base))
        if not body and names_token(name) and (marker is None or marker.name.endswith((".Query()", ".Path()"))):
            if name in path_variables(path):
                return JUNK if name not in _PLACES or self._asks_for(function, name, name) else CLEAN
            return self._credential(parameter.default, stranger, marker)
        if marker is not None and marker.name.endswith((".Body()", ".Form()")) and names_token(name):
            return (
                self._credential(parameter.default, stranger, marker) if self._asks_for(function, name, "") else CLEAN
            )
        if any(carries_token(item) for item in options(base) if isinstance(item, Class)) and self._verifies_bodies:
            return QUERY
        return CLEAN

    def _asks_for(self, function: Function | None, name: str, sent: str) -> bool:
        return asks_for(self._follower.interpreter, function, name, sent)

    @cached_property
    def _verifies_bodies(self) -> bool:
        """Whether the project verifies the token of some body anywhere: `claims_of(message.token)`."""
        modules = self._follower.interpreter.modules.by_file.values()
        given = {name for module in modules if module.facts.words & BODY_TOKENS for name in given_tokens(module)}
        if any(name == "decode" or credentials.names_verification(name) for name in given):
            return True
        return any(
            name.rpartition(".")[2] in given and module.facts.body_mentions(number, b'"decode"')
            for module in modules
            for number, (name, _, _) in enumerate(module.facts.functions if given else ())
        )

    def _credential(self, default: Value | None, stranger: Stranger, marker: External | None) -> Kinds | None:
        if stranger.junk:
            return JUNK
        if isinstance(default, External) and default is marker:
            default = default.arguments.get("default", 0) if default.arguments else None
        required = default is None or (isinstance(default, External) and default.name == "builtins.Ellipsis")
        return None if required else EMPTY if constant(default) == "" else ABSENT

    def _external(self, value: External, stranger: Stranger) -> Encounter:
        """A library's callable: a security scheme, one of the table, or something unknown."""
        if value.name.startswith("fastapi.security.") and value.called:
            return meet_scheme(value, stranger)
        if credentials.entry("scheme", value.name) is not None:
            return meet_scheme(value, stranger)
        row = credentials.entry("guard", value.name)
        if row is not None:
            optional = row.get("optional", {})
            given = value.arguments.keywords if value.arguments is not None else {}
            told = any(constant(given.get(name)) is state for name, state in optional.items() if name in given)
            lets_in = told or "always_optional" in row
            place = value.place
            if lets_in:
                return Encounter([Ending(False, frozenset({"absent"}), None, False, place)], checked=True)
            return Encounter([Ending(True, CLEAN, 401, False, place)], checked=True)
        neutral = credentials.entry("neutral", value.name) or credentials.entry("limiter", value.name)
        opaque = [] if neutral or not credentials.may_guard(value.name) else [value.name]
        return Encounter([Ending(False, CLEAN, None, False, value.place)], opaque=opaque)

    def handed_on(self, handler: Function) -> str:
        """The parameter of a handler that a container makes of the request and the handler hands on, or empty."""
        return injected.handed_on(self._resolver, self._follower.interpreter, handler)

    def authenticates(self, value: Value) -> bool:
        """Whether a dependency refuses both strangers."""
        return all(verdict(self.encounter(value, Stranger(junk))) == "denies" for junk in (False, True))


def _signed_by(function: Function) -> str:
    """The decorator out of sight that may give a function the parameters it has none of its own for, or nothing.

    `@makefun.with_signature(signature)` over `async def guard(*args, **kwargs)`: FastAPI reads `__signature__`
    (fastapi/dependencies/utils.py, `get_typed_signature`), and so asks for credentials that nothing here names.
    """
    if not function.parameters or any(form[1] not in (VARIADIC, KEYWORDS) for form in function.parameters):
        return ""
    names = [item.name for item in function.decorators if isinstance(item, External)]
    return next((name for name in names if not name.startswith(("functools.", "builtins."))), "")


_PLACES = frozenset({"key", "ticket"})
"""What a variable of a path may be called that says which thing is asked for: `/flags/{key}`."""


def _bagged(value: Value, arguments: dict[str, Kinds]) -> dict[str, Kinds]:
    """What `**kwargs` holds of the parameters that FastAPI fills; it has all of them where a signature lists them."""
    bag = {f"**{name}": kinds for name, kinds in arguments.items()} | {"*": frozenset({"bag"})}
    function = running(value)
    if function is not None and "__signature__" in function.attributes:
        bag = {f"**{item.name}": CLEAN for item in parameters(value)} | bag | {"**": frozenset({"bag"})}
    return bag
