"""How code makes a dictionary of an object."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form

DUMPS = frozenset({"dict", "model_dump", "copy", "model_copy", "__dict__", "_asdict", "to_list"})
"""The methods and attributes that make a dictionary of an object."""
SAME = frozenset({"jsonable_encoder", "vars", "dict", "list", "asdict", "sorted", "model_to_dict"})
"""The functions that do so, or that give what they get in another order."""
LEAVING_OUT = frozenset({"exclude", "include", "by_alias_only"})
"""Keywords by which a dump leaves something out."""


def dumped(form: Form) -> str:
    """The name of what an element of a comprehension is made of: `user.dict()`, `user.__dict__`."""
    match form:
        case ["call", _, ["attr", _, ["name", _, name], method], [], keywords] if method in DUMPS:
            return "" if any(keyword in LEAVING_OUT for keyword, _, _ in keywords) else str(name)
        case ["attr", _, ["name", _, name], "__dict__"]:
            return str(name)
        case ["call", _, ["name", _, function], [["name", _, name]], []] if function in SAME:
            return str(name)
    return ""
