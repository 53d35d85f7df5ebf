"""Handlers with nothing in them to guard: stubs, greetings, pages that are written down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, beginning, last_name, mentions, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.statuses import number_of
from fastapi_seclint.program.values import External, Function, constant, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_STUB = re.compile(r"\b(not (yet )?implemented|to be implemented|coming soon)\b", re.I)


def is_stub(route: Route) -> bool:
    """Whether a handler only says that it is not written yet, in so many words or by its status alone."""
    handler = route.function
    if handler is not None and (_only_raises(handler) or is_gone(route)):
        return True
    if handler is None or handler.forms.of("call", "assign", "annassign", "delete"):
        return False
    status = route.registration.arguments.get("status_code") if route.registration is not None else None
    if constant(status) == 501:
        return True
    told = (item[2] for answer in handler.forms.of("return") for item in walk(answer) if item[0] == "const")
    return any(isinstance(text, str) and _STUB.search(text) for text in told)


_WORKING = frozenset({"call", "await", "compare", "sub", "yield"})


def only_echoes(route: Route) -> bool:
    """Whether a handler gives its caller what he has sent, and nothing looks at that, as lessons on models do."""
    handler = route.function
    if handler is None or any(running(node.call) is not None for node in route.nodes()):
        return False
    statements = [form for form in handler.statements() if form[0] != "expr" or form[2][0] != "const"]
    if len(statements) != 1 or statements[0][0] != "return" or statements[0][2] is None:
        return False
    parts = list(walk(statements[0][2]))
    named = {item[2] for item in parts if item[0] == "name"}
    return bool(named & {item[0] for item in handler.parameters}) and not any(item[0] in _WORKING for item in parts)


_GONE = frozenset({404, 405, 410, 501})


def is_gone(route: Route) -> bool:
    """Whether a handler answers everybody that there is nothing, and does nothing else.

    `return JSONResponse(status_code=410, content=GONE)`.
    """
    handler = route.function
    statements = handler.statements() if handler is not None else []
    done = [form for form in statements if form[0] != "pass" and not (form[0] == "expr" and form[2][0] == "const")]
    if len(done) != 1 or done[0][0] not in ("return", "raise") or done[0][2] is None or done[0][2][0] != "call":
        return False
    call = done[0][2]
    given = [value for keyword, value, _ in call[4] if keyword == "status_code"]
    given += call[3][:1] if done[0][0] == "raise" else []
    if any(item[0] in ("call", "await") for value in arguments(call) for item in walk(value)):
        return False
    return any(number_of(value) in _GONE for value in given)


_UNWRITTEN = re.compile(r"not_?(yet_?)?implemented", re.I)


def _only_raises(handler: Function) -> bool:
    """Whether a handler raises that it is not written, and nothing else: `raise not_implemented`."""
    statements = [form for form in handler.statements() if form[0] not in ("expr", "pass")]
    raised = statements[0][2] if len(statements) == 1 and statements[0][0] == "raise" else None
    return raised is not None and _UNWRITTEN.search(last_name(raised[2] if raised[0] == "call" else raised)) is not None


def does_nothing(route: Route) -> bool:
    """Whether a POST has no use for what it is sent and only makes objects to answer with, after a pause perhaps.

    That is how a server tells a page what to show next: `return [FireEvent(event=PageEvent(name="closed"))]`.
    """
    handler = route.function
    if handler is None or set(route.methods) != {"POST"} or access.is_admin_like(route.path):
        return False
    if handler.forms.of("delete", "augassign", "global", "raise", "yield", "with", "for", "while"):
        return False
    taken = {parameter[0] for parameter in handler.parameters}
    if any(form[2] in taken for form in handler.forms.of("name")):
        return False
    if any(not node.parameter for node in route.dependencies):
        return False
    calls = [last_name(call[2]) for call in handler.forms.of("call")]
    targets = [target for form in handler.forms.of("assign") for target in form[2]]
    made = any(name[:1].isupper() for name in calls)
    return made and all(name[:1].isupper() or name == "sleep" for name in calls) and not targets


_TEMPORARY = frozenset(
    {"tempfile", "NamedTemporaryFile", "TemporaryDirectory", "SpooledTemporaryFile", "mkdtemp", "mkstemp", "gettempdir"}
)
_FILES = frozenset({"FileResponse", "StreamingResponse"})
_KEEPER = re.compile(
    r"(^|_)(db|database|session|redis|mongo|collection|crud|repo|repository|s3|bucket|storage|minio|queue|celery)(_|$)"
)


def only_makes_a_file(program: Program, route: Route) -> bool:
    """Whether a POST makes a file of what it is sent, in a place for temporary ones, answers with it and keeps nothing.

    It has no dependency, so no database either, and names none.
    """
    handler = route.function
    if handler is None or set(route.methods) != {"POST"} or route.dependencies or access.is_admin_like(route.path):
        return False
    named = {str(form[-1]) for form in handler.forms.of("name", "attr")}
    if not named & _TEMPORARY or any(_KEEPER.search(snake(name)) for name in named):
        return False
    return any(
        last_name(call[2]) in _FILES for inner in reached(program, handler, 1) for call in inner.forms.of("call")
    )


def only_says_hello(route: Route) -> bool:
    """Whether a route only tries whether the application answers: `debug` in its path, a constant in its body.

    So one does that is `internal`, as what a page needs is that the same people wrote.
    """
    kept = "/".join(word for word in route.path.split("/") if word.lower() not in ("debug", "internal"))
    if access.is_admin_like(kept) or route.function is None:
        return False
    answers = route.function.forms.of("return")
    told = [item for answer in answers for item in walk(answer)]
    return bool(answers) and not any(item[0] in ("name", "attr", "call", "sub", "comp", "await") for item in told)


def only_shows_a_page(program: Program, route: Route) -> bool:
    """Whether a GET is given nothing but the request and answers with a page that is written down, and its words.

    An own template may show more than that, and what the project's own functions say is not known here.
    """
    handler = route.function
    if handler is None or any(parameter[0] != "request" for parameter in handler.parameters) or route.dependencies:
        return False
    block = body_of(program, handler)
    calls = handler.forms.of("call")
    return block is not None and bool(calls) and all(_is_of_a_page(program, block, call) for call in calls)


def only_fills_a_frame(route: Route) -> bool:
    """Whether a handler does nothing but name a template, given the request, what stands in the path, and constants.

    Such a page holds no data yet: its scripts ask the API for them, with the token of whoever sits before it.
    """
    handler = route.function
    if handler is None or route.dependencies:
        return False
    given = {parameter[0] for parameter in handler.parameters}
    calls = handler.forms.of("call")
    return bool(calls) and all(
        call[2][0] == "attr" and call[2][3] == "TemplateResponse" and _is_plain(call, given) for call in calls
    )


def only_reads_a_page(route: Route) -> bool:
    """Whether a GET gives back a file by its written name, whatever it is sent: the page of an application's front."""
    handler = route.function
    if handler is None or set(route.methods) - {"GET", "HEAD"} or route.dependencies:
        return False
    taken = {parameter[0] for parameter in handler.parameters}
    calls = handler.forms.of("call")
    opened = [call for call in calls if last_name(call[2]) in ("open", "FileResponse", "Path")]
    named = all(call[3] and (call[3][0][0] == "const" or _names_a_page(call[3][0])) for call in opened)
    rest = (last_name(call[2]) for call in calls if call not in opened)
    return (
        bool(opened) and named and not mentions(handler.statements(), taken) and all(name in _READING for name in rest)
    )


_READING = frozenset({"read", "read_text", "HTMLResponse", "join"})


def _names_a_page(path: Form) -> bool:
    """Whether a path ends like a page's or a picture's of a front: `STATIC / "profile.html"`, `f"{name}.html"`."""
    texts = [item[2] for item in walk(path) if item[0] == "const" and isinstance(item[2], str)]
    return bool(texts) and _FRONT.search(texts[-1]) is not None


_FRONT = re.compile(r"\.(html?|ico|svg|png|jpe?g|webp|css|m?js|webmanifest|map)$", re.I)


def only_tells_about_itself(route: Route) -> bool:
    """Whether a handler that is given nothing answers with words of its own, in an object or without."""
    handler = route.function
    if handler is None or handler.parameters or route.dependencies:
        return False
    answers = handler.forms.of("return")
    calls = handler.forms.of("call")
    told = [item for answer in answers for item in walk(answer) if item[0] in ("name", "attr", "sub", "comp", "await")]
    makers = [call[2] for call in calls if call[2][0] == "name" and call[2][2][:1].isupper()]
    return bool(makers) and len(makers) == len(calls) and all(item in makers for item in told)


def only_gives_back_its_sender(route: Route) -> bool:
    """Whether a GET is given nothing but the request, and answers with what a layer around found out about its sender.

    `request.state.user` is nobody where a stranger calls, who sees nothing of anybody else then.
    """
    handler = route.function
    if handler is None or set(route.methods) != {"GET"} or route.dependencies or "{" in route.path:
        return False
    if [parameter[0] for parameter in handler.parameters] != ["request"]:
        return False
    known = any(_is_of_the_request(form) and form[3] in ("user", "state") for form in handler.forms.of("attr"))
    return known and all(_only_shapes(call) for call in handler.forms.of("call"))


def _is_of_the_request(form: Form) -> bool:
    return bool(form[0] == "attr" and form[2][0] == "name" and form[2][2] == "request")


def _only_shapes(call: Form) -> bool:
    """Whether a call makes an object or an answer of what it is given, or takes something out of the request."""
    root = call[2]
    while root[0] in ("attr", "call", "sub"):
        root = root[2]
    name = last_name(call[2])
    taken = name in ("get", "getattr", "dict") and (root[0] == "name" and root[2] in ("request", "getattr", "dict"))
    return taken or name in _SHAPING or (call[2][0] == "name" and name[:1].isupper())


_SHAPING = frozenset({"model_validate", "from_orm", "parse_obj", "model_dump", "to_dict", "TemplateResponse"})


def _is_plain(call: Form, given: set[str]) -> bool:
    return all(
        inner[0] in ("const", "dict") or (inner[0] == "name" and inner[2] in given)
        for argument in arguments(call)
        for inner in walk(argument)
    )


def _is_of_a_page(program: Program, block: Block, call: Form) -> bool:
    root = call[2]
    while root[0] in ("attr", "call", "sub"):
        root = root[2]
    if call[2][0] == "attr" and (root[0] == "const" or (root[0] == "name" and root[2] == "request")):
        return True
    known = [option.name for option in options(ask(program, block, call[2])) if isinstance(option, External)]
    return bool(known) and all(name == "html.escape" or _PAGE.match(name) for name in known)


_PAGE = re.compile(r"^(starlette|fastapi)\.responses\.(HTMLResponse|PlainTextResponse|RedirectResponse|FileResponse)$")
_OF_COOKIES = frozenset(
    {
        "json", "form", "get", "str", "set_cookie", "delete_cookie", "Response", "JSONResponse", "PlainTextResponse",
        "HTMLResponse", "RedirectResponse",
    }
)  # fmt: skip
_MACHINES = frozenset({"supervisor", "server", "worker", "cluster", "node", "bind", "listen", "host"})


def only_keeps_a_cookie(program: Program, route: Route) -> bool:
    """Whether a handler only puts into a cookie of its caller what he has just sent: his language, his session's id."""
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    return block is not None and not route.dependencies and _sets_cookies_only(program, block, 2)


def _sets_cookies_only(program: Program, block: Block, depth: int) -> bool:
    """Whether a function sets a cookie and does nothing else; helpers of the project may set it."""
    if any(_keeps_elsewhere(block, form) for form in block.forms.of("assign", "augassign")):
        return False
    found = False
    for call in block.forms.of("call"):
        helpers = [body_of(program, function) for function, _ in called(program, block, call)] if depth else []
        if helpers and all(helper is not None and _sets_cookies_only(program, helper, depth - 1) for helper in helpers):
            found = True
        elif last_name(call[2]) not in _OF_COOKIES:
            return False
        found = found or last_name(call[2]) == "set_cookie"
    return found


def _keeps_elsewhere(block: Block, assignment: Form) -> bool:
    """Whether an assignment is to what a module has for all: `VISITS[name] = now`, `stats.visits += 1`."""
    targets = assignment[2] if assignment[0] == "assign" else [assignment[3]]
    names = {beginning(target) for target in targets if target[0] in ("attr", "sub")}
    return any(name and name in block.module.scope.names for name in names)


def tells_where_it_runs(route: Route, word: str) -> bool:
    """Whether the address that a handler answers with is a machine's: `return api.supervisor_address`."""
    told = route.function.forms.of("return") if route.function is not None and word == "address" else []
    spoken = [words_of(str(item[-1])) for answer in told for item in walk(answer) if item[0] in ("name", "attr")]
    return any("address" in words and _MACHINES & set(words) for words in spoken)
