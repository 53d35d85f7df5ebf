"""The open GET among the guarded ones of a router: who forgot the guard forgot it there."""

from __future__ import annotations

import builtins
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.guards import access, entrances, probes
from fastapi_seclint.subjects.guards.probes import calls_itself_public
from fastapi_seclint.subjects.owners.belonging_words import AUTHORED
from fastapi_seclint.subjects.owners.belongings import singular
from fastapi_seclint.subjects.owners.identity import is_authenticated
from fastapi_seclint.subjects.owners.using import knows_caller

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_BUILTINS = frozenset(dir(builtins))
_LEAST_GUARDED = 4
_LEAST_READ, _LEAST_READ_OF_LISTS = 2, 4
_MOST_OPEN = 0.2
_LEAST_ROUTERS, _LEAST_READ_OF_ALL = 5, 10
_MOST_OPEN_OF_ALL, _MOST_FORGOTTEN = 0.1, 4
"""Whoever leaves more than a few open has a part of the application in mind that is for everybody."""
_CHOSEN = 3
"""So many open reads of what people write for others, of posts and comments, nobody forgot."""
_SHOWS_LEAVE = re.compile(r"(^|_)(token|code|signature|sig|secret|nonce|hash|otp|ticket)$", re.I)
"""What only those know who were given it: `/frames/{nonce}`."""
_LISTS = re.compile(r"^(list|all|pages?|paginated?)$", re.I)
_FOR_ALL = re.compile(
    r"(^|[-_/.])(public|published|status|stats|statistics|ping|alive|version|conf|config|configuration|settings|schemas?"
    r"|docs?|openapi|swagger\w*|redoc|opensearch|callback|redirect"
    r"|images?|avatars?|logos?|icons?|thumbnails?|pictures?|photos?|covers?|posters?|static|media|assets|embed|shared?|invit\w*|verify|verified"
    r"|confirm|unsubscribe|options|enums?|types|categor\w+|countr\w+|languages?|locales?|constants|defaults?|features?|info|meta|metadata"
    r"|market\w*|catalog\w*|plans|pricing|prices|rates?|featured|popular|trending|latest|search|robots|sitemap|manifest|feeds?|rss|oauth2?|webhooks?"
    r"|templates?|samples?|examples?|help|about|terms|news|banner|announcements?|available|supported|providers|models|tags|check|exists|captcha"
    r"|badges?|themes?|styles?|stream|playlists?|previews?|qr\w*|health\w*|top|best|ranks?|rankings?|leaderboards?|stages|levels|choices|well-known|jwks?)($|[-_/.])",
    re.I,
)
_PUBLISHED = re.compile(r"^(is_)?(published|public|publicly_visible)$", re.I)


def is_outlier(program: Program, route: Route) -> bool:
    """Whether an open GET stands in a router where nearly everything else, other GETs included, asks who calls.

    What its path or handler calls something for everybody is left alone; and a list of the things themselves, which
    may be a catalogue, needs more of them beside it.
    """
    handler = route.function
    if set(route.methods) - {"HEAD"} != {"GET"} or handler is None:
        return False
    if route.router is route.app and not nearly_all_ask(program, route):
        return False
    if not answers_with_data(route) or gives_published(route):
        return False
    if asks_whose_beside(program, route):
        return True
    if _searches_what_is_kept(program, route):
        return True
    if _is_listed_openly(program, route):
        return False
    if is_for_all(route) and not _asks_beside(program, route):
        return False
    if _is_one_for_all(program, route) or _is_a_link(route):
        return False
    those = [
        other
        for other in program.routes
        if other.app is route.app and other.router is route.router and other.kind == "http"
    ]
    if _are_shown(route, [other for other in those if not is_authenticated(program, other)]):
        return False
    those = [item for item in those if not entrances.is_entrance(program, item) and not probes.is_probe(item)]
    beside = [item for item in those if not _is_front(item)]
    guarded = [other for other in beside if is_authenticated(program, other)]
    if not guarded:
        return _is_outlier_of_all(program, route)
    read = [other for other in guarded if "GET" in other.methods]
    shown = [other for other in beside if "GET" in other.methods and other not in guarded]
    if len(shown) >= _CHOSEN and any(AUTHORED.match(singular(word)) for word in access.segments(route.path)):
        return False
    least = _LEAST_READ_OF_LISTS if _is_list(route, beside) else _LEAST_READ
    if len(guarded) < _LEAST_GUARDED or len(read) < least:
        return False
    return len(beside) - len(guarded) <= max(1, _MOST_OPEN * len(beside))


def _is_listed_openly(program: Program, route: Route) -> bool:
    """Whether a route gives one of the things that the list above it, which nobody forgot, gives everybody."""
    above, _, last = route.path.rstrip("/").rpartition("/")
    given = set(access.answered(program, route))
    return (
        last.startswith("{")
        and bool(given)
        and any(
            other.path.rstrip("/") == above
            and other.router is route.router
            and "GET" in other.methods
            and not is_authenticated(program, other)
            and given & set(access.answered(program, other))
            and not is_outlier(program, other)
            for other in program.routes
        )
    )


def _asking(program: Program, route: Route) -> list[Route]:
    """The routes of an application that may be guarded: no ways in, and nothing for machines."""
    return _by_application(program).get(id(route.app), [])


@lru_cache(maxsize=1)
def _by_application(program: Program) -> dict[int, list[Route]]:
    found: dict[int, list[Route]] = {}
    for route in program.routes:
        if route.kind == "http" and not entrances.is_entrance(program, route) and not probes.is_probe(route):
            found.setdefault(id(route.app), []).append(route)
    return found


def shows_leave(route: Route) -> bool:
    """Whether a path has something in it that only those know who were given it."""
    return any(map(_SHOWS_LEAVE.search, path_variables(route.path)))


def nearly_all_ask(program: Program, route: Route) -> bool:
    """Whether nearly all routes of an application, and there are many, ask who calls."""
    asking = _asking(program, route)
    guarded = sum(is_authenticated(program, other) for other in asking)
    return guarded >= _LEAST_READ_OF_ALL and len(asking) - guarded <= _MOST_OPEN_OF_ALL * len(asking)


def _is_outlier_of_all(program: Program, route: Route) -> bool:
    """Whether a router stands open in an application where nearly all others, in many routers, ask who calls.

    One that stands in a file with guarded ones was made apart from them on purpose.
    """
    asking = _asking(program, route)
    guarded = [other for other in asking if is_authenticated(program, other)]
    read = [other for other in guarded if "GET" in other.methods]
    routers = {id(other.router) for other in guarded}
    if len(routers) < _LEAST_ROUTERS or len(read) < _LEAST_READ_OF_ALL:
        return False
    if shows_leave(route):
        return False
    if any(other.router.place.module is route.router.place.module for other in guarded):
        return False
    return _open_by_mistake(program)[id(route.app)] <= min(_MOST_FORGOTTEN, _MOST_OPEN_OF_ALL * len(asking))


@lru_cache(maxsize=1)
def _open_by_mistake(program: Program) -> dict[int, int]:
    """How many routes of each application stand open without a word that says so."""
    found = dict.fromkeys(_by_application(program), 0)
    for number, routes in _by_application(program).items():
        for route in routes:
            found[number] += not is_for_all(route) and not is_authenticated(program, route)
    return found


_FRONT = re.compile(r"^(get_|read_|show_|api_)?(index|root|home|landing|welcome)(_page)?$", re.I)
"""The handler of the address that a part of an application starts at, which tells what it is."""


def _is_front(route: Route) -> bool:
    return route.function is not None and bool(_FRONT.match(route.function.name)) and not path_variables(route.path)


def is_for_all(route: Route) -> bool:
    """Whether a path or handler calls what it gives something for everybody, or is where a part starts."""
    words = [*access.segments(route.path), route.function.name if route.function is not None else ""]
    return _is_front(route) or any(_FOR_ALL.search(word) for word in words)


def has_path_for_all(route: Route) -> bool:
    """Whether a path calls what is there something for everybody, whatever its handler is called."""
    return any(_FOR_ALL.search(word) for word in access.segments(route.path))


_LEAST_ASKING = 3


def asks_whose_beside(program: Program, route: Route) -> bool:
    """Whether all others of a router that take the same id have a guard which is told it: whose thing is that?

    Pictures and files of a thing are as private as the thing then, whatever its path calls them.
    """
    others = [other for other in program.routes if other.router is route.router and other.place != route.place]
    for variable in path_variables(route.path):
        same = {other.place: other for other in others if variable in path_variables(other.path)}
        if len(same) >= _LEAST_ASKING and all(_is_asked_for(program, other, variable) for other in same.values()):
            return True
    return False


def _is_asked_for(program: Program, route: Route, variable: str) -> bool:
    """Whether a dependency of a route gets a variable of its path and finds out who is calling."""
    if program.guarding(route).protection != "protected":
        return False
    asked = (node for node in route.nodes() if any(item.name == variable for item in parameters(node.call)))
    return any(knows_caller(program, node) for node in asked)


_SEARCH = re.compile(r"(^|_)(search|filter)(_|$)", re.I)


def _searches_what_is_kept(program: Program, route: Route) -> bool:
    """Whether a route searches the things of a router which all others ask for a user: their list, and each of them."""
    last = (access.segments(route.path) or [""])[-1]
    if path_variables(route.path) or _SEARCH.search(last.replace("-", "_")) is None or calls_itself_public(route):
        return False
    others = [
        other
        for other in program.routes
        if other.app is route.app and other.router is route.router and other.place != route.place
    ]
    read = [other.path.rstrip("/").endswith("}") for other in others if "GET" in other.methods]
    if len(others) < _LEAST_GUARDED or set(read) != {True, False}:
        return False
    return all(is_authenticated(program, other) for other in others)


def _asks_beside(program: Program, route: Route) -> bool:
    """Whether guarded routes of the same router read what has the words that sound like something for everybody."""
    words = {found for word in access.segments(route.path) if (found := _common(word))}
    said = {
        _common(word)
        for other in program.routes
        if other.router is route.router and "GET" in other.methods and is_authenticated(program, other)
        for word in access.segments(other.path)
    }
    own = {_common(route.function.name)} - {""} if route.function is not None else set()
    return bool(words | own) and words | own <= said


def _common(word: str) -> str:
    found = _FOR_ALL.search(word)
    return re.split("[-_]", found[2].lower())[0] if found is not None else ""


def gives_published(route: Route) -> bool:
    """Whether a handler asks for what is published only: `.filter(Post.slug == slug, Post.is_published == True)`.

    Or it looks at what it found, and what is not published is none: `if not post.is_published: raise ...`. What an
    answer is made of, `PostOut(is_published=post.is_published)`, asks for nothing.
    """
    handler = route.function
    every = handler.forms.of("call") if handler is not None else []
    calls = [call for call in every if not last_name(call[2])[:1].isupper()]
    tests = [form[2] for form in handler.forms.of("if")] if handler is not None else []
    given = [item for call in calls for item in walk([call[3], [value for _, value, _ in call[4]]])]
    given += [item for test in tests for item in walk(test)]
    keywords = [str(keyword) for call in calls for keyword, _, _ in call[4] if keyword]
    return any(map(_PUBLISHED.match, keywords)) or any(
        item[0] == "attr" and _PUBLISHED.match(item[3]) for item in given
    )


def _is_one_for_all(program: Program, route: Route) -> bool:
    """Whether a route reads the one thing of its path that only some may change: settings that the program publishes.

    The change takes or answers with the same model, so that there are not several of them.
    """
    if "{" in route.path or (model := _model(route)) is None:
        return False
    return any(
        other.app is route.app
        and other.path == route.path
        and access.changes_state(other)
        and (_model(other) is model or model in _sent_models(program, other))
        and is_authenticated(program, other)
        for other in program.routes
    )


def _sent_models(program: Program, route: Route) -> list[Class]:
    taken = parameters(route.endpoint) if route.endpoint is not None else []
    return [cls for item in taken for cls in access.classes(program.walker.resolver.type_of(item))]


def _model(route: Route) -> Class | None:
    found = list(options(route.registration.arguments.get("response_model"))) if route.registration is not None else []
    return found[0] if len(found) == 1 and isinstance(found[0], Class) else None


def _is_a_link(route: Route) -> bool:
    """Whether a route is a link to download something by an id that nobody guesses, without a header to send."""
    handler = route.function
    if handler is None or "download" not in access.segments(route.path) or not route.path.rstrip("/").endswith("}"):
        return False
    named = (item for parameter in handler.parameters if parameter[2] for item in walk(parameter[2]))
    return any(item[0] in ("name", "attr") and item[-1] == "UUID" for item in (*named, *map(_callee, _calls(route))))


def _calls(route: Route) -> list[Form]:
    return route.function.forms.of("call") if route.function is not None else []


def _callee(call: Form) -> Form:
    called: Form = call[2]
    return called


def _is_list(route: Route, beside: list[Route]) -> bool:
    """Whether a path is the one that the others beside it go on from, or ends in `list`."""
    path = route.path.rstrip("/")
    last = (access.segments(path) or [""])[-1]
    return _LISTS.match(last) is not None or any(other.path.startswith(f"{path}/{{") for other in beside)


def _are_shown(route: Route, unguarded: list[Route]) -> bool:
    """Whether others show everybody the things, as a list and each of them: then more of them may be shown, too."""
    shown = {other.path.rstrip("/") for other in unguarded if "GET" in other.methods and other is not route}
    return any(path.endswith("}") and path.rpartition("/")[0] in shown for path in shown)


def answers_with_data(route: Route) -> bool:
    """Whether a handler answers with something that it got by a call; a model is only the form of what it holds."""
    handler = route.function
    if handler is None:
        return False
    calls = (form for answer in handler.forms.of("assign", "return") for form in walk(answer) if form[0] == "call")
    names = {last_name(call[2]) for call in calls} - _BUILTINS
    return any(not name[:1].isupper() for name in names)
