"""What the author of a route says in words: that it is for everybody, for administrators, for development only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc

from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import constant

_CREDENTIALS = r"(auth|authentication|authori[sz]ation|log-?in|login|logging in|token|credentials?|account|api[- ]key)"
_KNOWN = r"(authenticated|logged[- ]in)\s+(user|caller|client)s?"
_OPEN = re.compile(
    rf"\b(public|unprotected|unauthenticated|open) (route|endpoint|api|url|page|access|webhook)\b"
    rf"|\bpublicly (accessible|available|readable|visible)\b"
    r"|\blog-?in[- ](free|exempt)\b|\bexempt (from )?log-?in\b|免登录|无需登录"
    rf"|\bno {_CREDENTIALS}(\s+\w+)? (is |are )?(required|needed|necessary)\b"
    rf"|\b(does|do)(n't| not) (require|need) (an? |any )?({_CREDENTIALS}|{_KNOWN})\b"
    r"|\b(un-?authenticated|anonymous) (users?|callers?|clients?|visitors?|people) (can|may|are allowed)\b"
    rf"|\b(anyone|anybody|everyone|everybody) (can|may) (call|use|access|see|read|view)\b",
    re.I | re.S,
)
_NOT = re.compile(
    r"\b(no|not|never|todo|fixme|xxx|bug|warning|insecure|only|should|must|until|reject\w*|refus\w*|den(y|ies)|block\w*"
    r"|prevent\w*|forbid\w*|so that|which|vulnerab\w*)\b[^.\n]{0,60}$",
    re.I,
)
"""What turns the words after it round, or complains of them: `TODO: should be no public endpoint`."""
_DEVELOPMENT = re.compile(
    r"\b(only|just)\b[^.\n]{0,30}\b(in|for|during) (local )?(dev|development|debug(ging)?)( mode)?\b"
    r"|\b(dev|development|debug)[- ](mode )?only\b",
    re.I,
)
_SERVICES = re.compile(
    r"\bweb-?hooks?\b|\b(called|sent|posted|invoked) (back )?by (the )?(payment|provider|gateway)", re.I
)
_KEEPS_HOOKS = re.compile(
    r"\b(register|create|add|delete|remove|update|edit|change|list|get|show|enable|disable|trigger|fire)s?\s+"
    r"((an?|the|all|new|your|this|its|our|existing|registered)\s+){0,3}web-?hooks?\b",
    re.I,
)
"""What users do with the addresses that the application calls itself."""
_ADMIN = r"(super|site|sys|system)?[- ]?(admin|administrator|administrador|administrateur|админ\w*)(s|es|en|ов)?"
_ADMINISTRATORS = re.compile(
    rf"(?<![\w/,&])(?<!\bor )(?<!\band )(?<!\bnot )(?<!\bno longer )\b{_ADMIN}[- ]only\b"
    r"|(?<!\bnot )\b(only (for |by )?|(s[oó]lo|apenas|somente) (para )?|nur für |réservée? aux |только (для )?)"
    rf"(the |an? )?{_ADMIN}\b"
    rf"|\b(requires?|needs?) (an? |the )?{_ADMIN}( (role|rights?|privileges?|access|permissions?|account|user))?\b",
    re.I,
)
_ALONE = re.compile(
    rf"({_ADMIN}[- ]only|only {_ADMIN}( (can|may) (call|use|access) this)?"
    rf"|((this )?(endpoint|route) )?(requires?|needs?) (an? |the )?{_ADMIN}"
    r"( (role|rights?|privileges?|access|permissions?))?)"
    r"( (is )?(required|only))?",
    re.I,
)
"""A sentence of its own that says so."""
_SOMEBODY_ELSE = re.compile(
    r"\b(owners?|own|self|themsel\w+|himself|herself|authors?|creators?|members?|or|unless|except|if)\b|/ ?admin", re.I
)
"""Who else may call what administrators may."""


def says_it_is_for_administrators(route: Route) -> bool:
    """Whether a route's docstring or description says that nobody but administrators may call it.

    Its first line does so somewhere, or another line says just that: `Requires admin privileges.` What is set in more
    speaks of one parameter.
    """
    for text in _texts(route):
        first = text.strip().partition("\n")[0]
        if _ADMINISTRATORS.search(first) and not _SOMEBODY_ELSE.search(first):
            return True
        if any(_ALONE.fullmatch(line.rstrip().strip(".!*-:_`")) for line in cleandoc(text).split("\n")[1:]):
            return True
    return False


def says_it_is_open(route: Route) -> bool:
    """Whether a route's docstring or description says that nobody has to be known: `No authentication required.`"""
    for text in _texts(route):
        for found in _OPEN.finditer(text):
            if not _NOT.search(text[: found.start()]):
                return True
    return False


def says_it_is_for_services(route: Route) -> bool:
    """Whether a route's docstring or description says that another service calls it, which has no account."""
    return any(_SERVICES.search(text) and not _KEEPS_HOOKS.search(text) for text in _texts(route))


def says_it_is_for_development(route: Route) -> bool:
    """Whether a route's docstring or description says that it is there for development only."""
    return any(_DEVELOPMENT.search(text) for text in _texts(route))


def _texts(route: Route) -> Iterator[str]:
    handler = route.function
    for statement in handler.statements() if handler is not None else ():
        match statement:
            case ["expr", _, ["const", _, str(text)]]:
                yield text
        break
    for name in ("summary", "description") if route.registration is not None else ():
        given = constant(route.registration.arguments.get(name)) if route.registration is not None else None
        if isinstance(given, str):
            yield given
