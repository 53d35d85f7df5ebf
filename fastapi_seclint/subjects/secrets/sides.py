"""What the names of both sides of a comparison say together: `CRON_TOKEN` and `X-Cron-Token`."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.secrets.names import word_set

_BARE = word_set("key value code hash otp")
_EXPECTED = word_set("expected correct computed calculated configured")
_RIGHT = _EXPECTED | word_set("valid right real actual true good")
_KINDS = {"key": "API key", "token": "token", "signature": "signature", "secret": "secret"}
_NO_KEYS = word_set(
    "public cache sort order partition primary foreign row object bucket idempotency lookup map storage page csrf"
    " continuation next cursor config setting option param field column dict message locale translation trace event job"
    " task queue plugin feature item record entity data search group filter file image upload asset widget"
)
"""What a key names that is no secret: a row of settings, an entry of a cache, a file in a bucket."""
_RECEIVED = word_set(
    "api auth given header hub key provided received request secret sent signature stripe token webhook x"
)

_GIVEN = word_set("provided submitted supplied received incoming presented candidate")


def calls_itself_given(form: Form) -> bool:
    """Whether a name says that somebody sent what it holds: with what came in the same request it is no secret."""
    return form[0] == "name" and bool(_GIVEN.intersection(words_of(name_of(form))))


_OPENING = word_set("registration register signup admin access setup master invite invitation")
"""Words of a setting that is the key to something, so that a body's `key` is compared with it."""


def of_key(given: Form, named: list[str], header: bool) -> bool:
    """Whether what is sent is compared with a key of the program's, by what that is called (`named`).

    A header of any name is, and what is called just `key` where the program's says what it opens.
    """
    keys = [words for words in map(words_of, named) if words[-1:] == ["key"]]
    if header and any(map(names_some_key, named)):
        return True
    if name_of(given) != "key":
        return False
    return (header and bool(keys)) or (given[0] == "attr" and any(_OPENING.intersection(words) for words in keys))


def alike(setting: str, given: str) -> str:
    """What both a setting and what is sent are called, whatever it is for: `CRON_TOKEN` and `X-Cron-Token`."""
    ours, theirs = words_of(setting), words_of(given)
    if not ours or not theirs or ours[-1] != theirs[-1] or len(ours) < 2:
        return ""
    if ours[-2] not in theirs or (ours[-1] == "key" and ours[-2] in _NO_KEYS):
        return ""
    return _KINDS.get(ours[-1], "") if ours[-1] in ("token", "secret", "key") else ""


def expected(given: Form, secret: Form) -> str:
    """What a helper compares that gets both sides: `key` with `expected_key`, `signature` with `expected_signature`."""
    words, sent = words_of(name_of(secret)), words_of(name_of(given))
    if secret[0] != "name" or len(words) < 2 or words[0] not in _EXPECTED or sent[:1] == words[:1]:
        return ""
    return _KINDS.get(words[-1], "") if sent[-1:] == words[-1:] and set(sent) <= _RECEIVED else ""


def right_one(given: Form, secret: Form) -> str:
    """What a text is that is called the right one of what is sent: `supervisor_key == valid_key`."""
    words, sent = words_of(name_of(secret)), words_of(name_of(given))
    if len(words) != 2 or words[0] not in _RIGHT or sent[-1:] != words[-1:] or sent == words:
        return ""
    return _KINDS.get(words[-1], "")


def is_clients_key(form: Form) -> bool:
    """Whether an expression is the key of one client in a mapping of keys: `TENANT_KEYS.get(tenant)`."""
    match form:
        case ["call", _, ["attr", _, ["name" | "attr", *_] as owner, "get"], [key, *_], _]:
            pass
        case ["sub", _, ["name" | "attr", *_] as owner, key]:
            pass
        case _:
            return False
    held = words_of(str(owner[-1]))[-1:] in (["keys"], ["tokens"], ["secrets"], ["apikeys"])
    return key[0] in ("name", "attr") and held


def may_hold(name: str) -> bool:
    """Whether a name leaves open that it holds a secret."""
    words = set(words_of(name))
    return not words & (_BARE | word_set("type name header url algorithm prefix scheme scope role id"))


def names_some_key(name: str) -> bool:
    """Whether a setting is called a key of some kind that may be secret: `key`, `previous_key`, `bridge_key`."""
    words = words_of(name)
    return words[-1:] in (["key"], ["apikey"]) and not _NO_KEYS & set(words)


_NO_TOKENS = word_set("page next continuation cursor sync eos bos pad mask unk sep end start stop special max")


def is_some_token(name: str) -> bool:
    """Whether a setting is a token of whatever, not a mark in a text or the place of a list: `FEED_TOKEN`."""
    words = words_of(name)
    return words[-1:] == ["token"] and not _NO_TOKENS & set(words)


def is_configured_header(given: Form, secret: Form) -> str:
    """`secret` where a header and its value are both configured: `headers.get(self.header) != self.value`."""
    match given:
        case ["call", _, ["attr", _, ["attr", _, _, "headers"], "get"], [["attr", *_], *_], _] if secret[0] == "attr":
            return "secret"
    return ""


def reads_header(form: Form) -> bool:
    """Whether an expression reads a header of the application's own: `request.headers.get("x-machine")`."""
    match form:
        case ["call", _, ["attr", _, ["attr", _, _, "headers"], "get"], [["const", _, str() as name], *_], _]:
            return name.lower().startswith("x-")
        case ["sub", _, ["attr", _, _, "headers"], ["const", _, str() as name]]:
            return name.lower().startswith("x-")
    return False
