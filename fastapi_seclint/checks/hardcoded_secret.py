"""FSL101: a key, password or token stands in the source code, where everybody who reads the repository finds it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE, FileFacts
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Place, options
from fastapi_seclint.rule import Confidence, Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.development import only_in_development, only_read_in_development
from fastapi_seclint.subjects.code.literal_names import name_of, returned_name
from fastapi_seclint.subjects.code.literals import Literal, Reader
from fastapi_seclint.subjects.code.put_together import put_together
from fastapi_seclint.subjects.code.trials import for_trying, kept_for_tests, never_runs
from fastapi_seclint.subjects.secrets.emptiness import refusing_nothing
from fastapi_seclint.subjects.secrets.fallbacks import fallbacks
from fastapi_seclint.subjects.secrets.fixes import from_environment
from fastapi_seclint.subjects.secrets.names import FORMAT_WORDS, Reach, kind_of, plausible, random_looking
from fastapi_seclint.subjects.secrets.needs import Use
from fastapi_seclint.subjects.secrets.refusals import only_compared, refused
from fastapi_seclint.subjects.secrets.sown import is_of_an_example, is_powerful
from fastapi_seclint.subjects.secrets.takers import takers
from fastapi_seclint.subjects.secrets.uses import uses
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL101",
    name="hardcoded-secret",
    summary="a key, password or token is written in the code",
    severity="critical",
    cwe=(798, 321),
    owasp=("API2", "API8"),
    guide="10",
    fixable="unsafe",
)

_HARM = {
    "signing key": "can forge what it signs and be any user",
    "password": "can log in with it",
    "API key": "can call as its owner",
    "token": "can call as its owner",
    "secret": "can use it",
    "private key": "can sign or decrypt as its owner",
}
_NAMES = (
    b"secret",
    b"passw",
    b"pwd",
    b'pw"',
    b"wachtwoord",
    b"_pass",
    b"key",
    b"token",
    b"geheim",
    b"segred",
    b"kennwort",
    b"senha",
    b"contrasen",
    b"mima",
    b"miyao",
    b"schluessel",
    b"chave",
    b"clave_",
    b"cle_",
    b"mot_de_passe",
    b"authorization",
)
_FORMATS = tuple(word if word[:1] == b":" or b" " in word else b'"' + word for word in FORMAT_WORDS)
_BESIDE = (
    rb'[\w-]*"\]{0,4}(?:,\[\]\])?,(?:\[?"(?:==|!=|in|not in)"\],)?'
    rb'\[{0,3}"(?:const|bytes|list|set|tuple|dict|call|ifexp|bool)"'
)
_NEAR = tuple(re.compile(name + _BESIDE) for name in _NAMES)
"""A name of a secret right beside a literal, in the text of a function's facts; a pattern a name is fastest."""
_CLOSED = ("pydantic", "sqlmodel.", "enum.", "typing.TypedDict", "sqlalchemy.")
_CLOSED_NAMES = ("Settings", "BaseModel", "Enum", "StrEnum", "Schema", "IntEnum")


@RULE.check
def hardcoded_secret(program: Program) -> Iterator[Finding]:
    """One finding for each written secret, at the assignment, argument or comparison that holds it."""
    used = uses(program)
    claimed = _claimed(program)
    words = vocabulary(program)
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if for_trying(program, module):
            continue
        seen: set[int] = set()
        for symbol, literal in _literals(program, module, frozenset(used.get(module.file, {}))):
            if claimed.get(module.file, frozenset()) & {literal.at, *literal.places}:
                continue
            if all(map(words.allows, literal.texts)) or _spells_its_name(literal):
                continue
            use = next((used[module.file][at] for at in literal.places if at in used.get(module.file, {})), None)
            finding = _judge(program, words, module, symbol, literal, use)
            if finding is None or literal.at in seen or _refused(program, literal):
                continue
            seen.update((literal.at, *literal.places))
            if use is None and is_of_an_example(program, literal):
                continue
            if only_in_development(Place(module, literal.at)) or _for_development(program, module, literal):
                continue
            if not kept_for_tests(program, module, literal.at) and not never_runs(module, literal.at):
                yield finding


def _spells_its_name(literal: Literal) -> bool:
    """Whether several texts are the words of the name they are for: `{"jwt_secret": ("jwt", "secret")}` says where."""
    parts = set(words_of(literal.name))
    return len(literal.texts) > 1 and all(text and set(words_of(text)) <= parts for text in literal.texts)


def _for_development(program: Program, module: Module, literal: Literal) -> bool:
    """Whether a constant of a module is only read in branches that are kept to development."""
    if literal.local or literal.owner or not only_read_in_development(module, literal.name):
        return False
    others = (other for other in program.modules.by_file.values() if other is not module)
    return not any(literal.name in other.facts.words for other in others)


def _refused(program: Program, literal: Literal) -> bool:
    """Whether the program looks for this very text, to go no further with it."""
    if literal.reach is Reach.ASSIGNED and not literal.local and only_compared(program, literal.name):
        return True
    return literal.reach is not Reach.COMPARED and all(
        text and refused(program, [literal.name], text) for text in literal.texts
    )


def _claimed(program: Program) -> dict[str, frozenset[int]]:
    """By file: the places of texts that are fallbacks, which are `default-secret`'s."""
    found: dict[str, set[int]] = {}
    for item in fallbacks(program):
        found.setdefault(item.elsewhere or item.block.module.file, set()).update(place for _, place in item.found)
        if not item.elsewhere and item.how != "read":
            found.setdefault(item.block.module.file, set()).add(item.at)
    return {file: frozenset(places) for file, places in found.items()}


def _literals(program: Program, module: Module, used: frozenset[int]) -> Iterator[tuple[str, Literal]]:
    facts = module.facts
    words = vocabulary(program)
    spoken = _may_hold_secret(facts)
    written = put_together(program, module, used)
    called = sorted(facts.words & takers(program).keys())
    spoken |= set(facts.speaking(*(f'"{name}"'.encode() for name in called))) if called else set()
    for number in range(MODULE, len(facts.functions)):
        name = facts.functions[number][0] if number >= 0 else ""
        returned = kind_of(returned_name(name.rpartition(".")[2]))
        if name.rpartition(".")[2].startswith("test_"):
            continue
        if not (used or words.names or returned or number in spoken):
            continue
        reader = Reader(lambda form: _closed(program, module, form), used, words, local=number >= 0)
        reader.taken = lambda form: _taken(program, form)
        reader.written = written
        reader.function = name.rpartition(".")[2]
        symbol = f"{module.name}.{name}" if name else module.name
        for literal in reader.read(facts.module if number < 0 else facts.body(number)):
            yield f"{symbol}.{literal.owner}" if literal.owner else symbol, literal


def _taken(program: Program, call: Form) -> list[str]:
    """What the arguments of a call of the program's own are called, where they are secrets."""
    return takers(program).get(name_of(call[2]), []) if call[2][0] in ("name", "attr") else []


def _may_hold_secret(facts: FileFacts) -> set[int]:
    """The functions, and the module, whose facts are worth reading; cheap, and generous."""
    found = set(facts.speaking(*_FORMATS, b'auth",["tuple"'))
    for name, near in zip(_NAMES, _NEAR, strict=True):
        for number in facts.speaking(name, folded=True):
            if number not in found and near.search(facts.lowered(number)):
                found.add(number)
    if MODULE not in found and MODULE in facts.speaking(*_NAMES, folded=True):
        found.update([MODULE] if any(map(kind_of, facts.words)) else [])
    return found


def _judge(
    program: Program, words: Vocabulary, module: Module, symbol: str, literal: Literal, use: Use | None
) -> Finding | None:
    own = bool(words.kind(literal.name))
    kind = words.kind(literal.name) or ("token" if use is None else "")
    shaped = any(map(words.has_format, literal.texts))
    if use is not None:
        kind, found = use.kind, any(plausible(text, use.kind, literal.name, Reach.USED) for text in literal.texts)
    else:
        found = shaped or (own and _named_secret(module, literal, kind))
    if not found:
        return None
    if shaped and any("PRIVATE KEY" in text for text in literal.texts):
        kind = "private key"
    location = Location(module.path, span_of(literal.at))
    if use is not None and use.service and not own:
        literal = replace(literal, account=use.service)
    what = f"`{literal.name}`" if own else f"an {kind}" if kind == "API key" else f"a {kind}"
    return RULE.finding(
        location,
        f"{what} is written in the code: everyone who can read the repository {_HARM[kind]}, "
        "so read it from the environment and replace this one",
        confidence=_confidence(literal, kind, use, shaped),
        symbol=symbol,
        evidence=_evidence(location, use),
        fix=_fix(program, module, literal, kind, own),
        masks=("api-key-compared-unsafely", "api-key-stored-plain"),
    )


def _fix(program: Program, module: Module, literal: Literal, kind: str, own: bool) -> Fix | None:
    """The text read from the environment; None for what stands in for a value that clients leave out."""
    handlers = {route.function for route in program.routes if route.function and route.function.module is module}
    defaults = [parameter[3] for handler in handlers for parameter in handler.parameters if parameter[3] is not None]
    if any(form[1] == literal.at or form is literal.form for form in walk(defaults)):
        return None
    read = from_environment(module.path, literal, kind, own)
    return refusing_nothing(program, module, literal.at, kind, read, [literal.name])


def _named_secret(module: Module, literal: Literal, kind: str) -> bool:
    plural = words_of(literal.name)[-1].endswith("s")
    if len(literal.texts) > 1 and not plural and literal.reach is Reach.ASSIGNED:
        return False
    if plural and kind == "password" and "test" in words_of(literal.name):
        return False
    if literal.reach is Reach.COMPARED and kind in ("token", "API key") and not _speaks_web(module):
        return False
    if len(literal.texts) > 1 and 2 * sum(bool(kind_of(text)) for text in literal.texts) >= len(literal.texts):
        return False
    many = plural and len(literal.texts) > 1
    given = kind == "password" and literal.reach is Reach.PASSED and is_powerful(literal)
    reach = Reach.USED if given else literal.reach
    found = [plausible(text, kind, literal.name, reach, many=many) for text in literal.texts]
    return 2 * sum(found) >= len(found)


def _speaks_web(module: Module) -> bool:
    return any(name.split(".")[0] in ("fastapi", "starlette") for name in module.facts.imports)


def _confidence(literal: Literal, kind: str, use: Use | None, shaped: bool) -> Confidence:
    if use is not None or shaped or (literal.reach is Reach.COMPARED and kind != "token"):
        return "high"
    return "high" if any(random_looking(text) for text in literal.texts) else "medium"


def _evidence(location: Location, use: Use | None) -> Iterator[Evidence]:
    if use is not None and (use.location.path, use.location.span.line) != (location.path, location.span.line):
        yield Evidence(use.location, f"used as {use.what} here")


def _closed(program: Program, module: Module, form: Form) -> bool:
    """Whether literals of a class are not secrets in code: members of enumerations, defaults of settings and models."""
    names = [base[2] if base[0] == "name" else base[3] if base[0] == "attr" else "" for base in form[3]]
    if any(name.endswith(_CLOSED_NAMES) for name in names):
        return True
    if not names:
        return False
    program.interpreter.run_module(module)
    for option in options(program.interpreter.attribute_of_module(module, form[2])):
        if isinstance(option, Class) and option.external_bases():
            return any(base.startswith(_CLOSED) for base in option.external_bases())
    return False
