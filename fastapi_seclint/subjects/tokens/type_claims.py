"""A type claim for each kind of token, written where the kind is made: in its display of claims, or beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi_seclint.edits import AddParameter, Edit, ReplaceExpression, SetDictItem, SetKeyword
from fastapi_seclint.facts.forms import KEYWORDS, Form, arguments, named_arguments, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.payloads.ways import Step
from fastapi_seclint.subjects.tokens.kinds import Kind

_PARAMETER = "token_type"


def typing(kinds: Sequence[Kind], all_kinds: Sequence[Kind]) -> tuple[Edit, ...]:
    """The edits that give each kind a claim `type` with its purpose; nothing where one of them has no place for it.

    Those of all kinds that are for something else again keep what they have.
    """
    edits: list[Edit] = []
    for kind in kinds:
        added = _typed(kind, [other for other in all_kinds if other.purpose != kind.purpose])
        if not added:
            return ()
        edits += added
    found = tuple(dict.fromkeys(edits))
    places = [(edit.path, edit.dictionary) for edit in found if isinstance(edit, SetDictItem)]
    return found if len(set(places)) == len(places) else ()


def _typed(kind: Kind, others: Sequence[Kind]) -> tuple[Edit, ...]:
    """The claim at the call nearest to the encoding that no token of another purpose goes through."""
    theirs = {id(step.form): step for other in others for step in other.token.steps}
    value = f'"{kind.purpose}"'
    for number, step in enumerate(kind.token.makers):
        if id(step.form) in theirs:
            continue
        beside = [other for other in theirs.values() if _same_block(other, step)]
        payload = kind.token.handed_over
        given = [payload] if number == 0 and payload is not None else list(_given(step))
        if number and len(given) != 1:
            alone = all(
                other.purpose != "other" or id(kind.token.makers[0].form) not in _forms(other) for other in others
            )
            if number != 1 or not alone or given:
                return ()
            return _by_keyword(kind, step, value) or _by_parameter(kind, step, value)
        return _put(step, given[0], beside, value) if given else ()
    return ()


def _forms(kind: Kind) -> set[int]:
    return {id(step.form) for step in kind.token.steps}


def _same_block(one: Step, other: Step) -> bool:
    """Whether two calls stand in one function, or both outside of any in one file."""
    inside = [step.block.function.number if step.block.function is not None else -1 for step in (one, other)]
    return one.block.module is other.block.module and inside[0] == inside[1]


def _given(step: Step) -> Iterator[Form]:
    """The arguments of a call that are dictionaries of claims."""
    for form in arguments(step.form):
        if form[0] == "dict" or (form[0] == "name" and _made_of(step, form[2]) is not None):
            yield form


def _made_of(step: Step, name: str) -> Form | None:
    """The display that a local name is assigned, when it is assigned nothing else."""
    scope = step.block.scope
    found = scope.assignments(name) if isinstance(scope, FunctionScope) else []
    if len(found) == 1 and found[0][0] in ("assign", "annassign") and found[0][-1] is not None:
        display: Form = found[0][-1]
        return display if display[0] == "dict" else None
    return None


def _put(step: Step, payload: Form, beside: Sequence[Step], value: str) -> tuple[Edit, ...]:
    path = step.block.module.path
    shared = payload[0] == "name" and any(
        form[0] == "name" and form[2] == payload[2] for other in beside for form in walk(other.form)
    )
    if payload[0] == "dict":
        return (SetDictItem(path, span_of(payload[1]), "type", value),)
    if payload[0] == "name" and not shared:
        display = _made_of(step, payload[2]) or _updated_with(step, payload[2])
        if display is not None:
            return (SetDictItem(path, span_of(display[1]), "type", value),)
    written = code(payload)
    if written is None:
        return ()
    return (ReplaceExpression(path, span_of(payload[1]), f'{{**{written}, "type": {value}}}'),)


def _updated_with(step: Step, name: str) -> Form | None:
    """The one display that a dictionary is updated with in any case: `to_encode.update({"exp": expire})`."""
    found = []
    for form in step.block.statements:
        match form:
            case ["expr", _, ["call", _, ["attr", _, ["name", _, owner], "update"], [["dict", *_] as display], []]]:
                found += [display] if owner == name else []
    return found[0] if len(found) == 1 else None


def _by_keyword(kind: Kind, step: Step, value: str) -> tuple[Edit, ...]:
    """A further claim for a function that takes claims by their names: `def _sign(self, sub, **claims)`."""
    payload, first = kind.token.handed_over, kind.token.makers[0]
    function = first.block.function
    if payload is None or function is None or any(keyword in (None, "type") for keyword, _, _ in step.form[4]):
        return ()
    display = payload if payload[0] == "dict" else _made_of(first, payload[2]) if payload[0] == "name" else None
    rest = [form[0] for form in function.parameters if form[1] == KEYWORDS]
    pairs = display[2] if display is not None else []
    spread = bool(pairs) and pairs[-1][0] is None and pairs[-1][1][0] == "name" and pairs[-1][1][2] in rest
    if not spread:
        return ()
    return (SetKeyword(step.block.module.path, span_of(step.form[1]), "type", value),)


def _by_parameter(kind: Kind, step: Step, value: str) -> tuple[Edit, ...]:
    """A parameter of the function that makes tokens of all kinds, and its claim; access tokens are the default."""
    payload, first = kind.token.handed_over, kind.token.makers[0]
    function = first.block.function
    if (
        function is None
        or payload is None
        or not _can_be_given(function)
        or any(keyword is None for keyword, _, _ in step.form[4])
    ):
        return ()
    known = told_by(function, step.form, kind.purpose)
    if known:
        return _put(first, payload, (), known)
    put = _put(first, payload, (), _PARAMETER)
    added = AddParameter(first.block.module.path, span_of(function.at), f'{_PARAMETER}: str = "access"')
    if not put:
        return ()
    if kind.purpose == "access":
        return (added, *put)
    return (added, *put, SetKeyword(step.block.module.path, span_of(step.form[1]), _PARAMETER, value))


def told_by(function: Function, call: Form, text: str) -> str:
    """The parameter of a function that a call gives a text, such as the kind of token; empty where there is none."""
    names = [item[0] for item in function.parameters]
    names = names[1:] if function.owner is not None and function.kind != "static" else names
    given = named_arguments(call, names)
    return next((name for name, value in given if value[0] == "const" and value[2] == text and name in names), "")


def _can_be_given(function: Function) -> bool:
    """Whether a function may get one more parameter: it has none of the name, and nothing that takes it in already."""
    return not any(form[0] == _PARAMETER or form[1] == KEYWORDS for form in function.parameters)
