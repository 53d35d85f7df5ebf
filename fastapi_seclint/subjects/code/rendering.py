"""Code for fixes: simple expressions of the analysed program written out again from their forms."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form

_JOINED = {"|", "+"}


def rendered(form: Form | None) -> str | None:
    """The source of a simple expression (names, attributes, subscripts, constants, calls), or None for another."""
    match form:
        case ["name", _, str() as name]:
            return name if name.isidentifier() else None  # the subject of a `match` has no name that code can say
        case ["const", _, str() as text]:
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case ["const", _, value]:
            return repr(value)
        case ["ellipsis", _]:
            return "..."
        case ["attr", _, value, name]:
            return _filled("{}." + str(name), value)
        case ["sub", _, value, ["tuple", _, items]]:
            return _filled("{}[" + ", ".join("{}" for _ in items) + "]", value, *items)
        case ["sub", _, value, ["slice", _, *bounds]]:
            start, stop, step = ["" if bound is None else rendered(bound) for bound in bounds]
            inside = None if None in (start, stop, step) else f"{start}:{stop}" + (f":{step}" if step else "")
            return (
                None if inside is None else _filled("{}[" + inside.replace("{", "{{").replace("}", "}}") + "]", value)
            )
        case ["sub", _, value, index]:
            return _filled("{}[{}]", value, index)
        case ["binop", _, operator, left, right] if operator in _JOINED:
            return _filled("{} " + str(operator) + " {}", left, right)
        case ["bool", _, "or" | "and" as operator, items]:
            return _filled("(" + f" {operator} ".join("{}" for _ in items) + ")", *items)
        case ["unary", _, "not" | "-" as operator, value]:
            return _filled("not {}" if operator == "not" else "-{}", value)
        case ["ifexp", _, test, body, otherwise]:
            return _filled("({} if {} else {})", body, test, otherwise)
        case ["call", _, function, positional, keywords]:
            return _called(function, positional, keywords)
        case ["list", _, items]:
            return _filled("[" + ", ".join("{}" for _ in items) + "]", *items)
        case ["dict", _, pairs] if all(key is not None for key, _ in pairs):
            return _filled("{{" + ", ".join("{}: {}" for _ in pairs) + "}}", *(part for pair in pairs for part in pair))
        case ["fstr", _, parts]:
            return _text(parts)
        case ["tuple", _, [_, _, *_] as items]:
            return _filled("(" + ", ".join("{}" for _ in items) + ")", *items)
    return None


def _filled(pattern: str, *forms: Form) -> str | None:
    parts = [rendered(form) for form in forms]
    return None if None in parts else pattern.format(*parts)


def _called(function: Form, positional: list[Form], keywords: list[Form]) -> str | None:
    parts = [rendered(form) for form in (function, *positional)]
    named = [(keyword, rendered(value)) for keyword, value, _ in keywords]
    if None in parts or any(keyword is None or value is None for keyword, value in named):
        return None
    return f"{parts[0]}({', '.join([*map(str, parts[1:]), *(f'{keyword}={value}' for keyword, value in named)])})"


def _text(parts: list[Form]) -> str | None:
    """An f-string of plain texts and simple values."""
    found: list[str] = []
    for part in parts:
        text = str(part[2]) if part[0] == "const" else ""
        value = rendered(part[2]) if part[0] == "fmt" and not any(part[3:]) else None
        if part[0] == "const" and text.isprintable() and not {'"', "\\"} & {*text}:
            found.append(text.replace("{", "{{").replace("}", "}}"))
        elif value is not None and (value := _within(value)) is not None:
            found.append(f"{{{value}}}")
        else:
            return None
    return f'f"{"".join(found)}"'


def _within(code: str) -> str | None:
    """Code as it stands within an f-string in double quotes; None where it has both kinds of quotes."""
    if "\\" in code or ('"' in code and "'" in code):
        return None
    return code.replace('"', "'")
