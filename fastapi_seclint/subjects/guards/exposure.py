"""Which routes stand open although they should not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.meetings import Meeting
from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards import access, entrances, probes
from fastapi_seclint.subjects.guards.addresses import asks_the_address
from fastapi_seclint.subjects.guards.authentication import guarded_elsewhere
from fastapi_seclint.subjects.guards.computing import only_computes
from fastapi_seclint.subjects.guards.conversations import (
    changes_what_is_kept,
    opens_a_conversation,
    opens_a_shell,
    streams_logs,
)
from fastapi_seclint.subjects.guards.deciding import closes_on_strangers
from fastapi_seclint.subjects.guards.for_reading import only_for_reading
from fastapi_seclint.subjects.guards.forwarding import only_sends_on
from fastapi_seclint.subjects.guards.given_rows import given_rows
from fastapi_seclint.subjects.guards.handed_out import hands_out_a_token
from fastapi_seclint.subjects.guards.hanging import asks_for_callers_own, carried_people, hanging
from fastapi_seclint.subjects.guards.hollow import (
    does_nothing,
    is_stub,
    only_fills_a_frame,
    only_gives_back_its_sender,
    only_keeps_a_cookie,
    only_makes_a_file,
    only_reads_a_page,
    only_says_hello,
    only_shows_a_page,
    only_tells_about_itself,
    tells_where_it_runs,
)
from fastapi_seclint.subjects.guards.listings import (
    asks_for_people,
    guarded_listing,
    guarded_whole,
    kept_for_owner,
    own_list,
    tells_what_is_earned,
)
from fastapi_seclint.subjects.guards.of_tenants import kept_for_tenant
from fastapi_seclint.subjects.guards.outliers import is_outlier
from fastapi_seclint.subjects.guards.own_session import keeps_for_its_sender
from fastapi_seclint.subjects.guards.parts_beside import guarded_one_of, guarded_whole_of
from fastapi_seclint.subjects.guards.proofs import brings_proof
from fastapi_seclint.subjects.guards.pushing import changes_by_id, tells_strangers
from fastapi_seclint.subjects.guards.said import (
    says_it_is_for_administrators,
    says_it_is_for_development,
    says_it_is_open,
)
from fastapi_seclint.subjects.guards.twins import asks_what_is_open, divides_land
from fastapi_seclint.subjects.guards.unfilled import unfilled_guard
from fastapi_seclint.subjects.guards.visitors import writes_to_those_in_charge
from fastapi_seclint.subjects.guards.written_out import writes_out
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def _at_work(program: Program, route: Route) -> Route:
    """A route with the function that does the work of its handler in the handler's place."""
    handler = route.function
    works = worker(program.interpreter, handler) if handler is not None else None
    return route if works is None or works is handler else replace(route, endpoint=works)


def is_open(program: Program, route: Route) -> bool:
    """Whether nothing on a route's way asks for credentials, not even without testing them or for optional ones."""
    return program.guarding(route).protection == "open" and not _asked_by(program, route)


def _asked_by(program: Program, route: Route) -> str:
    """What on an open route's way has to do with credentials, and how, or an empty string.

    A dependency that takes credentials somewhere is no missing guard, even where it is seen to let strangers pass; nor
    is a guard that has to be switched on. A limiter, which counts the requests of each user, is none at all.
    """
    guarding = program.guarding(route)
    for item in guarding.meetings:
        if item.missing == "denies":
            return f"{item.name} refuses who brings no credentials"
        if item.configured:
            return f"{item.name} guards it once it is set up"
        if item.name == route.name and item.checked and item.used and not _serves_without(route, item):
            return "the handler looks at the credentials that come with the request, and decides"
        if item.optional:
            return f"{item.name} tells strangers from known callers, and the handler decides"
    if asked := closes_on_strangers(program, route):
        return f"the handler asks for {asked}, and closes the connection of whom that does not know"
    using = {item.name for item in guarding.meetings if item.used} - set(guarding.guards.rate_limit)
    for node in route.dependencies:
        handing = node.name if node.name in using else _handing_on(program, route, node)
        if handing and not only_for_reading(program, route, handing):
            return f"{node.name} hands credentials on to what may refuse them"
    return ""


def _serves_without(route: Route, item: Meeting) -> bool:
    """Whether a handler serves who brings no credentials, and only sends on those of others."""
    return item.missing == "passes" and route.function is not None and only_sends_on(route.function)


def _handing_on(program: Program, route: Route, node: Node) -> str:
    """The name of what is below a dependency and gives credentials to what may refuse them, limiters aside."""
    limits = program.guarding(route).guards.rate_limit
    below = (inner for inner in _below(node) if inner.name not in limits and inner.function is not None)
    return next((inner.name for inner in below if program.guard_model.meeting(route, inner).used), "")


def _below(node: Node) -> Iterator[Node]:
    """The dependencies that a dependency has, and those of theirs."""
    return (inner for inner in node.walk() if inner is not node)


def is_meant_for_everybody(program: Program, route: Route) -> bool:
    """Whether a route is a way in, a health check, or there for development and tests only."""
    return entrances.is_entrance(program, route) or probes.is_probe(route) or entrances.is_for_development(route)


def _is_for_administrators(program: Program, route: Route) -> bool:
    if not access.is_admin_like(route.path) or divides_land(program, route):
        return False
    return not only_says_hello(_at_work(program, route)) and not only_shows_a_page(program, _at_work(program, route))


def exposed(program: Program, route: Route) -> str:
    """What a stranger gets from an open route that is not meant for everybody, or an empty string."""
    if program.guarding(route).protection != "open" or excuse(program, route):
        return ""
    return _gained(program, route)


def excuse(program: Program, route: Route) -> str:
    """Why an open route may be open, whatever it gives to strangers, or an empty string."""
    if route.kind not in ("http", "websocket") or route.place is None:
        return "no handler of the project answers"
    if program.is_test(route.place.module):
        return "it is part of tests"
    if entrances.is_entrance(program, route):
        return "it is a way in, for people who have no credentials yet"
    if probes.is_probe(route):
        return "it only tells whether the application is up"
    if entrances.is_for_development(route):
        return "it is there for development and tests only"
    if asked := _asked_by(program, route):
        return asked
    if says_it_is_open(route) and not access.is_admin_like(route.path):
        return "its author says that it is for everybody"
    if says_it_is_for_development(route):
        return "its author says that it is there for development only"
    if hands_out_a_token(program, route):
        return "whoever makes a thing there is given a token for it"
    if asks_the_address(program, route):
        return "it is refused from other addresses than some"
    if guarded_elsewhere(program, route):
        return "an application of another file guards the same handler"
    works = _at_work(program, route)
    if is_stub(works):
        return "the handler only says that it is not written yet"
    if does_nothing(works):
        return "the handler has no use for what it is sent"
    if only_computes(program, route):
        return "the handler works out its answer from what it is sent and keeps nothing"
    if only_makes_a_file(program, works):
        return "the handler makes a file of what it is sent and keeps nothing"
    if writes_to_those_in_charge(program, route):
        return "it mails what a visitor writes to those who run the service"
    if keeps_for_its_sender(program, route):
        return "the handler changes nothing but the session of whoever calls it"
    if _is_dead(program, route):
        return "something on its way refuses or sends away whoever comes"
    if brings_proof(program, route) and not _runs_code(program, route):
        return "the handler verifies a secret that comes with the request"
    return ""


def _gained(program: Program, route: Route) -> str:
    """What a stranger gets from a route that nothing excuses, or an empty string."""
    if access.changes_state(route):
        if not access.only_reads(route):
            return "" if asks_what_is_open(program, route) or only_keeps_a_cookie(program, route) else "changes state"
        if _runs_code(program, route):
            return "runs code"
        if probes.checks_what_is_sent(route):
            return "calls what its caller describes"
        field = access.returns_personal_data(program, route)
        return f"returns {field}" if field else "tells about people" if asks_for_people(route) else ""
    if access.destroys(route):
        return "changes state"
    if opens_a_conversation(route):
        return "lets strangers read along and speak to its users"
    if opens_a_shell(program, route):
        return "runs commands"
    if changes_what_is_kept(route):
        return "changes state"
    if streams_logs(route):
        return "lets strangers read the program's logs"
    if changes_by_id(route):
        return "changes state"
    if tells_strangers(program, route):
        return "tells strangers what happens"
    if access.starts_work(route):
        return "starts work"
    if _is_for_administrators(program, route) or says_it_is_for_administrators(route):
        return "is for administrators"
    if only_gives_back_its_sender(route):
        return ""
    if guard := unfilled_guard(program, route):
        return f"has a guard, {guard}, that refuses nobody"
    field = access.returns_personal_data(program, route) or access.personal_field(given_rows(program, route))
    if field:
        return f"returns {field}"
    if carried := carried_people(program, route):
        return f"returns {carried} with how people are reached"
    if asks_for_callers_own(route):
        return "returns what is its caller's own, whoever he says he is"
    if away := _given_away(program, route):
        return away
    if _only_shows(_at_work(program, route)):
        return ""
    if (whole := guarded_whole_of(program, route)) is not None:
        return f"gives away a part of what {access.spoken(whole)} only gives to users"
    if (one := guarded_one_of(program, route)) is not None:
        return f"gives away all of what {access.spoken(one)} only gives to users, one by one"
    word = access.reads_personal_data(program, route) or access.reads_personal_data(program, route, judged=False)
    if tells_where_it_runs(route, word):
        return ""
    if word := word or hanging(program, route):
        return f"returns {word} by its path"
    if field := writes_out(program, route):
        return f"returns {field}"
    return "returns what nearly all routes beside it only give to users" if is_outlier(program, route) else ""


def _given_away(program: Program, route: Route) -> str:
    """What a route gives to everybody that another one beside it only gives to some, or an empty string."""
    if (listing := guarded_listing(program, route) or guarded_whole(program, route)) is not None:
        return f"gives away what {access.spoken(listing)} only gives to users"
    if (kept := kept_for_owner(program, route)) is not None:
        return f"gives away something of what {access.spoken(kept)} only gives to its owner"
    if (listing := own_list(program, route)) is not None:
        return f"gives everybody one of what {access.spoken(listing)} gives its caller of his own"
    if (beside := tells_what_is_earned(program, route)) is not None:
        return f"tells what is earned, while {access.spoken(beside)} beside it is for users"
    if (listing := kept_for_tenant(program, route)) is not None:
        return f"gives away what {access.spoken(listing)} only gives to members of an organisation"
    return ""


def _only_shows(route: Route) -> bool:
    """Whether a handler gives a page without data, or words of its own."""
    return only_fills_a_frame(route) or only_reads_a_page(route) or only_tells_about_itself(route)


def _is_dead(program: Program, route: Route) -> bool:
    """Whether nobody gets anything: something refuses or sends away whoever comes.

    A handler that does its work first and sends the browser on to a page then, as one that takes a form does, is none.
    """
    inert = [meeting.name for meeting in program.guarding(route).meetings if meeting.inert]
    return any(name != route.name or not access.acts(route) for name in inert)


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
