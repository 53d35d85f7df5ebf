"""How code makes a dictionary of an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, mentions, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import NONE, Class, Collection, Const, Function, Value, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.passwords.names import is_password

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

DUMPS = frozenset({"dict", "model_dump", "copy", "model_copy", "__dict__", "_asdict", "to_list"})
"""The methods and attributes that make a dictionary of an object."""
OF_LIBRARIES = frozenset({"jsonable_encoder", "asdict", "model_to_dict", "to_builtins", "unstructure"})
"""What makes a dictionary of an object: FastAPI's, Python's, peewee's, msgspec's and cattrs' functions."""
SAME = OF_LIBRARIES | {"vars", "dict", "list", "sorted"}
"""The functions that do so, or that give what they get in another order."""
LEAVING_OUT = frozenset({"exclude", "include", "only", "by_alias_only"})
"""Keywords by which a dump leaves something out."""
_COLUMNS = frozenset({"values", "values_list", "only", "defer", "with_only_columns", "load_only"})
"""Methods of queries that are told the columns that they shall give."""


def only_outside(call: Form) -> bool:
    """Whether what is left out is a key of a display, and stays in what that holds: `exclude` goes no deeper."""
    match call:
        case ["call", _, ["name" | "attr", *_] as function, [["dict", _, pairs], *_], keywords]:
            if function[-1] != "jsonable_encoder" or any(key is None for key, _ in pairs):
                return False
            keys = {str(key[2]) for key, _ in pairs if key[0] == "const"}
            told = [value for keyword, value, _ in keywords if keyword == "exclude"]
            named = {str(item[2]) for item in walk(told) if item[0] == "const"}
            picked = any(keyword == "include" for keyword, _, _ in keywords)
            return not picked and (not told or (bool(named) and not keys & named))
    return False


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


def written_above(block: Block, form: Form) -> Form:
    """What a local name was assigned just above; any other expression as it is."""
    if form[0] != "name" or not isinstance(block.scope, FunctionScope):
        return form
    above = (item for item in block.scope.assignments(form[2]) if item[1] < form[1])
    found = [item for item in above if not holds(item[1], form[1])]  # `query = query.filter(...)` is not its own
    if found and found[-1][0] == "assign" and all(target[0] == "name" for target in found[-1][2]):
        value: Form = found[-1][3]
        return value
    return form


def sifted(program: Program, block: Block, comprehension: Form) -> Form | None:
    """The dictionary of which all is taken but some keys: `{k: v for k, v in user.items() if k not in HIDDEN}`.

    None where a password may be among these, or the values become something else.
    """
    match comprehension:
        case ["comp", _, "dict", key, value, [[["tuple", _, target], ["call", _, ["attr", _, whole, "items"], *_], _]]]:
            asked = comprehension[5][0][2]
            plain = key[0] == "name" and [key[2:], value[2:]] == [item[2:] for item in target]
            plain = plain and all(_leaves_other_keys(program, block, test, key[2]) for test in asked)
            return list(whole) if plain else None
    return None


def _leaves_other_keys(program: Program, block: Block, test: Form, key: str) -> bool:
    """Whether a condition only takes keys away that are no password's: `key not in ("_id", "created_at")`."""
    match test:
        case ["compare", _, ["name", _, name], ["not in" | "!="], [keys]] if name == key:
            found = [one for option in options(ask(program, block, keys)) for one in _constants(option)]
            return bool(found) and not any(is_password(str(one), True) for one in found)
        case ["unary", _, "not", ["call", _, ["attr", _, ["name", _, name], "startswith"], _, _]] if name == key:
            return True
        case ["compare", _, ["name", *_], ["is not"], [["const", _, None]]]:
            return True
    return False


def _constants(value: Value) -> list[object]:
    items = value.items if isinstance(value, Collection) and not value.open else [value]
    return [item.value for item in items if isinstance(item, Const)]


def gives_back(function: Function, bound: bool) -> bool:
    """Whether a function returns what it is given, changed a little: `doc["_id"] = str(doc["_id"]); return doc`."""
    names = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
    if not names or any(_takes_out(form, names[0]) for form in function.forms.of("call", "delete")):
        return False
    for form in function.forms.of("return"):
        match form[2]:
            case ["name", _, name] if name == names[0]:
                return True
            case ["dict", _, pairs] if any(key is None and value[0] == "name" and value[2] == names[0]
                                           for key, value in pairs):  # fmt: skip
                return True
            case ["dict", _, pairs] if any(key is None and _copies(value, names[0]) for key, value in pairs):
                return True
            case ["comp", *_] if _copies(form[2], names[0]):
                return True
    return False


def _copies(form: Form, name: str) -> bool:
    """Whether entries are copied one by one, all but some: `{key: doc[key] for key in doc if key != "_id"}`."""
    match form:
        case ["comp", _, "dict", ["name", _, key], ["sub", _, ["name", _, owner], ["name", _, read]],
              [[["name", _, each], ["name", _, whole], tests]]]:  # fmt: skip
            plain = key == read == each and owner == whole == name
            texts = [item[2] for item in walk(tests) if item[0] == "const"]
            kept = all(test[0] == "compare" and test[3] in (["!="], ["not in"]) for test in tests)
            return plain and kept and not any(is_password(str(text), True) for text in texts)
    return False


def method_of_each(element: Form, name: str) -> str:
    """The method without arguments that an element of a comprehension is the answer of: `row.as_dict()`."""
    match element:
        case ["call", _, ["attr", _, ["name", _, owner], str() as method], [], []] if owner == name:
            return method
    return ""


def _takes_out(form: Form, name: str) -> bool:
    """Whether something is taken out of a dictionary by a key that is not written there: `doc.pop(field)`."""
    match form:
        case ["call", _, ["attr", _, ["name", _, owner], "pop"], [key, *_], _]:
            return bool(owner == name and key[0] != "const")
        case ["delete", _, targets]:
            return any(target[0] == "sub" and target[3][0] != "const" for target in targets)
    return False


def member(cls: Class, name: str) -> Value | None:
    """What a class, or the nearest of its bases that does, has under a name."""
    found = (base.namespace.get(name) for base in cls.lineage() if isinstance(base, Class))
    return next((one for one in found if one is not None), None)


def dumps_itself(function: Function, cls: Class | None = None) -> bool:
    """Whether a method gives all columns of its object: `{c.name: getattr(self, c.name) for c in self.__table__.c}`.

    `cls` is the object's class, which may say what is left out: `if c.name not in self.hidden`.
    """
    own = function.parameters[0][0] if function.parameters else ""
    given = [form[2] for form in function.forms.of("return")]
    return bool(given) and all(value is not None and _has_all(value, own, cls) for value in given)


def _has_all(value: Form, own: str, cls: Class | None) -> bool:
    match value:
        case ["comp", _, "dict", _, _, [[_, iterable, tests]]] if all(_takes_others(test, own, cls) for test in tests):
            parts = [form for form in walk([iterable]) if form[0] == "attr"]
            whole = any(form[3] in _WHOLE and form[2][0] == "name" for form in parts)
            return whole and mentions([iterable], {own})
        case ["call", _, ["attr", _, ["attr", _, ["name", _, name], "__dict__"], "copy"], _, _]:
            return bool(name == own)
        case ["call", _, ["name" | "attr", *_] as function, [["name", _, name]], []] if name == own:
            return function[-1] in ("asdict", "vars", "jsonable_encoder", "model_to_dict")
        case ["call", _, ["attr", _, ["name", _, name], "model_dump" | "dict" | "_asdict"], [], []]:
            return bool(name == own)
        case ["call", _, ["name", _, "dict"], [["attr", _, ["name", _, name], "__dict__"]], []]:
            return bool(name == own)
        case ["attr", _, ["name", _, name], "__dict__"]:
            return bool(name == own)
    return False


def _takes_others(test: Form, own: str, cls: Class | None) -> bool:
    """Whether a condition only leaves out columns that are no password's: `if column.name != "created_at"`."""
    match test:
        case ["compare", _, _, ["not in"], [["attr", _, ["name", _, name], hidden]]] if name == own and cls is not None:
            listed = member(cls, hidden)
            known = isinstance(listed, Collection) and not listed.open
            return known and not any(is_password(str(one), True) for one in _constants(listed or NONE))
        case ["compare", _, _, ["!=" | "not in"], [side]]:
            named = [item[2] for item in walk([side]) if item[0] == "const"]
            return bool(named) and not any(is_password(str(one), True) for one in named)
        case ["unary", _, "not", ["call", _, ["attr", _, _, "startswith"], _, _]]:
            return True
    return False


_WHOLE = frozenset({"__table__", "__mapper__", "__dict__", "__data__", "_meta"})


def names_columns(call: Form) -> bool:
    """Whether a call of a query names the columns that it wants, none with a password: `values("id", "email")`."""
    if call[2][0] not in ("name", "attr") or call[2][-1] not in _COLUMNS:
        return False
    given = arguments(call)
    names = [str(form[-1]) for item in given for form in walk(item) if form[0] in ("const", "attr")]
    return bool(names) and (call[2][-1] == "defer" or not any(is_password(name, True) for name in names))
