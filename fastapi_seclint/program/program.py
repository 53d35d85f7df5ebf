"""The program: the one object that rules and reports ask."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi_seclint.facts import FileFacts
from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, last_name
from fastapi_seclint.program import calls, injected
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.factories import configuration_for, fill_applications, fill_by_hand, make_applications
from fastapi_seclint.program.guards import Guarding, GuardModel
from fastapi_seclint.program.interpreter import Interpreter
from fastapi_seclint.program.library_names import is_common_library
from fastapi_seclint.program.mapped import note_mapped
from fastapi_seclint.program.module_calls import LOADED_ANEW
from fastapi_seclint.program.modules import Module, Modules
from fastapi_seclint.program.refusing import write_out
from fastapi_seclint.program.routers import HTTP_METHODS, Include, Mount, Router, native
from fastapi_seclint.program.routes import Route, Walker
from fastapi_seclint.program.sites import Sites
from fastapi_seclint.program.table import AppRow, RouteRow, RouteTable, Unresolved
from fastapi_seclint.program.values import Bound, Class, Const, Function, Instance, Value
from fastapi_seclint.program.versions import Versions
from fastapi_seclint.program.worthwhile import WEB_WORDS, builds
from fastapi_seclint.program.wrappings import behind, settle

if TYPE_CHECKING:
    from fastapi_seclint.config import Config
    from fastapi_seclint.discovery import SourceFile
    from fastapi_seclint.outcome import ReadError

_WEB_DECORATORS = frozenset({*HTTP_METHODS, "api_route", "websocket", "route", "on_event"})

_GOES_THROUGH_FOLDERS = frozenset(
    {"walk", "listdir", "scandir", "glob", "rglob", "iterdir", "iter_modules", "walk_packages"}
)


class Program:
    """One project, read as a whole. Everything is computed when it is first asked for, and then kept."""

    def __init__(
        self,
        root: Path,
        files: Sequence[tuple[SourceFile, FileFacts]],
        *,
        unreadable: Sequence[ReadError] = (),
        config: Config | None = None,
        own_folder: bool = False,
    ) -> None:
        self.root = root
        self.own_folder = own_folder
        """Whether it has a folder of its own in the project, beside other programs that share no file with it."""
        self.unreadable = tuple(unreadable)
        self.config = config
        found = [(source.path.as_posix(), facts) for source, facts in files]
        self.modules = Modules(root.as_posix(), found, is_common_library)
        self.refusals = write_out(self.modules)
        """The calls that stood for a refusal, by file and place."""
        self._interpreter = Interpreter(self.modules)

    @cached_property
    def interpreter(self) -> Interpreter:
        """The interpreter after all set-up code ran."""
        interpreter = self._interpreter
        web = [module for module in self.modules.by_file.values() if _is_web(module.facts)]
        own = [module for module in web if not self.is_test(module)]
        for module in sorted(own, key=lambda item: ("FastAPI" not in item.facts.words, item.file)):
            interpreter.run_module(module)
        self._run_callers([module for module in self.modules.by_file.values() if not self.is_test(module)])
        interpreter.run_deferred()
        self._call_factories(own)
        fill_applications(interpreter, own, self._call_factory)
        fill_by_hand(interpreter, own, self._call_factory)
        make_applications(interpreter, own)
        interpreter.run_deferred()
        self._adopt_orphans()
        settle(interpreter, [value for module in own for value in module.scope.names.values()])
        return interpreter

    def run_the_rest(self) -> None:
        """Run the files that no set-up code needed, in order: what is known then does not hang on who asks first.

        The routes are those from before: tests add some of their own.
        """
        interpreter, _ = self.interpreter, self.routes
        for module in sorted(self.modules.by_file.values(), key=lambda item: item.file):
            interpreter.run_module(module)
        note_mapped(self)

    def _adopt_orphans(self) -> None:
        """Routers that nothing includes go where something unknown is included: they are found by name at run time."""
        interpreter = self._interpreter
        if not interpreter.open_includes:
            return
        held = {id(inner) for router in interpreter.routers for inner in _inner(router)}
        parent, arguments, place = interpreter.open_includes[0]
        guarded = not self._includes_what_it_loads()
        for router in interpreter.routers:
            if router.kind == "router" and router.entries and router.instance and id(router) not in held | {id(parent)}:
                entry = Include(
                    router.instance, arguments.get("prefix") or Const(""), arguments.get("dependencies"),
                    parent.inherited(), arguments, place, conditional=True, adopted=guarded,
                )  # fmt: skip
                parent.entries.append(entry)

    def _includes_what_it_loads(self) -> bool:
        """Whether all calls that include something unknown go through the files of a folder, and guard nothing.

        `for name in os.listdir(folder): app.include_router(import_module(name).router)` says of each router all there
        is to say.
        """
        calls = self._interpreter.open_includes
        unresolved = self._interpreter.unresolved
        loading = {
            place.module
            for place, reason in unresolved
            if reason in LOADED_ANEW and not _GOES_THROUGH_FOLDERS.isdisjoint(place.module.facts.words)
        }
        return (
            all(
                arguments.get("dependencies") is None and not arguments.open and place.module in loading
                for _, arguments, place in calls
            )
            and len({id(parent) for parent, _, _ in calls}) == 1
        )

    def is_test(self, module: Module) -> bool:
        """Whether a file is a test by where it lies in the project."""
        return self.modules.is_test(module)

    def _run_callers(self, modules: Sequence[Module]) -> None:
        """Run the modules that name a function which makes or fills an application and was not called so far."""
        interpreter = self._interpreter
        while True:
            idle = {
                function.name
                for key, function in interpreter.functions.items()
                if key not in interpreter.invoked and builds(function)
            }
            waiting = [module for module in modules if module.state == "new" and module.facts.words & idle]
            if not waiting:
                return
            for module in sorted(waiting, key=lambda item: item.file):
                interpreter.run_module(module)

    def _call_factories(self, modules: Sequence[Module]) -> None:
        """Call the functions that make an application and that nobody calls: `create_app`, `Server.__init__`."""
        names = {b'"FastAPI"'} | {f'"{name}"'.encode() for name in self._application_classes(modules)}
        for module in sorted(modules, key=lambda item: item.file):
            functions = module.facts.functions
            if not any(name.strip(b'"').decode() in module.facts.words for name in names):
                continue
            for number in range(len(functions)):
                if any(module.facts.body_mentions(number, name) for name in names):
                    outer = number
                    while functions[outer][2] >= 0:
                        outer = functions[outer][2]
                    self._call_factory(module, outer)

    def _application_classes(self, modules: Sequence[Module]) -> set[str]:
        found = set()
        for module in modules:
            for value in list(module.scope.names.values()):
                if isinstance(value, Class) and "fastapi.applications.FastAPI" in value.external_bases():
                    found.add(value.name)
        return found

    def _call_callers(self, function: Function, depth: int) -> None:
        """Call the functions that give a factory what it asks for: `build` for `Server.__init__(self, routers)`."""
        named = function.owner.name if function.owner is not None and function.name == "__init__" else function.name
        for module in sorted(self.modules.by_file.values(), key=lambda item: item.file):
            if named not in module.facts.words or self.is_test(module):
                continue
            for number in module.facts.speaking(f'"{named}"'.encode()):
                if number >= 0 and any(last_name(call[2]) == named for call in module.facts.forms(number).of("call")):
                    self._interpreter.run_module(module)
                    self._call_factory(module, number, depth)

    def _call_factory(self, module: Module, number: int, depth: int = 2) -> None:
        interpreter = self._interpreter
        key = (module.file, number)
        function = interpreter.functions.get(key)
        if function is None or key in interpreter.invoked:
            return
        for asking in _asking(function) if depth else ():
            self._call_callers(asking, depth - 1)
            if key in interpreter.invoked:
                return
        place = function.place
        interpreter.uncertain = 0
        given = configuration_for(interpreter, function)
        if function.owner is not None and function.kind not in ("static", "class"):
            owner = function.owner
            initializer = calls.method_of(Instance(owner), "__init__")
            made_of = configuration_for(interpreter, initializer)
            instance = calls.instantiate(interpreter, owner, made_of, owner.place)
            if initializer is not function:
                calls.call(interpreter, Bound(instance, function), given, place)
        elif function.owner is not None and function.kind == "class":
            calls.call(interpreter, Bound(function.owner, function), given, place)
        else:
            calls.call(interpreter, function, given, place)

    @cached_property
    def apps(self) -> list[Router]:
        """The applications that are not mounted in another one; lone routers when there is no application at all."""
        routers = [router for router in self.interpreter.routers if router.entries or id(router) in self._bound_names]
        inner = {id(app) for router in routers for app in _inner(router)}
        apps = [router for router in routers if router.kind == "app" and id(router) not in inner]
        if not apps:
            apps = [router for router in routers if id(router) not in inner]
        made: dict[tuple[str, str], list[Router]] = {}
        for app in apps:
            made.setdefault((self.app_name(app), str(app.place)), []).append(app)
        return [self._fullest(made[key]) for key in sorted(made)]

    def _fullest(self, apps: list[Router]) -> Router:
        """Of what one function makes under one name, the application that serves most: `build(public=True)`."""
        return apps[0] if len(apps) == 1 else max(apps, key=lambda app: len(list(self.walker.routes(app))))

    @cached_property
    def _bound_names(self) -> dict[int, tuple[str, str]]:
        found: dict[int, tuple[str, str]] = {}
        for module in sorted(self.modules.by_file.values(), key=lambda item: item.file):
            for name, value in module.scope.names.items():
                served, _ = behind(self._interpreter, value)
                for instance in native(served) if isinstance(served, Instance) else ():
                    known = found.get(id(instance.native))
                    own = instance.place is not None and instance.place.module is module
                    if known is None or (own and known[0] != module.name):
                        found[id(instance.native)] = (module.name, name)
        return found

    def app_name(self, app: Router) -> str:
        """`module:name`, or `module:function()` when only a function has it."""
        bound = self._bound_names.get(id(app))
        if bound is not None:
            return ":".join(bound)
        module = app.place.module.name
        if app.made_in:
            return f"{module}:{app.made_in.removeprefix(module + '.')}()"
        return f"{module}:{app.place.line}"

    @cached_property
    def walker(self) -> Walker:
        return Walker(self.interpreter)

    @cached_property
    def routes(self) -> list[Route]:
        """Every route of every application."""
        return [route for app in self.apps for route in self.walker.routes(app)]

    @cached_property
    def versions(self) -> Versions:
        """What lock files, requirements and pyproject.toml say about libraries."""
        return Versions.find(self.root)

    @cached_property
    def sites(self) -> Sites:
        """Blocks and calls of all files, tests included, sorted by path."""
        return Sites(self.interpreter, sorted(self.modules.by_file.values(), key=lambda module: module.path))

    @cached_property
    def guard_model(self) -> GuardModel:
        return GuardModel(self.interpreter, self.walker.resolver, Declared.of(self.config))

    @cached_property
    def _guardings(self) -> dict[int, Guarding]:
        return {}

    def guarding(self, route: Route) -> Guarding:
        """What guards a route."""
        if id(route) not in self._guardings:
            self._guardings[id(route)] = self.guard_model.of_route(route)
        return self._guardings[id(route)]

    def route_table(self) -> RouteTable:
        """The routes as plain data, sorted by app, path and methods."""
        self.run_the_rest()
        rows = [self._row(route) for route in self.routes]
        rows.sort(key=lambda row: (row.app, row.path, row.methods, row.kind, row.endpoint))
        apps = tuple(AppRow(self.app_name(app), app.place.location) for app in self.apps)
        return RouteTable(apps, tuple(rows), self._unresolved())

    def _row(self, route: Route) -> RouteRow:
        nodes = (node for node in route.nodes(alternatives=False) if not injected.is_provider(node.call))
        names = dict.fromkeys(node.name for node in nodes)
        guarding = self.guarding(route)
        through = tuple(_where(include) for include in route.includes)
        return RouteRow(
            app=self.app_name(route.app),
            path=route.path,
            methods=route.methods,
            kind=route.kind,
            endpoint=route.name,
            location=route.place.location if route.place is not None else None,
            dependencies=tuple(names),
            guards=guarding.guards,
            protection=guarding.protection,
            included_through=through,
            reason=guarding.reason,
        )

    def _unresolved(self) -> tuple[Unresolved, ...]:
        found = {(place.location, reason) for place, reason in self.interpreter.unresolved}
        for route in self.routes:
            found.update((place.location, reason) for place, reason in route.problems)
        return tuple(Unresolved(location, reason) for location, reason in sorted(found))


def _inner(router: Router) -> list[Router]:
    """What a router serves below itself; an application mounted in itself, `app.mount("/api", app)`, is not that."""
    found = [router.source] if router.source is not None else []
    for entry in router.entries:
        value: Value | None = (
            entry.app if isinstance(entry, Mount) else entry.router if isinstance(entry, Include) else None
        )
        found += [app for app in (each.native for each in native(value)) if app is not None and app is not router]
    return found


def _where(include: Include) -> str:
    return str(include.place)


_REST = (VARIADIC, KEYWORDS)


def _asking(function: Function) -> list[Function]:
    """What has to be given something before a function can run: itself, and what makes the object that it is of."""
    found = [function]
    if function.owner is not None and function.kind == "function" and function.name != "__init__":
        maker = calls.method_of(Instance(function.owner), "__init__")
        found += [] if maker is None else [maker]
    return [each for each in found if any(form[3] is None and form[1] not in _REST for form in _asked(each))]


def _asked(function: Function) -> list[Form]:
    """The parameters of a function that its caller fills."""
    return function.parameters[1 if function.owner is not None and function.kind != "static" else 0 :]


def _is_web(facts: FileFacts) -> bool:
    return bool(facts.words & WEB_WORDS or facts.decorators & _WEB_DECORATORS)
