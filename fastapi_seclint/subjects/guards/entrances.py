"""Which routes are meant for everybody: ways in, health checks, public pages, routes for development only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.models import field_default
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, External, Function, Generic, options
from fastapi_seclint.subjects.code.development import asks_who_does_it
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.body_keys import read_keys
from fastapi_seclint.subjects.guards.first_start import makes_administrators, starts_once
from fastapi_seclint.subjects.guards.opting_in import opts_in, opts_out, signs_up
from fastapi_seclint.subjects.guards.resets import sets_any_password
from fastapi_seclint.subjects.logins.aside import is_of_provider
from fastapi_seclint.subjects.passwords.names import FOREIGN

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ENTRANCE = re.compile(
    r"^(log[-_]?(in|out)|sign[-_]?(in|up|out)|register|registration|auth|oauth2?|oidc|sso|saml|authorize|authenticate"
    r"|callback|tokens?|access[-_]?token|refresh([-_](\w+[-_])?tokens?)?|password([-_].*)?|(forgot(ten)?|reset|recover|change)([-_]?password)?"
    r"|.*[-_]password|verify([-_].*)?|verification([-_].*)?|activat(e|ion)([-_].*)?|confirm([-_].*)?|resend([-_].*)?|magic[-_]?link"
    r"|anmelden|anmeldung|abmelden|einloggen|registrieren|registrierung|connexion|deconnexion|inscription|iniciar[-_]sesion"
    r"|entrar|acceder|registro|registrar|cadastr[oa]r?|accedi|registrati"
    r"|((send|get|request)[-_])?(otp|sms|login|auth|e?mail|security|one[-_]time)[-_]?codes?|(send|request|demander|solicitar|pedir|enviar|envoyer)[-_](otp|code)"
    r"|oubli|mot[-_]de[-_]passe([-_].*)?|reinitialis(er|ation)|(passwort|kennwort)([-_].*)?|recuperar([-_].*)?|olvide([-_].*)?"
    r"|restablecer([-_].*)?|esqueci([-_].*)?|redefinir([-_].*)?"
    r"|otp|mfa|2fa|captcha|csrf|social[-_](auth|login)|device[-_](auth|authorization|code|init)|exchange|notify|sessions?|invites?"
    r"|invitations?|join|accept|webhooks?|hooks?|setup|onboarding|first[-_].*)$",
    re.I,
)
_DEVICE_FLOW = re.compile(
    r"(^|/)(auth|oauth2?|oidc|login|connect)/(v\d+/)?device(/|$)"
    r"|(^|/)device/(code|token|auth\w*|init|start|poll|verify|approve)/?$"
    r"|(^|/)((generate|create|request|new|get)[-_])?(pairing|setup|link(ing)?|device)[-_]?code/?$",
    re.I,
)
"""How a television comes in (RFC 8628); a path that ends in `/device` is about things otherwise."""
_SURE_ENTRANCE = re.compile(
    r"^(log[-_]?in|sign[-_]?(in|up)|register|registration|mfa|2fa|otp|totp|captcha|oauth2?|oidc|sso|saml)$", re.I
)
_ENTERING_FUNCTION = re.compile(
    r"^(\w+_)?(login|log_in|sign_?in|sign_?up|register|(create|open|new)_account|logout|refresh_token|webhook)(_\w+)?$"
)
_ENDS_SESSION = re.compile(r"^(log|sign)[-_]?out$", re.I)
_SOMEBODY = re.compile(r"^(user|account|member|customer)_?(id|name)$|^(id|e?mail)$", re.I)
_OWN = re.compile(r"token|session|password|passwd|credential|authorization|cookie|jwt|request$|jti|key|secret", re.I)
"""What only he has whom a session is of, or what may hold it."""
_ONESELF = re.compile(r"^(me|who[-_]?am[-_]?i|(my[-_]?)?profile|(get[-_]?)?current[-_]?user|user[-_]?info)$", re.I)
"""What tells people who are in about themselves, below `/auth` as elsewhere."""
_CALL_BACK = re.compile(
    r"^((\w+[-_])?call[-_]?back|authori[sz]ed?|(oidc|oauth2?|openid|sso)[-_](token|login|exchange|code))$", re.I
)
_CHANGES_ACCOUNT = re.compile(
    r"^((update|edit|delete|remove|disable|enable|ban|unban|block|promote|demote|grant|revoke)([-_].*)?"
    r"|(assign|change|set|add)[-_](role|permission|status|user|account|member)s?|roles?|permissions?"
    r"|(reset|change|set)[-_]?password|users?|accounts?|members?)$",
    re.I,
)
_DEVELOPMENT = re.compile(r"(^|_)(dev|development|debug|local|test|testing|e2e|mock|demo|sandbox)(_|$)", re.I)
_FOREIGN = re.compile(rf"^((nova|nueva|neues|nouveau|nuova)_)?{FOREIGN}$", re.I)
_SWITCHES = re.compile(r"^(toggle|ban|unban|block|unblock|suspend|promote|demote|grant|revoke)(_|$)")
"""What is done to somebody's account, whatever else the model of its body could take."""
_PASSWORDS = frozenset(
    {
        "password", "passwd", "plain_password", "new_password", "password1", "raw_password", "hashed_password",
        "password_hash", "refresh_token", "admin_password", "owner_password", "user_password", "account_password",
    }
)  # fmt: skip
_REMOTE = re.compile(
    r"^((\w+_)?(hostname|host|ip_address|broker|base_url|dsn|connection_string)|ip|port|server(_url)?|endpoint(_url)?)$",
    re.I,
)
"""What goes with the password of a machine that the program is to connect to, and of nobody who comes in."""


@answered_once
def is_entrance(program: Program, route: Route) -> bool:
    """Whether a route is how people get in: login, registration, tokens, passwords, links from mail, call-backs.

    It cannot ask for what it hands out. Its own rules look at it (guide sections 3, 9, 10).
    """
    if makes_administrators(route):
        return False
    found = access.segments(route.path)
    if _ends_anybodys_session(program, route, found):
        return False
    sure = any(_SURE_ENTRANCE.match(word) for word in found) or _DEVICE_FLOW.search(route.path) is not None
    if not sure and (_changes_an_account(program, route) or _lists_people(program, route)):
        return False
    if sets_any_password(program, route):
        return False
    if any(is_login_form(node.call) for node in route.nodes()) or _takes_password(program, route):
        return True
    if sure or _ends_own_session(route, found) or starts_once(route) or _takes_code(program, found, route):
        return True
    given = list(_sent(program, route))
    if _opens_by_mail(program, route) or opts_in(program, route, given) or opts_out(program, route):
        return True
    if signs_up(program, route, given):
        return True
    if access.is_admin_like(route.path) or _deletes_one(route) or _acts_on_a_thing(route) or _invites(route, found):
        return False
    if _recovers(found, given):
        return True
    if found and _ONESELF.match(found[-1]):
        return False
    handler = route.function
    words = [*found[-2:], *([handler.name] if handler is not None else [])]
    return any(_ENTRANCE.match(word) for word in words[:-1] or words) or _names_entrance(handler)


_RECOVERY = re.compile(r"^(account[-_])?recover(y)?$", re.I)


def _recovers(found: list[str], given: list[str]) -> bool:
    """Whether a path is about a way back in, and its caller says who he is: `POST /recovery` with an address."""
    named = any(_SOMEBODY.match(name) for name in given)
    return named and any(_RECOVERY.match(word) for word in found[-2:])


def _deletes_one(route: Route) -> bool:
    """Whether a route only deletes what its last id names, which no link from a mail does: `DELETE /sessions/{id}`."""
    return set(route.methods) == {"DELETE"} and access.is_last_an_id(route.path)


def _ends_own_session(route: Route, found: list[str]) -> bool:
    """Whether a route logs its caller out: no path names whose session it is."""
    return bool(found) and _ENDS_SESSION.match(found[-1]) is not None and not path_variables(route.path)


def _ends_anybodys_session(program: Program, route: Route, found: list[str]) -> bool:
    """Whether a route logs out whom the client names, who brings nothing of his own: `POST /logout?user_id=7`."""
    if not found or _ENDS_SESSION.match(found[-1]) is None or not access.changes_state(route):
        return False
    names = [snake(name) for name in _sent(program, route)]
    return any(map(_SOMEBODY.match, names)) and not any(map(_OWN.search, names))


def _takes_code(program: Program, found: list[str], route: Route) -> bool:
    """Whether a login elsewhere sends people back here with a code (RFC 6749, section 4.1.2).

    Where the path or the handler names whose login that is, it need not say that people come back: `/auth/google`. An
    application that has been there itself sends what it was given: `POST /login/google` with an `id_token`.
    """
    names = [*found[-1:], *([route.function.name] if route.function is not None else [])]
    back = bool(found) and _CALL_BACK.match(found[-1]) is not None
    of_provider = any(is_of_provider(snake(name)) for name in names)
    if not back and not of_provider:
        return False
    sent = set(_sent(program, route))
    return "code" in sent or (
        of_provider and bool(sent & _OF_PROVIDERS) and any(_COMES_IN.search(snake(one)) for one in names)
    )


_OF_PROVIDERS = frozenset({"access_token", "id_token", "credential", "google_token"})
"""What a provider gives an application that somebody has logged in with (OpenID Connect Core 1.0, section 3.2.2.5)."""
_COMES_IN = re.compile(r"(^|_)(log_?in|sign_?(in|up)|register|auth\w*|tokens?|create_(user|account))(_|$)")


def _invites(route: Route, found: list[str]) -> bool:
    """Whether a POST sends an invitation, which is for members to do; accepting one is a way in."""
    made = found and re.match(r"^(invites?|invitations?)$", found[-1], re.I) and not path_variables(route.path)
    name = route.function.name if route.function is not None else ""
    return bool(made) and "POST" in route.methods and re.match(r"(create|add|new|make|send|post)_", name) is not None


def _changes_an_account(program: Program, route: Route) -> bool:
    """Whether a route changes the account that its last id names, on nothing but that id: `PUT /auth/users/{id}`."""
    if not access.changes_state(route) or not access.is_last_an_id(route.path):
        return False
    found = access.segments(route.path)
    if not found or not _CHANGES_ACCOUNT.match(found[-1]):
        return False
    given = list(_sent(program, route))
    return not any(_PROOFS.search(name) for name in given)


def _lists_people(program: Program, route: Route) -> bool:
    """Whether a GET without any id gives away a list of persons: `GET /auth/` with `response_model=list[User]`.

    Or says so by its path: `GET /auth/users`.
    """
    if set(route.methods) - {"HEAD"} != {"GET"} or path_variables(route.path) or route.registration is None:
        return False
    if any(map(_EVERYBODY.match, access.segments(route.path)[-1:])):
        return True
    model = route.registration.arguments.get("response_model")
    lists = any(isinstance(option, Generic) and "list" in option.origin.lower() for option in options(model))
    return lists and bool(access.returns_personal_data(program, route))


_EVERYBODY = re.compile(r"^((all|list|get)[-_])*(users|accounts|members|customers|employees)$", re.I)

_ACT = re.compile(r"/([^/{}]+)/{[^/{}]+}/(confirm|accept|activate|verify|join|notify|exchange|refresh|setup)/?$", re.I)
_RENEWAL = re.compile(r"/([^/{}]+)/(?:refresh|reset)/?$", re.I)
_OF_PEOPLE = re.compile(
    r"(user|account|member|customer|profile|person|people|me$|invit|email|mail|phone|token|auth|session|registration|device"
    r"|subscri|newsletter|tenant|organi[sz]ation|team|workspace|group|room|game|event|password|otp|verif|sign|login|identit"
    r"|client|jwt|oauth|access|cookie|sso|api$|v\d+$|security|public|webhook|hook|callback|payment|share)",
    re.I,
)
_PROOFS = re.compile(r"token|code|signature|secret|nonce|otp|(current|old)_?password|(^|_)key$", re.I)
_SECRETS = re.compile(r"token|code|signature|secret|hash|nonce|otp|request|cookie|(^|_)key$", re.I)


def _acts_on_a_thing(route: Route) -> bool:
    """Whether a word that links from mails end in says what is done to a thing: `POST /orders/{id}/confirm`.

    Nothing that only its owner can know goes with it, in the path or to the handler.
    """
    act, renewal = _ACT.search(route.path), _RENEWAL.search(route.path)
    if act is None and renewal is None:
        return False
    kind = act[1] if act is not None else renewal[1] if renewal is not None else ""
    taken = [item.name for item in parameters(route.endpoint)] if route.endpoint is not None else []
    if _OF_PEOPLE.search(kind) or any(_SECRETS.search(name) for name in [*taken, *path_variables(route.path)]):
        return False
    handler = route.function
    return handler is not None and not any(
        isinstance(form[-1], str) and _SECRETS.search(form[-1]) for form in handler.forms.of("const", "attr", "name")
    )


def is_login_form(value: object) -> bool:
    """Whether a dependency is FastAPI's form with a user name and a password."""
    return isinstance(value, External) and "OAuth2PasswordRequestForm" in value.name


_STAND_IN = re.compile(r"(^|[-_])mock$", re.I)
_MOCKS = re.compile(r"^mock[-_]", re.I)


def is_for_development(route: Route) -> bool:
    """Whether the application has the route only where a setting says development, debugging or tests.

    Or it stands in for somebody else's service by its path: `/bank-mock`, or `/mock-storage` where that is a choice.
    """
    found = access.segments(route.path)
    if any(map(_STAND_IN.search, found)) or (route.conditions and any(map(_MOCKS.search, found))):
        return True
    for condition in route.conditions:
        in_house = asks_who_does_it(condition)
        for form in walk(condition):
            words = [form[-1]] if form[0] in ("name", "attr", "const") and isinstance(form[-1], str) else []
            if any(_DEVELOPMENT.search(word) for word in words if not (in_house and "local" in word.lower())):
                return True
    return False


def _takes_password(program: Program, route: Route) -> bool:
    """Whether a POST takes a password or a refresh token, by itself or in a model: somebody registers or comes in."""
    if "POST" not in route.methods or (route.function is not None and _SWITCHES.match(route.function.name)):
        return False
    found = list(_sent(program, route))
    if not _names_people(route) and any(map(_REMOTE.match, found)):
        return False
    return any(name in _PASSWORDS or _FOREIGN.match(name) for name in found)


def _names_people(route: Route) -> bool:
    found = access.segments(route.path)
    return bool(found) and _OF_PEOPLE.search(found[-1]) is not None


def _sent(program: Program, route: Route) -> Iterator[str]:
    """The names of what clients send to a handler: its own parameters, what it reads of them, the fields of models."""
    yield from read_keys(program, route)
    for parameter in parameters(route.endpoint) if route.endpoint is not None else []:
        dependency = program.walker.resolver.dependency_of(parameter)
        if dependency is None or any(isinstance(option, Class) and option.fields for option in options(dependency[1])):
            yield from access.names_in(program, parameter)
        elif dependency[1] is not None:
            yield from (item.name for item in parameters(dependency[1]) if _is_of_form(program, item))


def _is_of_form(program: Program, parameter: Parameter) -> bool:
    """Whether a parameter of what a handler depends on is a field of a form: `LoginForm.as_form`."""
    return any(mark.name.endswith((".Form()", ".Body()")) for mark in program.walker.resolver.sources(parameter))


_ACCOUNT_MAKER = re.compile(r"^(create|add|new|open|request)_(\w+_)?(user|account|member|profile)(_|$)")
_CONFIRMS = re.compile(r"^(activat|confirm|verif)", re.I)


def _opens_by_mail(program: Program, route: Route) -> bool:
    """Whether somebody asks for an account with nothing but an address, to which goes what opens it then.

    What is sent there is redeemed at an open route beside it, `/users/activate`.
    """
    handler = route.function
    if "POST" not in route.methods or handler is None or not _ACCOUNT_MAKER.match(handler.name):
        return False
    needed = {
        name
        for parameter in (parameters(route.endpoint) if route.endpoint is not None else [])
        if program.walker.resolver.dependency_of(parameter) is None
        for cls in access.classes(program.walker.resolver.type_of(parameter))
        for name, _, default in cls.fields
        if default is None or field_default(default) is None
    }
    if needed != {"email"}:
        return False
    parent = route.path.rstrip("/").rpartition("/")[0]
    return any(
        "POST" in other.methods and other.app is route.app and other.path.startswith(f"{parent}/")
        and _CONFIRMS.match((access.segments(other.path) or [""])[-1])
        and program.guarding(other).protection == "open"
        for other in program.routes
    )  # fmt: skip


def _names_entrance(handler: Function | None) -> bool:
    if handler is None or re.match(r"(open|close|cash)_register(_|$)", handler.name):
        return False  # of a shop
    return _ENTERING_FUNCTION.match(handler.name) is not None
