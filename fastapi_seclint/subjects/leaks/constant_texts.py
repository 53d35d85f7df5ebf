"""The constant text that stands in for one with an exception in it: what its author wrote before the exception."""

from __future__ import annotations

import re
from itertools import pairwise
from json import dumps, loads

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.statuses import number_of, phrase_of
from fastapi_seclint.subjects.code.development import holds

_END = re.compile(
    r"(?<=\w{3})[\uff0c,]\s?[\u4e00-\u9fff]{1,8}\uff1a$"
    r"|[\s:;,.=(\[{<'\"`\-\u2013\u2014\u3001\uff08\uff0c\uff1a\uff1b]+$"
    r"|\s(?:due to|because(?: of)?|with|by|caused by|reason|as|for|in|at|is|of|the)$",
    re.IGNORECASE,
)
_LEADING_ON = re.compile(r"(?<=\w)[:;,.]?\s+$")
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")
_ERROR = re.compile(
    r"(?:^|(?<=\w)[.;,]\s+)(?:the )?(?:error|exception|details?)$"
    r"|[.;,]?\s+(?:original|underlying|raw) (?:error|exception)$",
    re.IGNORECASE,
)
"""What is left of `Failed. Error: ...`, and of `Error: ...`, which says nothing."""
_BEHIND = re.compile(r"(</\w+>)+|[.;!] [^\W\d_].*[\w.!]")
_UNCLOSED = re.compile(r"(?<=\s)'[^']*$")
_CLAUSE = re.compile(r"[.,:;(\uff0c\u3002\uff1a\uff08]|\s[-\u2013\u2014]\s")
_DEMAND = re.compile(
    r"^(?:require|need|only|must|role|user|you (?:need|must)|\u9700)|(?:require[sd]?|needs?|roles?|by|to)$", re.I
)
"""What says whom it wants, and not that it refuses: `Requires role`."""


def written_before(form: Form) -> str:
    """The text that an expression begins with, less the words that lead on to what follows; empty when it has none."""
    text = _UNCLOSED.sub("", _beginning(form))
    while text != (shorter := _END.sub("", text)):
        text = shorter
    text = _ERROR.sub("", text.lstrip())
    text += "'" if _UNCLOSED.search(text) else ""
    return text if _is_plain(text) and (" " in text or len(_WIDE.sub("  ", text)) > 4) else ""


def _is_plain(text: str) -> bool:
    return text.isprintable() and not {'"', "\\", "%", "{"} & set(text)


def written_around(form: Form) -> str:
    """The same with what an expression ends with behind the one thing put into it: closing tags, further sentences."""
    before = written_before(form)
    if (
        not before
        or form[0] != "fstr"
        or len(form[2]) != 3
        or [part[0] for part in form[2]] != ["const", "fmt", "const"]
    ):
        return before
    behind = str(form[2][2][2]).rstrip()
    return before + behind if _BEHIND.fullmatch(behind) and _is_plain(behind) else before


def refusal(form: Form) -> str:
    """A refusal without the role that it names: its author's first words, where they say no by themselves."""
    text = _CLAUSE.split(written_before(form), maxsplit=1)[0].strip()
    says_no = " " in text or len(_WIDE.sub("  ", text)) > 4
    return text if says_no and not _DEMAND.search(text) else "Not enough permissions"


def json_without(form: Form) -> str:
    """The code of a JSON text without what is put into it; empty when an expression is none."""
    if form[0] != "fstr":
        return ""
    parts = [str(part[2]) if part[0] == "const" else "" for part in form[2]]
    if not parts or not parts[0].lstrip().startswith("{"):
        return ""
    text = "".join(part if following else _LEADING_ON.sub("", part) for part, following in pairwise([*parts, "."]))
    try:
        loads(text)
    except ValueError:
        return ""
    return f"'{text}'" if text.isprintable() and not {"'", "\\"} & set(text) else ""


def streamed(statements: list[Form], form: Form) -> str:
    """The code of a message in a stream with a constant in place of what is put into it; empty for other texts."""
    if form[0] != "fstr" or not any(item[0] == "yield" and item[2] is form for item in walk(statements)):
        return ""
    parts = [part[2] if part[0] == "const" else "internal server error" for part in form[2]]
    put_in = sum(part[0] != "const" for part in form[2])
    return dumps("".join(map(str, parts)), ensure_ascii=False) if put_in == 1 else ""


def _beginning(form: Form) -> str:
    match form:
        case ["const", _, str() as text]:
            return text
        case ["fstr", _, parts]:
            return _beginning(parts[0]) if parts else ""
        case ["binop", _, "+", left, _]:
            return _beginning(left)
        case ["binop", _, "%", ["const", _, str() as text], _]:
            return text.partition("%")[0]
        case ["call", _, ["attr", _, ["const", _, str() as text], "format"], *_]:
            return text.partition("{")[0]
        case ["bool", _, _, values]:
            return next((item[2] for item in values if item[0] == "const" and isinstance(item[2], str)), "")
    return ""


def phrase(statements: list[Form], form: Form, own: int = 0) -> str:
    """What HTTP calls the status, where it is written, of the answer that an expression goes into (RFC 9110, 15).

    `own` is the status that the answer has by its class.
    """
    if _computes_status(statements, form):
        return "Request failed"
    return phrase_of(own or status(statements, form)).capitalize()


def _computes_status(statements: list[Form], form: Form) -> bool:
    """Whether the answer that an expression goes into has a status that is no constant."""
    for call in walk(statements):
        if call[0] == "call" and holds(call[1], form[1]):
            given = [value for keyword, value, _ in call[4] if keyword == "status_code"]
            first = call[3][:1] if last_name(call[2]) == "HTTPException" else []
            if any(not number_of(value) and value[0] != "const" and value is not form for value in given or first):
                return True
    return False


def status(statements: list[Form], form: Form) -> int:
    """The status of the answer that an expression goes into; 500 where it is not written there."""
    found = 500
    for call in walk(statements):
        if call[0] == "call" and holds(call[1], form[1]):
            given = [value for keyword, value, _ in call[4] if keyword == "status_code"] or call[3]
            found = next((number for value in given if (number := number_of(value))), found)
    return found
