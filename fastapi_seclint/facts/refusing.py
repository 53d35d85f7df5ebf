"""Functions that only refuse, by the look of their body: `def deny(status, why): raise HTTPException(status, why)`."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, last_name, walk

_BINDING = ("await", "walrus", "yield", "yieldfrom", "lambda", "comp")
_MADE = ("Exception", "Error")


def refuses(statements: list[Form]) -> bool:
    """Whether a body does nothing but make an exception from what it is given, and raise or return it.

    What is logged before and what is put into names of its own may stand before it, and a plain test of what it is
    given around it: `if not allowed: raise ...`.
    """
    if not statements or not all(_prepares(statement) for statement in statements[:-1]):
        return False
    match statements[-1]:
        case ["raise", _, ["call", *_], _]:
            return not _is_missing(statements[-1][2])
        case ["raise", _, ["name", _, name], _] | ["return", _, ["name", _, name]]:
            return any(_makes(statement, name) for statement in statements[:-1])
        case ["return", _, ["call", _, function, *_]]:
            return last_name(function).endswith(_MADE)
        case ["if", _, test, [["raise", _, ["call", *_], _]], []]:
            return given_to(test) is not None
    return False


def checks(statements: list[Form], parameters: list[Form]) -> bool:
    """Whether a body does nothing but refuse what fails a test: `if item.owner != user.id: raise ...`, once or oftener.

    What binds or waits in a test is not looked at, nor what the exception is made of in more than one statement. Who
    calls may hand the exception in: `if not allowed: raise error`.
    """
    given = {item[0] for item in parameters}
    return bool(statements) and all(
        statement[0] == "if"
        and not statement[4]
        and len(statement[3]) == 1
        and statement[3][0][0] == "raise"
        and _is_made(statement[3][0][2], given)
        and not any(form[0] in _BINDING for form in walk(statement[2]))
        for statement in statements
    )


def _is_made(error: Form | None, given: set[str]) -> bool:
    return error is not None and (error[0] == "call" or (error[0] == "name" and error[2] in given))


def given_to(test: Form) -> str | None:
    """The name that a plain test asks about: `name`, `not name`, `name is None`, `name is not None`."""
    match test:
        case ["name", _, name] | ["unary", _, "not", ["name", _, name]]:
            return str(name)
        case ["compare", _, ["name", _, name], ["is" | "is not"], [["const", _, None]]]:
            return str(name)
    return None


def _prepares(statement: Form) -> bool:
    match statement:
        case ["expr", _, ["const" | "call" | "await", *_]] | ["assign", _, [["name", *_]], _]:
            return True
        case ["annassign", _, ["name", *_], _, value] if value is not None:
            return True
    return False


def _makes(statement: Form, name: str) -> bool:
    match statement:
        case ["assign", _, [["name", _, found]], ["call", _, function, *_]] if found == name:
            return last_name(function).endswith(_MADE)
    return False


def _is_missing(call: Form) -> bool:
    """`raise NotImplementedError(...)`: nothing is refused, something is not written yet."""
    return last_name(call[2]) == "NotImplementedError"
