"""Simple expressions as code again, for fixes that put something around them."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form


def code(form: Form) -> str | None:
    """The code of names, attributes, items, constants, displays, calls and comparisons; None for anything else."""
    match form:
        case ["name", _, name]:
            return str(name) if name.isidentifier() else None
        case ["const", _, value]:
            plain = isinstance(value, str) and value.isprintable() and not {'"', "\\"} & set(value)
            return f'"{value}"' if plain else repr(value)
        case ["bytes", _, str() as text] if text.isprintable() and text.isascii() and not {'"', "\\"} & set(text):
            return f'b"{text}"'
        case ["attr", _, owner, name]:
            inner = _atom(owner)
            return None if inner is None else f"{inner}.{name}"
        case ["sub", _, owner, ["slice", _, *bounds]]:
            inner, parts = _atom(owner), ["" if bound is None else code(bound) for bound in bounds]
            if inner is None or None in parts:
                return None
            return f"{inner}[{parts[0]}:{parts[1]}{f':{parts[2]}' if parts[2] else ''}]"
        case ["unary", _, "-", ["const", _, value]]:
            return f"-{value!r}"
        case ["sub", _, owner, index]:
            inner, key = _atom(owner), code(index)
            if key is not None and index[0] == "tuple" and len(index[2]) > 1:
                key = key[1:-1]  # `Annotated[Session, Depends(get_session)]`
            return None if inner is None or key is None else f"{inner}[{key}]"
        case ["await", _, inner_form]:
            inner = code(inner_form)
            return None if inner is None else f"await {inner}"
        case ["list" | "tuple" as kind, _, items] if items:
            inside = [code(item) for item in items]
            known = [item for item in inside if item is not None]
            opening, closing = ("[", "]") if kind == "list" else ("(", ",)" if len(items) == 1 else ")")
            return f"{opening}{', '.join(known)}{closing}" if len(known) == len(items) else None
        case ["dict", _, pairs]:
            inside = [_item(key, value) for key, value in pairs]
            known = [item for item in inside if item is not None]
            return f"{{{', '.join(known)}}}" if len(known) == len(inside) else None
        case ["compare", _, left, [operator], [right]]:
            parts = [_atom(left), _atom(right)]
            return None if None in parts else f"{parts[0]} {operator} {parts[1]}"
        case ["call", _, function, positional, keywords]:
            return _call(function, positional, keywords)
    return None


def _item(key: Form | None, value: Form) -> str | None:
    """The code of an item of a dictionary display, `**value` where it has no key."""
    inner, name = code(value), code(key) if key is not None else None
    if inner is None or (key is not None and name is None):
        return None
    return f"**{inner}" if key is None else f"{name}: {inner}"


def _atom(form: Form) -> str | None:
    """The code of an expression that something is bound to, in parentheses where it needs them."""
    inner = code(form)
    return f"({inner})" if inner is not None and form[0] in ("await", "compare") else inner


def _call(function: Form, positional: list[Form], keywords: list[Form]) -> str | None:
    parts = [_atom(function), *(code(item) for item in positional)]
    for keyword, value, _ in keywords:
        inner = code(value)
        parts.append(None if inner is None else f"**{inner}" if keyword is None else f"{keyword}={inner}")
    known = [part for part in parts if part is not None]
    return f"{known[0]}({', '.join(known[1:])})" if len(known) == len(parts) else None
