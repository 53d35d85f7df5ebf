"""FSL204: the password hasher has a scheme without salt, plain text, or far fewer rounds than it should do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, RemoveKeyword, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import line_of, span_of
from fastapi_seclint.program.sites import Argument, Call
from fastapi_seclint.program.values import Collection, Const, External, Mapping, Value, options, settled, string
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.development import holds, only_in_development
from fastapi_seclint.subjects.code.filled import filled
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.passwords.costs import (
    least_profiles,
    low_rounds,
    number,
    policy_of,
    spread_options,
    weak_methods,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL204",
    name="weak-password-scheme",
    summary="the password hasher keeps passwords in plain text, without salt, or with hardly any work",
    severity="high",
    cwe=(916, 759, 327),
    owasp=("API2",),
    guide="2",
    fixable="unsafe",
)

_CONTEXTS = ("passlib.context.CryptContext", "passlib.context.LazyCryptContext")
_WEAK = frozenset(
    {
        "plaintext", "ldap_plaintext", "roundup_plaintext", "unix_disabled", "unix_fallback", "des_crypt", "bsdi_crypt",
        "bigcrypt", "crypt16", "md5_crypt", "apr_md5_crypt", "sha1_crypt", "lmhash", "nthash", "msdcc", "msdcc2",
        "mysql323", "mysql41", "mssql2000", "mssql2005", "oracle10", "oracle11", "postgres_md5", "ldap_md5",
        "ldap_sha1",
        "ldap_salted_md5", "ldap_salted_sha1", "ldap_hex_md5", "ldap_hex_sha1", "atlassian_pbkdf2_sha1", "cisco_pix",
        "cisco_asa", "cisco_type7", "django_disabled", "django_des_crypt", "django_salted_md5", "django_salted_sha1",
        "phpass", "bsd_nthash", "htdigest", "hex_md4",
    }
)  # fmt: skip
"""Schemes of passlib that keep the text, take no salt, or are broken by a single graphics card."""
_LEAST = {"bcrypt": 10, "argon2": 1, "pbkdf2_sha256": 20_000, "pbkdf2_sha512": 20_000, "pbkdf2_sha1": 100_000,
          "sha256_crypt": 50_000, "sha512_crypt": 50_000, "scrypt": 14}  # fmt: skip
"""Fewer rounds than this are a small part of the library's default."""

_STRONG = ("argon2", "bcrypt", "bcrypt_sha256", "scrypt", "pbkdf2_sha256", "pbkdf2_sha512")
"""Schemes of passlib that are slow and salted by default (passlib.hash)."""


@RULE.check
def weak_password_scheme(program: Program) -> Iterator[Finding]:
    """One finding a hasher: on its list of schemes, or on the argument that gives the work away."""
    seen: set[Location] = set()
    for finding in _hashers(program):
        if finding.location not in seen:
            seen.add(finding.location)
            if not _makes_up_data(program, finding.location.path):
                yield finding


def _makes_up_data(program: Program, path: str) -> bool:
    """Whether a file only tries things out, or fills a database with people that nobody is."""
    return any(module.path == path and for_trying(program, module) for module in program.modules.by_file.values())


def _hashers(program: Program) -> Iterator[Finding]:
    changing = (f"{name}().{method}" for name in _CONTEXTS for method in ("update", "copy"))
    for call in (*program.sites.calls(*_CONTEXTS, *changing), *program.sites.inherited(*_CONTEXTS)):
        yield from _or_by_callers(program, call, _of_context)
    yield from _read_policies(program)
    yield from _low_cost(program)
    yield from _own_rounds(program)
    for call in program.sites.calls(
        *(f"passlib.hash.{name}.{way}" for name in _named() for way in ("hash", "encrypt", "using"))
    ):
        name = call.name.split(".")[-2]
        yield _finding(call, call.form[1], _scheme_message(name))


def _or_by_callers(program: Program, call: Call, judge: Callable[[Call], Iterator[Finding]]) -> Iterator[Finding]:
    """What is wrong with a call, or with what the callers of its function give it: one finding a caller."""
    found = list(judge(call))
    yield from found
    for given, outer, form in filled(program, call) if not found else ():
        for finding in list(judge(given))[:1]:
            place, symbol = outer.location(form), outer.symbol
            yield replace(finding, location=place, symbol=symbol, evidence=(), fix=None)


def _of_context(call: Call) -> Iterator[Finding]:
    """What is wrong with one `CryptContext(...)`."""
    schemes = call.argument("schemes", 0)
    if schemes is None and (name := _weak_of_spread(call)):
        yield _finding(call, call.form[1], _scheme_message(name))
        return
    weak = (found for name, rounds in spread_options(call) if (found := _few(name, rounds)))
    yield from (_finding(call, call.form[1], found) for found in weak)
    if schemes is not None and (name := _weak_default(call, schemes)):
        yield _finding(call, schemes.at, _scheme_message(name), _strong_first(call, schemes))
        return
    for keyword, value, at in call.whole[4]:
        if keyword is not None and (found := _few(keyword, number(call, value))):
            edit = RemoveKeyword(_path(call), span_of(call.form[1]), keyword)
            own = call.gives(Argument(value, at, keyword))
            yield _finding(call, at, found, _default_cost(edit) if own else None)


def _read_policies(program: Program) -> Iterator[Finding]:
    """Contexts whose policy is a text in the code: `CryptContext.from_string("[passlib]...")`."""
    ways = (f"{name}{way}" for name in _CONTEXTS for way in (".from_string", "().load"))
    for call in program.sites.calls(*ways):
        given = call.argument("source", 0)
        policy = policy_of(string(call.value(given)) or "") if given is not None else {}
        listed = [name.strip() for name in policy.get("schemes", "").split(",") if name.strip()]
        first = policy.get("default", listed[0] if listed else "")
        if given is not None and _is_weak(first):
            yield _finding(call, given.at, _scheme_message(first))
            continue
        for name, rounds in policy.items():
            if given is not None and rounds.isdecimal() and (found := _few(name, int(rounds))):
                yield _finding(call, given.at, found)


def _own_rounds(program: Program) -> Iterator[Finding]:
    """The number of rounds that one hasher of passlib is given: `pbkdf2_sha256.using(rounds=800)`."""
    for scheme, least in _LEAST.items():
        for call in program.sites.calls(*(f"passlib.hash.{scheme}.{way}" for way in ("using", "hash", "encrypt"))):
            for name in ("rounds", "default_rounds"):
                yield from _cost(call, name, None, least, scheme)


def _named() -> list[str]:
    return sorted({*_WEAK, *(f"hex_{name}" for name in ("md5", "sha1", "sha256", "sha512"))})


def _scheme_message(name: str) -> str:
    how = "keeps the text itself" if "plaintext" in name else "is fast or takes no salt"
    return (
        f"`{name}` {how}, so whoever reads the database has the passwords within hours: "
        "use argon2 or bcrypt, and keep the old scheme as deprecated only"
    )


def _weak_default(call: Call, schemes: Argument) -> str:
    """The weak scheme that new hashes are made with, or an empty string: later ones may only be there to be read.

    What tests and those who develop hash with is theirs: `["plaintext"] if TESTING else ["argon2"]`.
    """
    default = call.argument("default")
    given = default if default is not None else schemes
    return next(filter(_is_weak, (next(iter(_texts(option)), "") for option in _real(call, given))), "")


def _real(call: Call, given: Argument) -> Iterator[Value]:
    """What an argument may be where the program is not only tested or developed."""
    for option in settled(call.value(given)):
        place = option.place if isinstance(option, Collection | Const) else None
        if place is None or not only_in_development(place):
            yield option


def _is_weak(scheme: str) -> bool:
    return scheme in _WEAK or scheme.startswith("hex_")


def _weak_of_spread(call: Call) -> str:
    """The weak scheme in options that are handed over with `**`, or an empty string."""
    for form in call.spread:
        for option in options(call.ask(form)):
            given = (option.get("default") or option.get("schemes")) if isinstance(option, Mapping) else None
            first = next(iter(_texts(given)), "") if given is not None else ""
            if _is_weak(first):
                return first
    return ""


def _texts(value: Value) -> list[str]:
    for option in settled(value):
        if isinstance(option, Const) and isinstance(option.value, str):
            return option.value.split()
        if isinstance(option, Collection):
            return [_scheme(item) for item in option.items]
    return []


def _scheme(item: Value) -> str:
    for option in settled(item):
        if isinstance(option, Const):
            return str(option.value)
        if isinstance(option, External):
            return option.name.rpartition(".")[2]
    return ""


def _few(keyword: str, rounds: int | None) -> str:
    """What is wrong with `bcrypt__rounds=4` and the like; empty when nothing is."""
    scheme, _, option = keyword.partition("__")
    if rounds is None or option not in ("rounds", "default_rounds", "max_rounds", "time_cost"):
        return ""
    return _cost_message(scheme, rounds) if rounds < _LEAST.get(scheme, 0) else ""


def _cost_message(scheme: str, rounds: int | str) -> str:
    return (
        f"{scheme} with a cost of {rounds} is done in no time, so a stolen hash is guessed as fast: "
        "leave the library's default, or go above it"
    )


def _low_cost(program: Program) -> Iterator[Finding]:
    sinks = {"bcrypt.gensalt": ("rounds", 0, "bcrypt"), "pwdlib.hashers.bcrypt.BcryptHasher": ("rounds", 0, "bcrypt")}
    for call in program.sites.calls(*sinks):
        name, position, scheme = sinks[call.name]
        judge = partial(_cost, name=name, position=position, least=_LEAST[scheme], scheme=scheme)
        yield from _or_by_callers(program, call, judge)
    for call in program.sites.calls("argon2.PasswordHasher", "pwdlib.hashers.argon2.Argon2Hasher"):
        judge = partial(_cost, name="memory_cost", position=1, least=8 * 1024, scheme="argon2")
        yield from _or_by_callers(program, call, judge)
    for call, at, cost in least_profiles(program):
        yield _finding(call, at, _cost_message("argon2", cost))
    for call, at, scheme, rounds in low_rounds(program):
        yield _finding(call, at, _cost_message(scheme, rounds), _default_method(call))
    for call, at, method in weak_methods(program):
        message = _scheme_message("plaintext" if method == "plain" else method)
        yield _finding(call, at, message, _default_method(call))


def _cost(call: Call, name: str, position: int | None, least: int, scheme: str) -> Iterator[Finding]:
    given = call.argument(name, position)
    handed = next((cost for option, cost in spread_options(call) if option == name), None)
    rounds, at = handed, call.form[1]
    if given is not None:
        rounds, at = number(call, given.form), given.at
    if rounds is not None and rounds < least:
        fix = None
        if call.name.startswith("passlib."):
            fix = _own_cost(call, name) if given is not None else None
        elif (code := rendered(call.whole[2])) is not None and code != (
            rendered(call.form[2]) if call.prepared else ""
        ):
            fix = _default_cost(ReplaceExpression(_path(call), span_of(call.form[1]), f"{code}()"))
        yield _finding(call, at, _cost_message(scheme, rounds), fix)


def _own_cost(call: Call, name: str) -> Fix | None:
    """The hasher of passlib with its own cost: `sha512_crypt` for `sha512_crypt.using(rounds=1000)`."""
    path, place = _path(call), span_of(call.form[1])
    if not any(keyword == name for keyword, _, _ in call.form[4]):
        return None
    owner = rendered(call.form[2][2]) if call.form[2][0] == "attr" else None
    if call.name.endswith(".using") and owner is not None and not call.form[3] and len(call.form[4]) == 1:
        return _default_cost(ReplaceExpression(path, place, owner))
    return _default_cost(RemoveKeyword(path, place, name))


def _default_method(call: Call) -> Fix | None:
    """The method of werkzeug left to itself; the hash says how it was made, so that old ones are still verified."""
    if not call.name.endswith(".generate_password_hash") or call.spread:
        return None
    if not any(form is call.form for form in call.block.forms.of("call")):
        given = any(name == "method" for name, _, _ in call.form[4])
        edit = RemoveKeyword(_path(call), span_of(call.form[1]), "method")
        return Fix("leave the method to werkzeug", False, (edit,)) if given else None
    kept = [one for one in call.form[4] if one[0] != "method"]
    code = rendered([*call.form[:3], call.form[3][:1], kept])
    if code is None:
        return None
    return Fix("leave the method to werkzeug", False, (ReplaceExpression(_path(call), span_of(call.form[1]), code),))


def _strong_first(call: Call, schemes: Argument) -> Fix | None:
    """A slow scheme goes first, one of the list or that which passlib itself brings; old hashes are read on.

    A scheme that takes any text for its own, as `plaintext` does, has to come behind the others.
    """
    names = [*dict.fromkeys(name for option in _real(call, schemes) for name in _texts(option))]
    if not names or not call.gives(schemes):
        return None
    strong = next((name for name in names if name in _STRONG), None)
    first = strong or "pbkdf2_sha256"
    listed = ", ".join(f'"{name}"' for name in [first, *(name for name in names if name != first)])
    place = span_of(call.form[1])
    edits: list[Edit] = [SetKeyword(_path(call), place, "deprecated", '"auto"')]
    if call.argument("default") is not None:
        edits.append(SetKeyword(_path(call), place, "default", f'"{first}"'))
    if strong is None:
        edits.append(SetKeyword(_path(call), place, "pbkdf2_sha256__default_rounds", "600_000"))
    edits.append(ReplaceExpression(_path(call), span_of(schemes.form[1]), f"[{listed}]"))
    how = f"with {strong}" if strong is not None else "slowly and with a salt"
    return Fix(f"hash new passwords {how}, and read the old ones", False, tuple(edits))


def _default_cost(edit: Edit) -> Fix:
    return Fix("leave the cost to the library", False, (edit,))


def _path(call: Call) -> str:
    return call.block.module.path


def _finding(call: Call, at: int, message: str, fix: Fix | None = None) -> Finding:
    evidence = list(_written_elsewhere(call, at))
    return RULE.finding(call.block.location(at), message, symbol=call.block.symbol, evidence=evidence, fix=fix)


def _written_elsewhere(call: Call, at: int) -> Iterator[Evidence]:
    """Where the value of the argument at a place is written, when that is not in the call; the call, if that is not."""
    if not holds(call.form[1], at):
        yield Evidence(call.location, "the hasher is made with it here")
    given = [(value[1], value) for value in call.whole[3]] + [(place, value) for _, value, place in call.whole[4]]
    for value in (value for place, value in given if place == at):
        for option in options(call.value(value)):
            where = option.place if isinstance(option, Const | Collection) else None
            if where is not None and (where.module is not call.block.module or where.line != line_of(at)):
                yield Evidence(where.location, "it is written here")
