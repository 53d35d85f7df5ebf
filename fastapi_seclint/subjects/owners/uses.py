"""Whether a function uses its caller for something that may decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, beginning, last_name, names_in, walk
from fastapi_seclint.program.implementers import CONNECTIONS
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.belongings import names_owner
from fastapi_seclint.subjects.owners.notes import ATTRIBUTION, logs

if TYPE_CHECKING:
    pass


Follow = Callable[[Form, set[str]], bool | None]


CALLER = re.compile(r"(^|_)(users?|account|member|principal|me|caller|claims|identity)$")


def _believed(call: Form, known: set[str]) -> bool | None:
    return None


def uses(
    function: Function,
    callers: set[str],
    sent: Collection[str] = (),
    follow: Follow = _believed,
    by_hand: Collection[str] = (),
    idle: Container[int] = (),
    asking: Collection[str] = (),
) -> bool:
    """Whether a function uses one of the parameters that hold the caller for something that may decide.

    What is looked up for the caller alone, without anything that was `sent`, decides nothing where it is only tested
    for being there: every user is. `follow` tells of a call that gets him whether it does; else it is believed to.
    Whether there is one of those that a function finds out `by_hand` only asks for a login. `idle` are the identities
    of conditions under which nothing happens, `asking` the dictionaries out of which others read who is put in there.
    """
    known = set(callers)
    spread(function, known)
    looking = _look_ups(function, known, set(sent)) if sent else {}
    using = Using(
        known,
        looking,
        follow,
        frozenset({*by_hand, *looking.values()}),
        idle,
        written_down(function).difference(asking),
    )
    return any(using(statement) for statement in function.statements())


def _look_ups(function: Function, known: set[str], sent: set[str]) -> dict[int, str]:
    """The assignments that look something up for the caller alone, by their places: the name that gets it."""
    found: dict[int, str] = {}
    for form in function.forms.of("assign", "annassign"):
        value, target = form[-1], form[2][0] if form[0] == "assign" else form[2]
        if value is None or target[0] != "name" or value[0] not in ("call", "await", "sub"):
            continue
        named = names_in(value)
        if named & sent:
            sent.add(target[2])
        elif named & known:
            found[form[1]] = target[2]
            known.add(target[2])
    return found


_ASKS = re.compile(
    r"(^|_)(find|fetch|filter|search|get|list|load|look|lookup|read|count|query|delete|remove|select|where|aggregate"
    r"|exists)(_|$)"
)
_QUERIES = frozenset(
    {"filter", "filter_by", "where", "exclude", "all", "query", "update", "insert", "returning", "objects", "find",
     "find_one"}
)  # fmt: skip


def written_down(function: Function) -> frozenset[str]:
    """The names of what was sent, as a dictionary, which a function writes and asks for nothing by.

    Who is put in there, `data = body.model_dump(); data["author"] = me.name`, is only noted.
    """
    found = {
        target[2]
        for form in function.forms.of("assign")
        if form[3] is not None and form[3][0] == "call" and last_name(form[3][2]) in ("model_dump", "dict")
        for target in form[2]
        if target[0] == "name"
    }
    asking = [form for form in function.forms.of("call") if found and _ASKS.search(snake(last_name(form[2])))]
    return frozenset(found - {name for form in asking for name in names_in([form[3], form[4]])})


def _is_update(call: Form) -> bool:
    """Whether a call writes columns of what a query found: `Note.filter(id=note_id).update(owner_id=me.id)`."""
    match call[2]:
        case ["attr", _, ["call", _, made, *_], "update" | "values"]:
            return last_name(made) in _QUERIES  # a method of an object of the project is given what it compares
    return False


def _is_presence(test: Form, names: Collection[str]) -> bool:
    """Whether a condition only asks whether one of the names holds anything: `if user`, `user is None`."""
    match test:
        case ["unary", _, "not", inner]:
            return _is_presence(inner, names)
        case ["compare", _, inner, ["is" | "is not" | "==" | "!="], [["const", _, None]]]:
            return _is_presence(inner, names)
    return test[0] == "name" and test[2] in names


def asks_the_request(function: Function, known: Container[str] = ()) -> bool:
    """Whether a function gets at the caller by another way than a parameter; what is `known` is something else."""
    requests = requests_of(function)
    asked = (form for form in function.forms.of("attr") if form[2][0] != "name" or form[2][2] not in known)
    return any(_mentions_request(form, requests) for form in asked)


def requests_of(function: Function) -> frozenset[str]:
    """What a function calls the request: by that name, or a parameter of such a type, `httpreq: Request`."""
    typed = (item[0] for item in function.parameters if item[2] is not None and last_name(item[2]) in CONNECTIONS)
    return frozenset({"request", "websocket", *typed})


def spread(function: Function, known: set[str]) -> None:
    """Add to the known names those that get a part of what they hold."""
    for form in function.forms.every:
        if form[0] == "assign" and form[3][0] in ("name", "attr", "sub") and _is_of(form[3], known):
            known.update(target[2] for target in form[2] if target[0] == "name")


def _is_of(form: Form, known: set[str]) -> bool:
    return beginning(form) in known


def _mentions_request(form: Form, requests: frozenset[str]) -> bool:
    """`request.user`, `request.state.user`, `self.user`: the caller by another way."""
    if form[0] != "attr":
        return False
    owner = form[2]
    if owner[0] == "name" and owner[2] in requests:
        return form[3] in ("user", "state", "session", "auth", "scope", "cookies", "headers")
    if owner[0] != "name":
        return False
    if owner[2] in ("self", "cls"):
        return CALLER.search(snake(form[3])) is not None or form[3] in ("request", "context", "session")
    return owner[2] in ("info", "ctx", "context", "g")


@dataclass(frozen=True, slots=True)
class Using:
    """Whether a form uses one of the names that are `known` for something that may decide."""

    known: set[str]
    looking: Mapping[int, str]
    follow: Follow = _believed
    found: frozenset[str] = frozenset()
    idle: Container[int] = ()
    written: frozenset[str] = frozenset()

    def __call__(self, form: Form) -> bool:
        match form:
            case ["name", _, name]:
                return name in self.known
            case ["compare", *_] if id(form) in self.idle:
                return False
            case ["assign" | "annassign", at, *_] if at in self.looking:
                return False
            case ["if", _, test, body, otherwise] if self.found and _is_presence(test, self.found):
                return any(self(item) for item in (*body, *otherwise))
            case ["if", _, test, *_] if id(form) in self.idle:
                return any(self(inner) for inner in walk(test) if inner[0] == "call")  # which may refuse by itself
            case ["call", *_]:
                return self._calls(form)
            case ["assign", _, targets, value]:
                return self._assigns(targets, value)
            case ["ifexp", _, _, *branches] if not any(is_nothing(branch) for branch in branches):
                return any(self(branch) for branch in branches)  # it chooses what to show, and refuses nobody
            case ["return", _, ["dict", _, pairs]]:
                return any(self(value) for _, value in pairs if not _only_shows(value))
        return any(self(item) for item in _inner(form))

    def _calls(self, form: Form) -> bool:
        if logs(form):
            return False
        row = _is_update(form)
        named = ((name, value) for name, value, _ in form[4] if not (row and name is not None and names_owner(name)))
        given = [*form[3], *(value for name, value in named if name is None or not ATTRIBUTION.search(name))]
        if not any(self(value) for value in (form[2], *given)):
            return False
        followed = self.follow(form, self.known)
        return True if followed is None else followed

    def _assigns(self, targets: list[Form], value: Form) -> bool:
        if value[0] in ("name", "attr", "sub") and _is_of(value, self.known):
            return any(
                (target[0] == "sub" and beginning(target) not in self.written)
                or (target[0] == "attr" and not ATTRIBUTION.search(target[3]))
                for target in targets
            )
        return self(value) or any(self(target) for target in targets if target[0] != "name")


def _only_shows(value: Form) -> bool:
    """Whether a value is taken from a name without asking anything: `me.name`, and not `notes.mine(note_id).text`."""
    return value[0] in ("attr", "name", "fstr", "sub") and not any(item[0] == "call" for item in walk([value]))


def is_nothing(form: Form) -> bool:
    """Whether an expression stands for nothing: None, an empty list."""
    return (form[0] == "const" and not form[2]) or (form[0] in ("list", "dict", "tuple", "set") and not form[2])


def _inner(form: Form) -> Iterator[Form]:
    pending = list(form[2:])
    while pending:
        item = pending.pop()
        if type(item) is list:
            if item and type(item[0]) is str and len(item) > 1 and type(item[1]) is int and item[1] > 4:
                yield item
            else:
                pending.extend(item)
