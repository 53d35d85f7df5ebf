"""What a stranger meets in the middleware of an application on his way to a route."""

from __future__ import annotations

from dataclasses import replace

from fastapi_seclint.program import credentials
from fastapi_seclint.program.anonymous import MAX_FUNCTIONS, MAX_STATEMENTS, Follower
from fastapi_seclint.program.callables import dotted_name
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.encounters import Encounter, Ending, Stranger
from fastapi_seclint.program.kinds import CLEAN, PASSED, REQUEST
from fastapi_seclint.program.layers import whose
from fastapi_seclint.program.routers import Layer
from fastapi_seclint.program.unmade import middleware_of
from fastapi_seclint.program.values import Class, External, Function, Instance, Value, options


def _as_middleware(encounter: Encounter) -> Encounter:
    """A middleware refuses by not calling the next one.

    One that gives what another one gives, which refuses some and hands on others, does both.
    """
    endings: list[Ending] = []
    for ending in encounter.endings:
        both = {"passed", "denial"} <= ending.kinds
        if not ending.denies and (both or not {"passed", "clean"} & ending.kinds):
            endings.append(Ending(True, CLEAN, None, ending.conditional or both, ending.place, ending.checked))
        if both and not ending.denies:
            endings.append(Ending(False, PASSED, None, True, ending.place))
        elif ending.denies or {"passed", "clean"} & ending.kinds:
            endings.append(ending)
    return replace(encounter, endings=endings)


def _as_asgi(encounter: Encounter) -> Encounter:
    """A pure ASGI middleware refuses whom it does not hand on to the application behind it."""
    endings = [
        ending if ending.denies or "passed" in ending.kinds
        else Ending(True, CLEAN, None, ending.conditional, ending.place, ending.checked)
        for ending in encounter.endings
    ]  # fmt: skip
    if not any("passed" in ending.kinds or ending.denies for ending in encounter.endings):
        return Encounter([Ending(False, PASSED, None, True, ending.place) for ending in encounter.endings[:1]])
    return replace(encounter, endings=endings)


_BACKENDS = "starlette.middleware.authentication.AuthenticationMiddleware"


class MiddlewareGuards:
    """What strangers meet in middleware; every answer is kept."""

    def __init__(self, follower: Follower, declared: Declared) -> None:
        self._follower = follower
        self._declared = declared
        self._instances: dict[tuple[int, int], Instance] = {}
        self._layers: dict[tuple[int, bool, bool, str, str], Encounter] = {}

    def layer(self, layer: Layer, stranger: Stranger, websocket: bool, precise: bool = True) -> Encounter:
        """What a stranger meets in a middleware on his way to a path; not `precise`: on his way anywhere."""
        anywhere = (id(layer), stranger.junk, stranger.configured, "", str(websocket))
        self._follower.allowance, self._follower.patience = MAX_FUNCTIONS, MAX_STATEMENTS
        if anywhere not in self._layers:
            self._layers[anywhere] = self._meet_layer(
                layer, Stranger(stranger.junk, configured=stranger.configured), websocket
            )
        found = self._layers[anywhere]
        if not precise or not found.by_path or not (found.may_deny or found.opaque):
            return found
        key = (*anywhere[:3], stranger.path or "", f"{stranger.method} {websocket}")
        if key not in self._layers:
            self._layers[key] = self._meet_layer(layer, stranger, websocket)
        return self._layers[key]

    def _meet_layer(self, layer: Layer, stranger: Stranger, websocket: bool) -> Encounter:
        passing = Encounter([Ending(False, PASSED, None, False, layer.place)])
        for option in options(layer.what):
            if self._declared.guards_application(dotted_name(option) or ""):
                return Encounter([Ending(True, CLEAN, 401, False, layer.place)], checked=True)
            if isinstance(option, External) and option.name == _BACKENDS:
                return self._backend(layer, stranger)
            if isinstance(option, External):
                row = credentials.entry("middleware", option.name)
                if row is not None and row.get("authenticates", True):
                    return Encounter([Ending(True, CLEAN, 401, False, layer.place)], checked=True)
                if row is None and not option.name.startswith("starlette.") and credentials.names_guardian(option.name):
                    passing.opaque.append(option.name)
            elif isinstance(option, Function):
                if websocket and layer.function:
                    return passing
                function, receiver = self._behind(option, layer.receiver)
                names = [form[0] for form in function.parameters][receiver is not None :]
                given = dict(zip(names, [REQUEST, PASSED], strict=False))
                return _as_middleware(self._follower.meet(function, stranger, given, receiver))
            elif isinstance(option, Class) and credentials.guards_against_forgery(option.name):
                return passing
            elif isinstance(option, Class):
                return self._class_layer(layer, option, stranger, websocket) or passing
        return passing

    def _behind(self, function: Function, receiver: Value | None) -> tuple[Function, Value | None]:
        """Whom a middleware hands its work, a method with its object: `return await check(request, call_next)`."""
        names = [form[0] for form in function.parameters][receiver is not None :]
        match [form for form in function.statements() if form[0] != "expr"]:
            case [["return", _, ["await", _, ["call", _, ["name" | "attr", *_] as target, given, []]]]]:
                if names and [form[2] for form in given if form[0] == "name"] == names == [form[-1] for form in given]:
                    work, owner = whose(self._follower.interpreter.ask(target, function.module.scope))
                    for option in options(work):
                        if isinstance(option, Function) and option is not function and option.number >= 0:
                            return option, owner
        return function, receiver

    def _backend(self, layer: Layer, stranger: Stranger) -> Encounter:
        """Starlette asks a backend who calls and answers 400 when it raises (starlette.middleware.authentication)."""
        passing = Encounter([Ending(False, PASSED, None, False, layer.place)])
        for backend in options(layer.arguments.get("backend", 0)):
            method = method_of(backend, "authenticate") if isinstance(backend, Instance) else None
            if method is not None and isinstance(backend, Instance):
                given = {form[0]: REQUEST for form in method.parameters[1:2]}
                met = self._follower.meet(method, stranger, given, backend)
                endings = [
                    ending if ending.denies else Ending(False, PASSED, None, ending.conditional, ending.place)
                    for ending in met.endings
                ]
                return replace(met, endings=endings, checked=met.checked and met.may_deny, used=False)
            if isinstance(backend, External):
                passing.opaque.append(backend.name)
        return passing

    def _made(self, layer: Layer, cls: Class) -> Instance:
        """The middleware as the application makes it: with the arguments that `add_middleware` was given."""
        key = (id(layer), id(cls))
        if key not in self._instances:
            self._instances[key] = middleware_of(self._follower.interpreter, layer, cls)
        return self._instances[key]

    def _class_layer(self, layer: Layer, cls: Class, stranger: Stranger, websocket: bool) -> Encounter | None:
        instance = self._made(layer, cls)
        dispatch = method_of(instance, "dispatch")
        if dispatch is not None:
            if websocket:
                return None
            names = [form[0] for form in dispatch.parameters][1:]
            given = dict(zip(names, [REQUEST, PASSED], strict=False))
            return _as_middleware(self._follower.meet(dispatch, stranger, given, instance))
        called = method_of(instance, "__call__")
        if called is not None:
            names = [form[0] for form in called.parameters][1:]
            kinds = [frozenset({"scope"}), frozenset({"receive"}), frozenset({"send"})]
            given = dict(zip(names, kinds, strict=False))
            asgi = replace(stranger, websocket=websocket)
            return _as_asgi(self._follower.meet(called, asgi, given, instance))
        return None
