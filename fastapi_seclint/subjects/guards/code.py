"""Guards as source text: names, attributes, calls with plain arguments, under the names that another file has."""

from __future__ import annotations

import json

from fastapi_seclint.facts.forms import Form


def code_of(form: Form, names: dict[str, str]) -> str:
    """The source of a guard: a name, an attribute of one, a call of such with plain arguments; else nothing."""
    match form:
        case ["name", _, str(name)]:
            return names.get(name, name)
        case ["attr", _, owner, name]:
            inner = code_of(owner, names)
            return f"{inner}.{name}" if inner else ""
        case ["const", _, constant]:
            return json.dumps(constant, ensure_ascii=False) if isinstance(constant, str) else repr(constant)
        case ["list" | "tuple" | "set" as kind, _, items]:
            inside = [code_of(item, names) for item in items]
            brackets = {"list": "[]", "tuple": "()", "set": "{}"}[kind]
            comma = "," if kind == "tuple" and len(inside) == 1 else ""
            return f"{brackets[0]}{', '.join(inside)}{comma}{brackets[1]}" if inside and all(inside) else ""
        case ["call", _, function, positional, keywords]:
            inside = [code_of(item, names) for item in positional]
            for key, value, _ in keywords:
                code = code_of(value, names)
                inside.append(f"{key}={code}" if key and code else "")
            called = code_of(function, names)
            return f"{called}({', '.join(inside)})" if called and all(inside) else ""
    return ""
