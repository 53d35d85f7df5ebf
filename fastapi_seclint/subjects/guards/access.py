"""What the rules about access share: what a route does, what it gives away, how to speak of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.callables import Parameter
from fastapi_seclint.program.languages import english
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.code.copies import makes_a_copy
from fastapi_seclint.subjects.code.named_answers import type_arguments

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""The methods that change state (RFC 9110, section 9.2.1: all others are safe)."""

_ADMIN = re.compile(
    r"(^|[-_/. ])(admins?(?!/{(?:country|region|state|province|iso))|administration|administrator|superusers?"
    r"|back[-_]?office|internal|management(?![-_ ](?:system|app|api|platform)\b)|moderation|debug)($|[-_/. ])",
    re.I,
)
"""A management system, as the whole of an application is called, is none of administrators alone."""
_ADMIN_NAME = re.compile(r"(^|_)(admins?|administration|super_?users?|back_?office)($|_)", re.I)
_PERSONAL = frozenset(
    {
        "email", "phone", "phone_number", "address", "ssn", "date_of_birth", "birthday", "iban", "credit_card",
        "hashed_password", "password_hash", "password", "api_key", "access_token", "ip_address", "balance",
        "salary", "medical_record", "contact_info", "contact_number", "mobile", "mobile_number", "passport_number",
    }
)  # fmt: skip
_ELSEWHERE = re.compile(
    r"(^|_)(smtp|imap|ftp|ssh|mail|e_?mail|db|database|proxy)_(password|passwd|pwd|pass|key|secret)$"
    r"|(^|_)(password|passwd|pwd)_(smtp|imap|ftp|ssh|mail|db|database|proxy)$"
    r"|^(\w+_)?(api_secret|client_secret|secret_key|private_key|bot_token)$"
)
"""What the program logs in with elsewhere."""
_RIGHTS = frozenset({"scope", "scopes", "role", "roles", "permissions", "is_admin", "is_superuser"})
_OF_MONEY = re.compile(
    r"^(wallet(?!_(currency|type|kind|name)$)(_\w+)?|(account|wallet)_balance|bank_account(_\w+)?|card_number"
    r"|account_number)$"
)
_CAREER = re.compile(r"^(resume|cv)_(path|url|link|file|key)$")
"""Where what somebody sent in to be hired lies."""
_ENVELOPED = re.compile(r"^(items|data|results?|records|rows|users|accounts|customers|members|employees|patients)$")
_PERSONAL_WORD = re.compile(
    r"^(me|users?|profiles?|accounts?|customers?|clients|patients?|employees?|members"
    r"|((customers?|clients?|suppliers?|users?|members?|patients?|accounts?)[-_])?(orders?|invoices?|payments?|transactions?|receipts?)"
    r"|messages?|conversations?|inbox|wallets?|salar(y|ies)|payroll|prescriptions?|medical[-_]?records?|appointments?|address(es)?"
    r"|credit[-_]?cards?|bank[-_]?accounts?|contacts|secrets?|api[-_]?keys?|credentials|audit([-_]logs?)?|backups?"
    r"|(chats?|conversations?|messages?|orders?|purchases?|payments?|transactions?|logins?|medical)[-_]history|dues|debts)$",
    re.I,
)
_OF_SOMEBODY = re.compile(
    r"(?:get|read|list|fetch|show|find)_(?:all_)?(\w+?)_(?:for|of|by|from)_(?:user|author|member|customer)s?$"
)
"""What is somebody's and no account: the posts of `get_posts_by_user` below `/posts/user/{id}`."""
_OF_PLACES = frozenset(
    {"address", "phone", "phone_number", "email", "contact_info", "contact_number", "mobile", "mobile_number"}
)
_PLACE = re.compile(
    r"(hospital|clinic|pharmacy|store|shop|market|restaurant|cafe|branch|business|compan|organi[sz]ation|location|venue|hotel"
    r"|warehouse|office|school|universit|institut|supplier|vendor|station|airport|building|facilit|outlet|agenc)",
    re.I,
)
"""What classes of places and firms are called: how to reach them is no secret."""
_PERSON = re.compile(r"(user|member|employee|staff|customer|client|patient|student|owner|person|account|profile)", re.I)
_NEVER_PUBLISHED = re.compile(
    r"^(((customers?|clients?|suppliers?|users?|members?|patients?|accounts?)[-_])?(orders?|invoices?|payments?|transactions?|receipts?)"
    r"|messages?|conversations?|inbox|wallets?|salar(y|ies)|payroll|prescriptions?|appointments?|medical[-_]?records?|secrets?|api[-_]?keys?|credentials|audit([-_]logs?)?|backups?)$",
    re.I,
)
_AUDIT = re.compile(r"^audit([-_]logs?)?$", re.I)
"""Who did what is for nobody else to read, whatever stands behind it in a path: `/audit/timeline/{id}`."""
_LISTING = re.compile(
    r"^(all|list|paginated?|history|pending|completed|cancell?ed|recent|latest|open|closed|past|upcoming|today|archived)$",
    re.I,
)
"""Last words of a path that only say that there are many, or which: `/users/paginate`, `/orders/pending`."""
_ASKED = re.compile(r"^((get|list|fetch|read|show|view|find|all)[-_])+", re.I)
"""What stands in a path before the things that it gives: `/orders/get-all`, `/clients/get_all_clients`."""
_FILES = re.compile(r"^(media|static|avatars?|images?|files?|assets|thumbnails?)$", re.I)
_READS = re.compile(
    r"(^(get|read|fetch)_|^info$|^(view|show|display|match|recommend|suggest|compare)([-_]|$)|search|query|filter|find|lookup|list|count|preview|validate|check|calculate|estimate|compute"
    r"|export|decode|parse|convert|conversion|paginat)",
    re.I,
)
_ACTS = re.compile(
    r"(^|_)(add|commit|delete|remove|save|create|insert|update|upsert|write|send|publish|enqueue|delay|run|start|execute"
    r"|put|upload|set|store|flush|merge|append|unlink|pop)(_|$)",
    re.I,
)
_BEGINS = re.compile(r"^_*(trigger|start|launch|enqueue|queue|schedule|kick_off|begin)_")
"""What a handler is called that makes somebody else work, whatever that work is."""
_DESTROYS = re.compile(r"^(delete|remove|destroy|purge|drop|truncate|wipe|erase|approve|reject|ban|unban)(_|$)", re.I)
_REWRITES = re.compile(
    r"^(fix|update|edit|modify|reset|migrate|seed|populate|rebuild|recalculate|import|insert|create|add|(de)?activate"
    r"|promote|demote|cancel|assign)_\w",
    re.I,
)
_WRITES = re.compile(r"^(commit|(insert|update|replace|delete)_(one|many)|bulk_write|bulk_save_objects|executemany)$")
_TIDYING = re.compile(
    r"^(remove|unlink|rmtree|close|clean_?up)$|^_?(remove|delete|clean_?up|unlink)_.*(file|temp|tmp|path|dir|folder)"
    r"|^_?(remove|delete|clean_?up|drop|purge|prune|evict|expire)_.*(stale|expired|outdated|temp|tmp|cached?)(_|$)"
)
_STARTS = frozenset({"apply_async", "send_task", "delay", "enqueue", "enqueue_job", "add_task"})
"""How Celery, RQ, arq and Starlette's background tasks are given a job."""


def segments(path: str) -> list[str]:
    """The fixed segments of a route's path, in English; `me:resign` and `{id}:resign` are two each."""
    parts = (part for whole in _VARIABLE.sub("{}", path).split("/") for part in whole.split(":"))
    return [_said(part) for part in parts if part and not part.startswith("{")]


_VARIABLE = re.compile(r"{[^}]*}")


def _said(segment: str) -> str:
    plain = segment.lower().replace("-", "_")
    known = english(plain)
    return segment if known == plain else known


def is_last_an_id(path: str) -> bool:
    """Whether a path ends in what says which thing is meant: `/sessions/{session_id}`."""
    return re.search(r"/{\w*(id|uuid|pk|slug|name)(:\w+)?}/?$", path) is not None


def is_admin_like(text: str) -> bool:
    """Whether a path or tag speaks of administration."""
    return _ADMIN.search(text) is not None or _ADMIN.search(english(text.lower())) is not None


def is_admin_name(name: str) -> bool:
    """Whether a variable or module is named after administration; fewer words count, since it may mean anything."""
    return _ADMIN_NAME.search(name) is not None


def changes_state(route: Route) -> bool:
    """Whether one of a route's methods is meant to change something."""
    return bool(CHANGING & set(route.methods))


def only_reads(route: Route) -> bool:
    """Whether a POST is a query in disguise by its name and body: nothing in it stores, deletes or starts anything."""
    if set(route.methods) - {"GET", "HEAD"} != {"POST"}:
        return False
    handler = route.function
    name = handler.name if handler is not None else ""
    if _BEGINS.match(name):
        return False
    if handler is not None and _is_sent_a_query(handler) and not acts(route):
        return True
    return any(_READS.search(word) for word in (name, *segments(route.path)[-1:])) and not acts(route)


_QUESTION = re.compile(r"(Query|Filters?|Search(Params|Request)?)$")


def _is_sent_a_query(handler: Function) -> bool:
    """Whether the body that a handler takes is a question by the name of its class: `query: GeneQuery`."""
    types = [
        last_name(item[2]) for item in handler.parameters if item[2] is not None and item[2][0] in ("name", "attr")
    ]
    return any(_QUESTION.search(name) and name not in ("Query", "Search") for name in types)


def acts(route: Route) -> bool:
    """Whether the handler's own body calls something that stores, deletes, sends or starts."""
    return route.function is not None and _acts_in(route.function)


def starts_work(route: Route) -> bool:
    """Whether the handler itself hands a job to a queue or to the background."""
    if route.function is None or _STARTS.isdisjoint(_called_in(route.function)):
        return False
    return any(
        form[2][0] in ("attr", "name") and form[2][-1] in _STARTS and not _tidies(form)
        for form in route.function.forms.of("call")
    )


def destroys(route: Route) -> bool:
    """Whether a GET takes something away or writes it anew, as path or name say and its body shows."""
    if "GET" not in route.methods or route.function is None:
        return False
    words = [route.function.name, *(word.replace("-", "_") for word in segments(route.path)[-1:])]
    if any(_REWRITES.match(word) for word in words) and any(map(_WRITES.match, _called_in(route.function))):
        return True
    return any(_DESTROYS.match(word) for word in words) and acts(route)


def _tidies(call: Form) -> bool:
    """Whether a job only takes a file away that was made for the answer: `add_task(remove_file, path)`."""
    job = call[3][0] if call[3] else None
    return job is not None and job[0] in ("attr", "name") and _TIDYING.search(str(job[-1])) is not None


@cache
def acts_by_name(name: str) -> bool:
    """Whether what is called so stores, deletes, sends or starts something."""
    return _ACTS.search(name) is not None


def _acts_in(function: Function) -> bool:
    gathered = _gathered(function)
    return any(
        acts_by_name(str(form[2][-1]))
        for form in function.forms.of("call")
        if form[2][0] in ("attr", "name") and not _gathers(form[2], gathered) and not _takes_by_place(form)
    )


def _gathered(function: Function) -> set[str]:
    """The names of lists, dictionaries and sets that a function makes for itself: `filters = []`."""
    return {
        target[2]
        for form in function.forms.of("assign", "annassign")
        if form[-1] is not None and (form[-1][0] in ("list", "dict", "set") or makes_a_copy(form[-1]))
        for target in (form[2] if form[0] == "assign" else [form[2]])
        if target[0] == "name"
    }


def _gathers(callee: Form, gathered: set[str]) -> bool:
    """Whether a call only puts something into such a list: `filters.append(...)`."""
    return callee[0] == "attr" and callee[2][0] == "name" and callee[2][2] in gathered


def _takes_by_place(call: Form) -> bool:
    """Whether a call takes what stands at a place of a list: `arguments.pop(0)`."""
    return bool(call[2][-1] == "pop" and call[3] and call[3][0][0] == "const" and type(call[3][0][2]) is int)


def _called_in(function: Function) -> Iterator[str]:
    """The last names of what a function's own body calls."""
    for statement in function.statements():
        for form in walk(statement):
            if form[0] == "call" and form[2][0] in ("attr", "name"):
                yield str(form[2][-1])


def returns_personal_data(program: Program, route: Route) -> str:
    """The field of a person that a route's response model has (`User.email`), or an empty string.

    What somebody logs in with, beside what he may do then, is one too: `login` and `scopes`.
    """
    return personal_field(answered(program, route))


def personal_field(found: Iterable[Class]) -> str:
    """The first field of some classes that is about a person, `User.email`, or an empty string."""
    for cls in found:
        names = list(_fields(cls))
        for name in names:
            if is_personal(name, cls.name) or (name == "login" and _RIGHTS & set(names)):
                return f"{cls.name}.{name}"
    return ""


def answered(program: Program, route: Route) -> Iterator[Class]:
    """The models of what a route answers with, and those that they only wrap."""
    if route.registration is None:
        return
    values = [route.registration.arguments.get("response_model")]
    handler = route.function
    if handler is not None and handler.returns is not None:
        values.append(program.interpreter.ask(handler.returns, handler.scope))
    for outer in (cls for value in values for option in options(value) for cls in classes(option)):
        yield from (outer, *_enveloped(program, outer))
    if handler is not None:
        yield from type_arguments(program, route, handler)


def is_personal(field: str, owner: str) -> bool:
    """Whether a field of a class, or of a row with that name, is about a person, and not how to reach a firm.

    It may say again whose it is: `user_email` of `UserOut`.
    """
    word, _, rest = field.partition("_")
    if _PERSON.fullmatch(word) and word in snake(owner).split("_"):
        field = rest
    if field == "contact":
        return _PERSON.search(owner) is not None and not _is_place(owner)
    personal = field in _PERSONAL or _OF_MONEY.match(field) is not None or _CAREER.match(field) is not None
    personal = personal or _ELSEWHERE.search(english(snake(field))) is not None
    return personal and not (field in _OF_PLACES and _is_place(owner))


def _enveloped(program: Program, cls: Class) -> Iterator[Class]:
    """The classes that a model only wraps for a listing: `items: list[User]` beside `count: int`."""
    fields = cls.fields
    if not any(_ENVELOPED.match(name) for name, _, _ in fields):
        return
    for name, annotation, _ in fields:
        if _ENVELOPED.match(name) and annotation is not None and annotation[0] == "sub":
            value = program.interpreter.ask(annotation, cls.module.scope)
            yield from (inner for option in options(value) for inner in classes(option))


def _fields(cls: Class) -> Iterator[str]:
    """The names of the fields that a model has and inherits."""
    yield from (name for base in cls.lineage() if isinstance(base, Class) for name, _, _ in base.fields)


def _is_place(name: str) -> bool:
    return _PLACE.search(name) is not None and _PERSON.search(name) is None


def is_somebodys(word: str) -> bool:
    """Whether a word of a path is for people, or for what they have and nobody publishes."""
    return _PERSONAL_WORD.match(word) is not None


def reads_personal_data(program: Program, route: Route, *, judged: bool = True) -> str:
    """The word of a path by which a GET gives away what belongs to persons, where no response model says otherwise.

    Without `judged` no model acquits what nobody publishes: messages, orders, payments.
    """
    handler = route.function
    if "GET" not in route.methods or handler is None or route.registration is None:
        return ""
    models = [route.registration.arguments.get("response_model")]
    if handler.returns is not None:
        models.append(program.interpreter.ask(handler.returns, handler.scope))
    found = [_ASKED.sub("", part) if _ASKED.fullmatch(f"{part}_") is None else "all" for part in segments(route.path)]
    while len(found) > 1 and _LISTING.match(found[-1]):
        found.pop()
    kept = not judged and any(_NEVER_PUBLISHED.match(word) for word in found[-1:])
    if not kept and any(cls.fields for value in models for option in options(value) for cls in classes(option)):
        return ""
    if not any(_gives_data(form, handler) for statement in handler.statements() for form in walk(statement)):
        return ""
    if route.path.count("{") > 1 or any(_FILES.match(word) for word in found):
        return ""
    if (other := _OF_SOMEBODY.match(handler.name)) is not None and not _PERSONAL_WORD.match(other[1]):
        return ""
    told = [*found[-1:], *(word for word in found if _AUDIT.match(word))]
    return next((word for word in told if _PERSONAL_WORD.match(word)), "") or (found[-1] if "me" in found[:-1] else "")


def _gives_data(form: Form, handler: Function) -> bool:
    """Whether a form fetches something, or gives what a name or a parameter holds: `{"history": talk.history}`."""
    if form[0] != "return" or form[2] is None:
        return form[0] in ("call", "sub")
    taken = {parameter[0] for parameter in handler.parameters}
    held = (item[2] for item in walk(form[2]) if item[0] == "attr" and item[2][0] in ("name", "attr"))
    roots = (inner[2] if inner[0] == "attr" and inner[2][0] == "name" else inner for inner in held)
    return form[2][0] == "name" or any(root[0] == "name" and root[2] in taken for root in roots)


def classes(value: object) -> Iterator[Class]:
    """The classes of the project in an annotation: `list[User]`, `User | None`."""
    if isinstance(value, Class):
        yield value
    elif isinstance(value, Instance) and isinstance(value.cls, Class):
        yield value.cls
    for member in getattr(value, "members", []):
        yield from classes(member)


def names_in(program: Program, parameter: Parameter) -> Iterator[str]:
    """The name of a parameter, and those of the fields of its models."""
    yield parameter.name
    for cls in classes(program.walker.resolver.type_of(parameter)):
        yield from _fields(cls)


def spoken(route: Route) -> str:
    """A route as people say it: `DELETE /users/{id}`."""
    return " ".join(key(route))


def key(route: Route) -> tuple[str, str]:
    """A route's method and path, for reports."""
    return ("/".join(route.methods) or route.kind.upper(), route.path)


def symbol(route: Route) -> str:
    """The dotted name of a route's handler."""
    return route.function.dotted if route.function is not None else route.name
