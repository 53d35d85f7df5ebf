"""The fix of a log entry with a secret in it: `***` in its place, or no entry where it says nothing else."""

from __future__ import annotations

from fastapi_seclint.edits import Edit, MaskFields, RemoveStatement, ReplaceExpression
from fastapi_seclint.facts.forms import Form, awaited, is_put_together, last_name, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print, message

MASK = '"***"'
"""What stands in place of a secret."""
_OF_PRINTING = frozenset({"end", "sep", "flush", "file", "stacklevel"})


def left_out(block: Block, call: Form, secrets: list[Form]) -> tuple[Edit, ...] | None:
    """The edit that drops a statement which logs nothing but secrets: `print(token)`; else those of `masked`.

    What logs the traceback as well says more: `logger.exception(token)`.
    """
    whole = [form for form in block.forms.of("expr") if form[2] is call]
    keywords = {keyword for keyword, _, _ in call[4]}
    given = [item[2] if item[0] == "await" else item for item in call[3]]
    nothing_else = all(any(form is item or _shows(item, form) for form in secrets) for item in given)
    if whole and call[3] and nothing_else and keywords <= _OF_PRINTING and last_name(call[2]) != "exception":
        return (RemoveStatement(block.module.path, span_of(whole[0][1])),)
    return masked(block.module.path, call, secrets)


def still_made(block: Block, call: Form, secrets: list[Form]) -> tuple[Edit, ...] | None:
    """The edit that leaves of `print(new_code(phone))` the call, which keeps the code; None where more is said."""
    given = awaited(call[3][0]) if len(call[3]) == 1 else call
    written = code(call[3][0]) if len(call[3]) == 1 and not call[4] else None
    whole = any(form[2] is call for form in block.forms.of("expr"))
    if written is None or not whole or len(secrets) != 1 or given is not secrets[0]:
        return None
    return (ReplaceExpression(block.module.path, span_of(call[1]), written),)


def masked_before(block: Block, call: Form, secrets: list[Form], texts: list[Form]) -> tuple[Edit, ...] | None:
    """The edits of `masked` where a text has a name before it is logged; None where others have the text, too."""
    edits: list[Edit] = []
    rest = secrets
    logged = {id(item) for one in block.forms.of("call") if is_log_call(one) or is_print(one) for item in walk(one)}
    for text in texts:
        read = [form for form in block.forms.of("name") if form[2:] == text[2:] and id(form) not in logged]
        put = message(block, text)
        if put is None or text[0] != "name" or len(read) != 1 or _is_read_inside(block, text[2]):  # once: its target
            return None
        inside = [form for form in secrets if any(item is form for item in walk(put))]
        found = masked(block.module.path, put, inside) if inside else None
        if found is None:
            return None
        edits += found
        rest = [form for form in rest if not any(form is item for item in inside)]
    found = masked(block.module.path, call, rest) if rest else ()
    return None if found is None else (*edits, *found)


def _is_read_inside(block: Block, name: str) -> bool:
    """Whether a function inside the one of a block, or any of the file for its own block, speaks of the same name."""
    facts = block.module.facts
    for number in facts.speaking(f'"{name}"'.encode()):
        around = number
        while around >= 0 and around != block.number:
            around = facts.functions[around][2]
        below = number != block.number and around == block.number
        if below and any(form[2] == name for form in facts.forms(number).of("name")):
            return True
    return False


def masked(path: str, call: Form, secrets: list[Form]) -> tuple[Edit, ...] | None:
    """The edits that put `***` in place of the secrets of a call; None where it spreads or merges dictionaries."""
    spread = [value for keyword, value, _ in call[4] if keyword is None] if call[0] == "call" else []
    if any(value is one for one in secrets for value in spread):
        return None
    for form in walk(call):
        merged = (form[0] == "binop" and form[2] == "|") or (form[0] == "call" and form[2][2:] == ["zip"])
        if merged and any(item is one for one in secrets for item in walk(form)):
            return None  # dictionaries, which no text can be put in place of
    edits: list[Edit] = []
    texts = [form for form in walk(call) if form[0] == "fstr" and not is_put_together(form)]
    done: list[Form] = []
    for text in texts:
        inside = [form for form in secrets if any(item is form for item in walk(text))]
        if inside and not all(any(form is item for item in done) for form in inside):
            fields = [part for part in text[2] if part[0] == "fmt"]
            numbers = [
                str(number)
                for number, part in enumerate(fields)
                if any(item is form for form in inside for item in walk(part[2]))
            ]
            edits.append(MaskFields(path, span_of(text[1]), ",".join(numbers)))
            done += inside
    for form in secrets:
        if not any(form is item for item in done):
            waited = next((item for item in walk(call) if item[0] == "await" and item[2] is form), form)
            whole = _gone_through(call, form) or next((item for item in walk(call) if _shows(item, waited)), waited)
            edits.append(ReplaceExpression(path, span_of(whole[1]), MASK))
    return tuple(dict.fromkeys(edits))


def _gone_through(call: Form, form: Form) -> Form | None:
    """The outermost comprehension that goes through a form, with the `join` around it, which takes no mask."""
    turns = (item for item in walk(call) if item[0] == "comp" and any(inner is form for inner in walk(item[5])))
    comprehension = next(turns, None)
    joins = (item for item in walk(call) if item[0] == "call" and item[2][0] == "attr" and item[2][3] == "join")
    return next((item for item in joins if any(given is comprehension for given in item[3])), comprehension)


def _shows(item: Form, form: Form) -> bool:
    """Whether an expression makes no more than text of a form: `str(token)`, `json.dumps(body)`, `token or "none"`."""
    match item:
        case ["call", _, ["attr", _, _, "dumps" | "pformat"], [inner, *_], _]:
            return inner is form
        case ["call", _, ["name", _, "str" | "repr" | "dict"], [inner], []]:
            return inner is form
        case ["bool", _, "or", [first, *others]]:
            return first is form and all(other[0] == "const" for other in others)
    return False
