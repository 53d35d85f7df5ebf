"""Which function of the project a callee means, told by definitions and imports alone, before anything is run."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi_seclint.facts import MODULE, FileFacts
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.modules import Module, Modules

Bindings = dict[str, list[Form]]
Key = tuple[str, int]
"""A function: its file, and its number there."""

_IMPORTS = 4
_BASES = 3


class Callees:
    """The functions that callees in one file mean."""

    def __init__(self, modules: Modules, module: Module) -> None:
        self.modules = modules
        self.module = module
        self.top = bound_names(module.facts.module)

    def meant(self, callee: Form, local: Bindings, owner: str, kinds: Mapping[str, str]) -> Key | None:
        """The function behind a callee.

        `local` is what the function around binds, `owner` the class it belongs to, `kinds` the classes of what it is
        given, by the names of its parameters.
        """
        match callee:
            case ["name", _, name]:
                return self._found(self.module, name, {**self.top, **local})
            case ["attr", _, ["name", _, "self" | "cls"], name] if owner:
                return self._method(self.module, owner, name)
            case ["attr", _, ["name", _, of], name] if of in kinds and of not in local:
                return self._member(kinds[of], name, self.top)
            case ["attr", _, ["name", _, of], name] | ["attr", _, ["call", _, ["name", _, of], _, _], name]:
                return self._member(of, name, {**self.top, **local})
        return None

    def renamed(self, names: set[str]) -> set[str]:
        """The other names under which the file imports some."""
        imports = [form for forms in self.top.values() for form in forms if form[0] == "from"]
        return {alias for form in imports for name, alias in form[4] if alias and name in names}

    def _member(self, owner: str, name: str, bindings: Bindings) -> Key | None:
        """`errors.deny` of a module, or `Errors.deny` of a class."""
        for form in bindings.get(owner, [])[-1:]:
            match form:
                case ["class", *_]:
                    return self._method(self.module, owner, name)
                case ["assign" | "annassign", *_] if (made := _made(form)) is not None and made != owner:
                    return self._member(made, name, bindings)
                case ["import", _, pairs]:
                    full = next((pair[0] for pair in pairs if (pair[1] or pair[0]) == owner), None)
                    found = self.modules.absolute(full, self.module) if full is not None else None
                    return self._found(found, name) if found is not None else None
                case ["from", *_]:
                    module, original = self._imported(self.module, form, owner)
                    inner = self.modules.child(module, original) if module is not None else None
                    if inner is not None:
                        return self._found(inner, name)
                    return self._of_module(module, original, name) if module is not None else None
        return None

    def _of_module(self, module: Module, owner: str, name: str) -> Key | None:
        """A method of a class of a module, or of an object that the module makes."""
        found = self._method(module, owner, name)
        if found is None:
            made = [_made(form) for form in bound_names(module.facts.module).get(owner, [])[-1:]]
            found = self._method(module, made[0], name) if made and made[0] is not None else None
        return found

    def _method(self, module: Module, owner: str, name: str, depth: int = _BASES) -> Key | None:
        """A method of a class, or of the class that it inherits from first."""
        for number, (qualified, _, _) in enumerate(module.facts.functions):
            if qualified == f"{owner}.{name}":
                return module.file, number
        top = bound_names(module.facts.module)
        for form in top.get(owner, [])[-1:]:
            match form:
                case ["class", _, _, [["name", _, base], *_], *_] if depth and base in top:
                    origin = top[base][-1]
                    found, inner = self._imported(module, origin, base) if origin[0] == "from" else (module, base)
                    return self._method(found, inner, name, depth - 1) if found is not None else None
                case ["from", *_] if depth:
                    found, inner = self._imported(module, form, owner)
                    return self._method(found, inner, name, depth - 1) if found is not None else None
        return None

    def _found(self, module: Module, name: str, bindings: Bindings | None = None) -> Key | None:
        """The function that a name of a module means, through imports; a name that is bound twice means none."""
        for _ in range(_IMPORTS):
            forms = (bindings if bindings is not None else bound_names(module.facts.module)).get(name, [])
            bindings = None
            if len(forms) != 1:
                return None
            match forms[0]:
                case ["def", _, number, *_]:
                    return module.file, number
                case ["from", *_] as form:
                    found, name = self._imported(module, form, name)
                    if found is None:
                        return None
                    module = found
                case _:
                    return None
        return None

    def _imported(self, module: Module, form: Form, name: str) -> tuple[Module | None, str]:
        """The module that an import takes a name from, and what the name is there."""
        _, _, level, path, pairs = form
        original = next((pair[0] for pair in pairs if (pair[1] or pair[0]) == name), name)
        if level:
            return self.modules.relative(level, path or "", module), original
        return self.modules.absolute(path, module), original


def _made(form: Form) -> str | None:
    """The class whose object an assignment keeps: `service = Service()`."""
    match form:
        case ["assign" | "annassign", *_, ["call", _, ["name", _, str(name)], _, _]]:
            return name
    return None


def kinds_given(facts: FileFacts, number: int) -> dict[str, str]:
    """The classes of what a function is given, by the names of its parameters: `T`, or `Annotated[T, ...]`."""
    around = facts.functions[number][2]
    forms = facts.forms(around if around >= 0 else MODULE).of("def")
    given: list[Form] = next((form[5] for form in forms if form[2] == number), [])
    kinds = {}
    for name, _, annotation, *_ in given:
        match annotation:
            case ["name", _, kind] | ["sub", _, _, ["tuple", _, [["name", _, kind], *_]]]:
                kinds[name] = kind
    return kinds
