"""How a guard, or what it calls, gets the session of a database that handlers are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddParameter, Edit, SetKeyword
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, last_name, names_in, span_of
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.imports import imported_as
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.tokens.connected import given_to, taken_too
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def session_taken(program: Program, block: Block, name: str) -> tuple[Edit, ...] | None:
    """The edits by which a function takes a session: from FastAPI, or from the guards that call it; None if it cannot.

    The parameter is what a handler of the project has of this name.
    """
    function = block.function
    if function is None or _is_called_by_tests(program, function):
        return None
    if _is_consumer(program, function):
        return _from_fastapi(program, block, name)
    plain = None if _is_handed_about(program, function) else _given(program, block.module, name, plain=True)
    edits = [AddParameter(block.module.path, span_of(function.at), plain[0]), *plain[1]] if plain is not None else []
    found = list(callers(program, function)) if plain is not None else []
    for other, call, _ in found:
        if other.function is None or other.function is function:
            return None
        if not any(item[0] == name for item in other.function.parameters):
            taken = _from_fastapi(program, other, name) if _is_consumer(program, other.function) else None
            if taken is None:
                return None
            edits += taken
        edits.append(SetKeyword(other.module.path, span_of(call[1]), name, name))
    return tuple(edits) if found else None


def _from_fastapi(program: Program, block: Block, name: str) -> tuple[Edit, ...] | None:
    """The session as a parameter that FastAPI fills in, handed over where others call the function by hand."""
    same = given_to(program, block, name)
    given = (same, ()) if same is not None else _given(program, block.module, name)
    taken = taken_too(program, block.function, given[0]) if given is not None and block.function is not None else None
    if given is None or taken is None or block.function is None or _is_called_by_tests(program, block.function):
        return None
    return (*taken, *given[1])


def _is_consumer(program: Program, function: Function) -> bool:
    return any(item.function is function for item in wiring(program).consumers)


def _is_handed_about(program: Program, function: Function) -> bool:
    """Whether something has a function as a value, `read = tokens.read`: nobody sees what it is called with there."""
    for block in program.sites.blocks(frozenset({function.name})):
        called = {id(call[2]) for call in block.forms.of("call")}
        if any(form[-1] == function.name and id(form) not in called for form in block.forms.of("name", "attr")):
            return True
    return False


def _is_called_by_tests(program: Program, function: Function) -> bool:
    """Whether a test calls a function by its name: it would have to know the new parameter."""
    files = program.modules.by_file.values()
    tests = (one for one in files if program.is_test(one) and function.name in one.facts.words)
    return any(
        form[2][0] in ("name", "attr") and form[2][-1] == function.name
        for module in tests
        for number in module.facts.speaking(f'"{function.name}"'.encode())
        for form in module.facts.forms(number).of("call")
    )


def _given(program: Program, module: Module, name: str, *, plain: bool = False) -> tuple[str, tuple[Edit, ...]] | None:
    """The parameter by which a handler is given the session, as code for another file, and the imports of it.

    What is `plain` has its type only: it is called by hand.
    """
    for consumer in wiring(program).consumers:
        home = consumer.function.module
        if consumer.parameter.name != name or program.is_test(home):
            continue
        if program.walker.resolver.dependency_of(consumer.parameter) is None:
            continue
        parameter = next(item for item in consumer.function.parameters if item[0] == name)
        annotation = _spelled_out(home, parameter[2], plain) if parameter[2] is not None else None
        parts = [part for part in (annotation, None if plain else parameter[3]) if part is not None]
        written = [code(part) for part in parts]
        brought = [known_as_there(program, home, one, module) for part in parts for one in sorted(names_in(part))]
        if annotation is not None and None not in written and None not in brought:
            edits = tuple(edit for known in brought for edit in known or ())
            return f"{name}: {' = '.join(map(str, written))}", edits
    return None


def _spelled_out(home: Module, annotation: Form, plain: bool) -> Form:
    """An annotation, or what a file calls so: `Annotated[Session, Depends(get_session)]`; its type if plain."""
    named = bound_names(home.facts.module).get(str(annotation[2]), []) if annotation[0] == "name" else []
    match named:
        case [["assign", _, _, ["sub", *_]]]:
            annotation = named[0][3]
    match annotation:
        case ["sub", _, owner, ["tuple", _, [base, *_]]] if plain and last_name(owner) == "Annotated":
            return list(base)
    return annotation


def known_as_there(program: Program, home: Module, name: str, module: Module) -> tuple[Edit, ...] | None:
    """The imports by which a file knows a name as another file does; None where it cannot."""
    if home is module or module.scope.find(name) is not None:
        return ()
    statement = next(iter(bound_names(home.facts.module).get(name, [])), None)
    found = imported_as(program, home, statement, name, module) if statement is not None else None
    return found[1] if found is not None and found[0] == name else None
