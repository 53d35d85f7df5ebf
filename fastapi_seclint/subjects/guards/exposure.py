"""Which routes stand open although they should not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.guards import access, entrances
from fastapi_seclint.subjects.guards.authentication import UNAUTHORIZED, guarded_elsewhere
from fastapi_seclint.subjects.guards.conversations import opens_a_conversation
from fastapi_seclint.subjects.guards.hanging import hanging
from fastapi_seclint.subjects.guards.listings import guarded_listing
from fastapi_seclint.subjects.guards.outliers import is_outlier
from fastapi_seclint.subjects.owners.credentialed import made_of_credentials
from fastapi_seclint.subjects.rights.forbidding import says_forbidden
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.secrets.comparisons import comparisons
from fastapi_seclint.subjects.tokens.swallowing import raises_for_junk

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_STUB = re.compile(r"\b(not (yet )?implemented|to be implemented|coming soon)\b", re.I)


def is_open(program: Program, route: Route) -> bool:
    """Whether nothing on a route's way asks for credentials, not even without testing them or for optional ones.

    A dependency that takes credentials somewhere is no missing guard, even where it is seen to let strangers pass; nor
    is a guard that has to be switched on. A limiter, which counts the requests of each user, is none at all.
    """
    guarding = program.guarding(route)
    meetings = guarding.meetings
    if guarding.protection != "open":
        return False
    if any(item.missing == "denies" or item.optional or item.configured for item in meetings):
        return False
    using = {item.name for item in meetings if item.used} - set(guarding.guards.rate_limit)
    return not any(node.name in using or _judges(program, route, node) for node in route.dependencies)


def _judges(program: Program, route: Route, node: Node) -> bool:
    """Whether a dependency turns some callers away by what one below it, which takes credentials, says of them.

    Who calls without any may still get through, to what is public: that is for the dependency to decide.
    """
    function = node.function
    if function is None or not any(program.guard_model.meeting(route, inner).used for inner in _below(node)):
        return False
    return any(map(says_forbidden, reached(program, function, 1)))


def _below(node: Node) -> Iterator[Node]:
    """The dependencies that a dependency has, and those of theirs."""
    return (inner for inner in node.walk() if inner is not node)


def is_meant_for_everybody(program: Program, route: Route) -> bool:
    """Whether a route is a way in, a health check, or there for development and tests only."""
    return entrances.is_entrance(program, route) or entrances.is_probe(route) or entrances.is_for_development(route)


def _is_stub(route: Route) -> bool:
    """Whether a handler only says that it is not written yet, in so many words."""
    handler = route.function
    if handler is None or handler.forms.of("call", "assign", "annassign", "delete"):
        return False
    told = (item[2] for answer in handler.forms.of("return") for item in walk(answer) if item[0] == "const")
    return any(isinstance(text, str) and _STUB.search(text) for text in told)


def _does_nothing(route: Route) -> bool:
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


def _only_says_hello(route: Route) -> bool:
    """Whether a route only tries whether the application answers: `debug` in its path, a constant in its body."""
    kept = "/".join(word for word in route.path.split("/") if word.lower() != "debug")
    if access.is_admin_like(kept) or route.function is None:
        return False
    answers = route.function.forms.of("return")
    told = [item for answer in answers for item in walk(answer)]
    return bool(answers) and not any(item[0] in ("name", "attr", "call", "sub", "comp", "await") for item in told)


def _only_shows_a_page(program: Program, route: Route) -> bool:
    """Whether a GET is given nothing but the request and answers with a page that is written down, and its words.

    An own template may show more than that, and what the project's own functions say is not known here.
    """
    handler = route.function
    if handler is None or any(parameter[0] != "request" for parameter in handler.parameters) or route.dependencies:
        return False
    block = body_of(program, handler)
    calls = handler.forms.of("call")
    return block is not None and bool(calls) and all(_is_of_a_page(program, block, call) for call in calls)


def _only_fills_a_frame(route: Route) -> bool:
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


def _only_tells_about_itself(route: Route) -> bool:
    """Whether a handler that is given nothing answers with words of its own, in an object or without."""
    handler = route.function
    if handler is None or handler.parameters or route.dependencies:
        return False
    answers = handler.forms.of("return")
    calls = handler.forms.of("call")
    told = [item for answer in answers for item in walk(answer) if item[0] in ("name", "attr", "sub", "comp", "await")]
    makers = [call[2] for call in calls if call[2][0] == "name" and call[2][2][:1].isupper()]
    return bool(makers) and len(makers) == len(calls) and all(item in makers for item in told)


def _is_plain(call: Form, given: set[str]) -> bool:
    arguments = [*call[3], *(value for _, value, _ in call[4])]
    return all(
        inner[0] in ("const", "dict") or (inner[0] == "name" and inner[2] in given)
        for argument in arguments
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


def exposed(program: Program, route: Route) -> str:
    """What a stranger gets from an open route that is not meant for everybody, or an empty string."""
    if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
        return ""
    if is_meant_for_everybody(program, route) or not is_open(program, route) or guarded_elsewhere(program, route):
        return ""
    if _is_stub(route) or _does_nothing(route) or _is_dead(program, route):
        return ""
    if _asks_for_token(program, route) or _asks_for_secret(program, route) or _has_checked(program, route):
        return ""
    if access.changes_state(route):
        if not access.only_reads(route):
            return "changes state"
        return "runs code" if _runs_code(program, route) else ""
    if access.destroys(route):
        return "changes state"
    if opens_a_conversation(route):
        return "lets strangers read along and speak to its users"
    if access.starts_work(route):
        return "starts work"
    if access.is_admin_like(route.path) and not _only_says_hello(route) and not _only_shows_a_page(program, route):
        return "is for administrators"
    field = access.returns_personal_data(program, route)
    if field:
        return f"returns {field}"
    if (listing := guarded_listing(program, route)) is not None:
        return f"gives away what {access.spoken(listing)} only gives to users"
    if _only_fills_a_frame(route) or _only_tells_about_itself(route):
        return ""
    word = access.reads_personal_data(program, route) or access.reads_personal_data(program, route, judged=False)
    if word := word or hanging(program, route):
        return f"returns {word} by its path"
    return "returns what nearly all routes beside it only give to users" if is_outlier(program, route) else ""


def _is_dead(program: Program, route: Route) -> bool:
    """Whether nobody gets anything: something refuses or sends away whoever comes.

    A handler that does its work first and sends the browser on to a page then, as one that takes a form does, is none.
    """
    inert = [meeting.name for meeting in program.guarding(route).meetings if meeting.inert]
    return any(name != route.name or not access.acts(route) for name in inert)


def _has_checked(program: Program, route: Route) -> bool:
    """Whether an object that a handler makes of a credential refuses: `Account(token=authorization).validate()`."""
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    if handler is None or block is None or not (made := made_of_credentials(handler)):
        return False
    for call in block.forms.of("call"):
        match call:
            case ["call", _, ["attr", _, ["name", _, name], _], _, _] if name in made:
                asked = (function for function, _ in called(program, block, call))
                if any(one.module.facts.body_mentions(one.number, word) for one in asked for word in UNAUTHORIZED):
                    return True
    return False


def _asks_for_token(program: Program, route: Route) -> bool:
    """Whether a handler gives something of its body to a function that verifies it as a token or refuses."""
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    if handler is None or block is None:
        return False
    sent = {parameter[0] for parameter in handler.parameters}
    for call in block.forms.of("call"):
        given = [*call[3], *(value for _, value, _ in call[4])]
        is_sent = any(item[0] == "name" and item[2] in sent for value in given for item in walk(value))
        if is_sent and any(raises_for_junk(program, function) for function, _ in called(program, block, call)):
            return True
    return False


def _asks_for_secret(program: Program, route: Route) -> bool:
    """Whether a handler, or what it calls, compares what is sent with a secret of the program and refuses."""
    handler = route.function
    blocks = [item.block for item in comparisons(program)]
    comparing = {(block.module.file, block.function.number) for block in blocks if block.function is not None}
    if handler is None or not comparing:
        return False
    asking = (one for one in reached(program, handler, 1) if (one.module.file, one.number) in comparing)
    return any(one.forms.of("raise") for one in asking)


_RUNNING = frozenset({"exec", "eval", "system", "popen", "Popen", "check_output", "create_subprocess_shell"})


def _runs_code(program: Program, route: Route) -> bool:
    """Whether a handler, or what it calls, runs code or commands: `exec(...)`, `os.system(...)`."""
    if route.function is None:
        return False
    for function in reached(program, route.function, 2):
        if function.module.facts.words & _RUNNING and any(map(_is_run, function.forms.of("call"))):
            return True
    return False


def _is_run(call: Form) -> bool:
    function = call[2]
    if function[0] == "name":
        return function[2] in ("exec", "eval", "Popen", "create_subprocess_shell")
    module = ("os", "subprocess", "asyncio", "commands")
    return function[0] == "attr" and function[2][0] == "name" and function[2][2] in module and function[3] in _RUNNING
