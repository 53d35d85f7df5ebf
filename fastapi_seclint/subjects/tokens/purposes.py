"""What a token is for: an access token, a refresh token, or something else such as a password reset."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from fastapi_seclint.facts.forms import arguments, last_name
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.payloads.encodings import Token, tokens
from fastapi_seclint.subjects.payloads.known import Claim
from fastapi_seclint.subjects.payloads.results import names_at_callers, result_names
from fastapi_seclint.subjects.payloads.ways import Step
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.wiring.handlers import is_handler

Purpose = Literal["access", "refresh", "other"]

TYPE_CLAIMS = ("type", "token_type", "typ", "purpose", "token_use", "use", "kind", "scope", "tokenType", "ttype")
"""Claims by which people tell one kind of token from another."""

_FOREIGN_ACCESS = word_set("acceso acesso acces zugriff zugang accesso fangwen")
_FOREIGN_REFRESH = word_set(
    "renovacion renovacao renouvellement rafraichissement erneuerung aktualisierung rinnovo shuaxin"
)
_TELLING = (
    _FOREIGN_ACCESS
    | _FOREIGN_REFRESH
    | frozenset({"access", "refresh", "reset", "verification", "verify", "confirm", "activation", "invitation"})
)
_ABOUT_USERS = frozenset({"sub", "iss", "aud", "jti", "email", "name", "username", "user", "role", "roles", "provider"})

_RENEWS = re.compile(r"refresh|renew|prolong", re.I)
_REFRESH = _FOREIGN_REFRESH | frozenset({"refresh", "refreshtoken", "rt"})
_ACCESS = _FOREIGN_ACCESS | word_set("access accesstoken auth authentication bearer login session signin api jwt")
_MAKING = word_set("create generate make issue build get mint encode sign new")
_PLAIN = word_set("access refresh token jwt")
_OTHER = word_set(
    """
    activate activation challenge change confirm confirmation csrf device download email file forgot impersonate
    internal invitation invite link magic mail mfa nonce oauth oidc onetime otp passwordless preauth preview proof
    recover recovery remember reset resource room service share signup sso state stream temp temporary ticket totp
    twofactor unsubscribe upload url verification verify webhook websocket ws registration register webrtc zoom push
    agent worker bot machine automation subagent delegation forward
    """
)


def renews(name: str) -> bool:
    """Whether a path or a function's name says that new tokens are given for an old one (guide, section 3)."""
    return _RENEWS.search(name) is not None


def purpose_of(token: Token) -> tuple[Purpose, bool]:
    """What a token is for, and whether it says so itself; a token that says nothing counts as an access token."""
    if _is_assertion(token):
        return "other", True
    for words in _said(token):
        found = purpose_of_words(words)
        if found is not None:
            return found, True
    return "access", False


def telling_claims(token: Token) -> list[str]:
    """The claims by which a token says of what kind it is: by their names, or since their text names a kind.

    So does one that is called after a kind and is true, `"refresh": True`.
    """
    named = [key for key in TYPE_CLAIMS if token.claims.get(key) is not None]
    texts = {key: claim.texts for key, claim in token.claims.items.items() if key not in (*named, *_ABOUT_USERS)}
    told = sorted(key for key, said in texts.items() if said and all(_tells(text) for text in said))
    return [*named, *told, *sorted(key for key, claim in token.claims.items.items() if _is_mark(key, claim))]


_MARKED = re.compile(
    r"^(is_?)?(refresh|(password_?)?reset|verif(y|ication)|confirm(ation)?|activation|invit(e|ation)|magic)(_?token)?$",
    re.I,
)


def _is_mark(key: str, claim: Claim) -> bool:
    forms = [written.form[-1] if written.form[0] == "item" else written.form for written in claim.written]
    true = bool(forms) and all(form[0] == "const" and form[2] is True for form in forms)
    return true and _MARKED.match(key) is not None


def _tells(text: str) -> bool:
    return bool(_TELLING.intersection(words_of(text)))


def _is_returned(step: Step, token: Token) -> bool:
    """Whether a function gives the token itself, as `refresh_token()` does; a route of that name gives an answer.

    One that returns what `create_access_token()` makes renews a token.
    """
    maker, around = token.makers[0].block.function, step.block.function
    if around is not None and is_handler(token.encoding.program, around):
        return False
    if maker is not None and "access" in words_of(maker.name):
        return False
    return any(form[0] == "return" and form[2] is step.form for form in step.block.forms.every)


def _without(words: set[str]) -> set[str]:
    """Names say little by these words; a token for an API is handed to programs and lives as long as they do."""
    if words & {"api", "personal", "pat", "long"} and words & {"token", "key", "pat"} and "access" not in words:
        return {"machine"}
    return words - {"jwt", "login", "api", "session"}


def _is_assertion(token: Token) -> bool:
    """Whether a token names its maker and another service that it is for (RFC 7523), such as Apple's client secret."""
    audience = token.claims.get("aud")
    named = audience is not None and any("://" in text for text in audience.texts)
    return named and token.claims.get("iss") is not None and token.claims.get("iat") is not None


def purpose_of_words(words: set[str]) -> Purpose | None:
    """What the words of a name say of a token's purpose; None where they say nothing."""
    if words & _REFRESH and "access" not in words:
        return "refresh"
    if words >= {"client", "secret"} or words & {"assertion"}:
        return "other"
    if words & _OTHER and not words & {"access", "accesstoken"}:
        return "other"
    return "access" if words & _ACCESS else None


def _said(token: Token) -> Iterator[set[str]]:
    """What speaks for a purpose, as words: the type claim, the names around the calls, the settings of its life."""
    for key in telling_claims(token):
        claim = token.claims.get(key)
        for text in sorted(claim.texts) if claim is not None else ():
            yield set(words_of(text))
    for name in _names_beside_others(token):
        yield _without(set(words_of(name)))
    for step in token.makers[1:2]:
        if last_name(step.form[2])[:1].isupper():  # the class of a token
            yield _without(set(words_of(last_name(step.form[2]))))
        for given in arguments(step.form):
            if given[0] == "attr" and given[3].isupper():
                yield set(words_of(given[3]))
            if given[0] == "const" and given[2] in ("access", "refresh"):
                yield {given[2]}
        function = step.block.function
        names = list(result_names(token.encoding.program, step))
        around = names.pop() if function is not None else ""
        for name in names:
            yield _without(set(words_of(name)))
        words = set(words_of(around))
        if (words & _MAKING and words & {"token", "jwt"}) or (words - _MAKING <= _PLAIN and _is_returned(step, token)):
            yield _without(words)
        for name in names_at_callers(token.encoding.program, step):
            yield _without(set(words_of(name)))
    for name in result_names(token.encoding.program, token.makers[0]):
        yield _without(set(words_of(name)))
    expiry = token.claims.get("exp")
    for value in expiry.values if expiry is not None else ():
        for amount in value.amounts:
            for name in amount.names:
                yield set(words_of(name))
    for step in token.makers[:3]:
        if step.block.function is not None and step.block.function.owner is not None:
            yield set(words_of(step.block.function.owner.name)) - {"service", "email", "user", "auth", "jwt"}


def _names_beside_others(token: Token) -> Iterator[str]:
    """What a function calls a token that it makes beside another one: its own name tells them not apart."""
    program, step = token.encoding.program, token.makers[0]
    around = step.block.function
    makers = [one.makers[0] for one in tokens(program)] if around is not None else []
    if len({id(one.form) for one in makers if one.block.function is around}) > 1:
        yield from list(result_names(program, step))[:-1]
