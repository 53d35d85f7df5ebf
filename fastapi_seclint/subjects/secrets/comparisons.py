"""Where something that a caller sends is compared with a secret of the program: `==`, `in`, `compare_digest`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Const, Environment, External, Mapping, Text, Value, options
from fastapi_seclint.subjects.code.entries import accounts_of, is_field_of_entry, is_kept_in_code
from fastapi_seclint.subjects.code.literals import name_of, texts
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.reads import reads_setting
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.secrets.names import Reach, plausible, word_set, words_of
from fastapi_seclint.subjects.secrets.presented import presented
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KNOWN: WeakKeyDictionary[Program, list[Comparison]] = WeakKeyDictionary()
_WORDS = (b"secret", b"passw", b"key", b"token", b"signature", b"digest", b"credential", b"authorization")
_COMPARERS = ("hmac.compare_digest", "secrets.compare_digest")
_WRAPPING = frozenset({"encode", "strip", "get_secret_value", "decode", "lower"})
_VERBS = word_set("get load fetch read list find current valid known")
_NO_KEYS = word_set("revoked blacklist blacklisted denylist used seen special stop reserved forbidden db database")
_BARE = word_set("key value code hash otp")
_EXPECTED = word_set("expected correct computed calculated configured")
_RECEIVED = word_set(
    "api auth given header hub key provided received request secret sent signature stripe token webhook x"
)
_REQUEST = frozenset({"headers", "query_params", "cookies"})
_SENT = word_set("credentials password token api_key apikey secret signature key authorization")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: the operator (`==`, `in`, `compare_digest`), what the caller sends, and the secret."""

    block: Block
    form: Form
    operator: str
    given: Form
    secret: Form
    kind: str
    value: Value

    @property
    def negative(self) -> bool:
        """Whether it is true when the two differ."""
        return self.operator in ("!=", "not in")


def comparisons(program: Program) -> list[Comparison]:
    """Every comparison of a request's credential with a secret, in order; found once a program."""
    if program not in _KNOWN:
        found: list[Comparison] = []
        for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
            if program.is_test(module) or for_trying(program, module):
                continue
            named = set(module.facts.speaking(*_WORDS, folded=True))
            for number in module.facts.speaking(b'["compare"', b"compare_digest"):
                block = program.sites.block(module, number) if number in named else None
                if block is not None and isinstance(block.scope, FunctionScope):
                    found += _Search(program, vocabulary(program), block, block.scope).run()
        _KNOWN[program] = found
    return _KNOWN[program]


def core(form: Form) -> Form:
    """An expression without what only changes its type: `.encode()`, `str(...)`, `(x or "")`, `.get_secret_value()`."""
    match form:
        case ["call", _, ["attr", _, inner, method], _, _] if method in _WRAPPING:
            return core(inner)
        case ["call", _, ["name", _, "str" | "bytes"], [inner, *_], _]:
            return core(inner)
        case ["bool", _, "or", [inner, ["const" | "bytes", *_]]]:
            return core(inner)
        case ["await", _, inner]:
            return core(inner)
    return form


@dataclass(slots=True)
class _Search:
    program: Program
    words: Vocabulary
    block: Block
    scope: FunctionScope

    def run(self) -> Iterator[Comparison]:
        for form in self.block.forms.of("compare", "call"):
            match form:
                case ["compare", _, left, [operator], [right]] if operator in ("==", "!="):
                    yield from self.equal(form, operator, left, right)
                case ["compare", _, left, [operator], [right]] if operator in ("in", "not in"):
                    yield from self.member(form, operator, left, right)
                case ["call", _, function, [left, right], []] if name_of(function) == "compare_digest":
                    yield from self.equal(form, "compare_digest", left, right)

    def equal(self, form: Form, operator: str, left: Form, right: Form) -> Iterator[Comparison]:
        for given, secret in ((left, right), (right, left)):
            if not self.sent(core(given)):
                continue
            value = ask(self.program, self.block, core(secret))
            kind = self.kind(core(given), core(secret), value) or self.account(core(given), core(secret))
            if kind:
                yield Comparison(self.block, form, operator, given, secret, kind, value)
                return

    def kind(self, given: Form, secret: Form, value: Value) -> str:
        """What kind of secret an expression is that something sent is compared with; empty for none."""
        own, sent = self.words.kind(name_of(secret)) or self.read_kind(value), self.sent_kind(given)
        if not sent and given[0] == "name":
            sent = presented(self.program, self.scope.function, given[2])
        written = list(texts(secret))
        if written or all(isinstance(option, Const) and option.value is not None for option in options(value)):
            known: list[object] = [text for text, _ in written]
            known = known or [option.value for option in options(value) if isinstance(option, Const)]
            kind = own or sent
            name = name_of(secret) if own else name_of(given)
            if kind == "password" and is_field_of_entry(self.block, secret):
                return ""
            found = any(isinstance(text, str) and plausible(text, kind, name, Reach.COMPARED) for text in known)
            return kind if kind and found and self.speaks_web() else ""
        if self.is_one_of_many(secret, own, sent):
            return "API key"
        if self.is_digest(secret) or _expected(given, secret) == "signature":
            return "signature"
        if not self.configured(secret, value):
            return _expected(given, secret)
        if own:
            return own
        if sent and _may_hold(name_of(secret)):
            return sent
        if given[0] == "name" and (kind := presented(self.program, self.scope.function, given[2])):
            return kind
        named = [option.name for option in options(value) if isinstance(option, Environment)]
        return next((kind for name in [name_of(secret), *named] if (kind := _alike(name, name_of(given)))), "")

    def account(self, given: Form, secret: Form) -> str:
        """`password` where one is compared with that of a configured account, `accounts.get(username) == password`.

        Where the file itself keeps the accounts, they are stored in the clear, which is another mistake.
        """
        accounts = accounts_of(secret) if self.sent_kind(given) == "password" else None
        if accounts is None or is_kept_in_code(accounts, ask(self.program, self.block, accounts)):
            return ""
        return "password"

    def read_kind(self, value: Value) -> str:
        """What kind of secret is read from the environment into a name that does not say it."""
        names = [option.name for option in options(value) if isinstance(option, Environment)]
        return next((kind for name in names if " " not in name and (kind := self.words.kind(name))), "")

    def is_one_of_many(self, form: Form, own: str, sent: str) -> bool:
        """Whether an expression is one key of several that a loop goes through."""
        root = form[2] if form[0] == "attr" else form
        if root[0] != "name" or not (sent == "API key" or own == "API key"):
            return False
        for item in self.block.forms.every:
            loops = [item[2:4]] if item[0] == "for" else [one[:2] for one in item[5]] if item[0] == "comp" else []
            for target, iterable in loops:
                if any(one[0] == "name" and one[2] == root[2] for one in walk(target)):
                    value = ask(self.program, self.block, iterable)
                    return own == sent == "API key" if form[0] == "attr" else self.holds_keys(iterable, value, sent)
        return False

    def sent_kind(self, form: Form) -> str:
        name = name_of(form)
        if name == "credentials" and form[0] == "attr":
            return "token"
        return "token" if name.lower() == "authorization" else self.words.kind(name)

    def speaks_web(self) -> bool:
        return any(name.split(".")[0] in ("fastapi", "starlette") for name in self.block.module.facts.imports)

    def configured(self, form: Form, value: Value) -> bool:
        """Whether an expression is the program's own: a setting, a constant, an attribute that holds one."""
        for option in options(value):
            if isinstance(option, Environment):
                return not option.name.startswith("parameter ")
            if isinstance(option, Text):
                return any(isinstance(part, Environment) and not part.name.startswith("parameter ")
                           for part in option.parts)  # fmt: skip
        if form[0] == "fstr":
            return any(part[0] == "fmt" and self.configured(part[2], ask(self.program, self.block, part[2]))
                       for part in form[2])  # fmt: skip
        if form[0] == "name":
            return bool(form[2].isupper() and not self.scope.is_local(form[2]))
        return reads_setting(form) or (form[0] == "attr" and form[2][0] == "name" and form[2][2] == "self")

    def is_digest(self, form: Form) -> bool:
        """Whether an expression is a signature that was just computed with a key."""
        for _ in range(3):
            if form[0] == "name":
                found = self.scope.assignments(form[2])
                if len(found) != 1 or found[0][0] != "assign":
                    return False
                form = found[0][3]
            match form:
                case ["call", _, ["attr", _, inner, "hexdigest" | "digest"], _, _]:
                    value = ask(self.program, self.block, inner)
                    return any(isinstance(one, External) and one.name == "hmac.new()" for one in options(value))
                case ["binop", _, "+", _, right]:
                    form = right
                case ["fstr", _, [*_, ["fmt", _, inner, _]]]:
                    form = inner
        return False

    def sent(self, form: Form) -> bool:
        """Whether an expression comes with the request: a parameter, a part of one, a header."""
        root, depth = form, 0
        while root[0] in ("attr", "sub", "call", "await") and depth < 8:
            if root[0] == "attr" and root[3] in _REQUEST:
                return True
            root, depth = root[2], depth + 1
        if root[0] != "name" or root[2] in ("self", "cls", "settings", "config", "os"):
            return False
        value = ask(self.program, self.block, root)
        if any(isinstance(option, Environment) and not option.name.startswith("parameter ")
               for option in options(value)):  # fmt: skip
            return False
        if any(item[0] == root[2] for item in self.scope.function.parameters):
            return not reads_setting(form)
        for statement in self.scope.assignments(root[2]):
            if statement[0] == "assign" and self.sent_value(statement[3]):
                return True
        return False

    def sent_value(self, form: Form) -> bool:
        names = [item for item in walk(form) if item[0] == "name"]
        parameters = {item[0] for item in self.scope.function.parameters}
        if any(item[0] == "attr" and item[3] in _REQUEST for item in walk(form)):
            return True
        if form[0] == "call" and form[2][0] == "name":
            return False
        return any(item[2] in parameters and item[2] not in ("self", "settings") for item in names)

    def member(self, form: Form, operator: str, left: Form, right: Form) -> Iterator[Comparison]:
        kind = self.sent_kind(core(left))
        if kind not in ("API key", "token", "secret") or not self.sent(core(left)):
            return
        if self.annotated(core(left), ("int",)) or (kind == "token" and self.annotated(right, ("set", "frozenset"))):
            return
        if kind == "token" and self.is_decoded(core(left)):
            return
        value = ask(self.program, self.block, core(right))
        if right[0] in ("list", "set", "tuple"):
            written = [text for text, _ in texts(right)]
            found = any(plausible(text, kind, name_of(left), Reach.COMPARED) for text in written)
            if not found or not self.speaks_web():
                return
        elif not self.holds_keys(right, value, kind):
            return
        yield Comparison(self.block, form, operator, left, right, kind, value)

    def is_decoded(self, form: Form) -> bool:
        """Whether the same function verifies what was sent as a signed token, which nobody finds piece by piece."""
        name = spelled(form)
        return any(
            "decode" in words_of(name_of(call[2])) and any(spelled(core(item)) == name for item in call[3])
            for call in self.block.forms.of("call")
        )

    def annotated(self, form: Form, names: tuple[str, ...]) -> bool:
        """Whether a parameter is annotated with one of these types: a number, a set that finds by hash."""
        annotations = [item[2] for item in self.scope.function.parameters if form[0] == "name" and item[0] == form[2]]
        for annotation in annotations:
            outer = annotation[2] if annotation is not None and annotation[0] == "sub" else annotation
            if outer is not None and outer[0] == "name" and outer[2] in names:
                return True
        return False

    def holds_keys(self, form: Form, value: Value, kind: str) -> bool:
        """Whether a container is one of valid keys: by its name, or the name of what it was got from."""
        names = [name_of(form)]
        if form[0] == "name":
            names += [name_of(item[3]) for item in self.scope.assignments(form[2]) if item[0] == "assign"]
        for name in names:
            words = words_of(name)
            if _NO_KEYS & set(words):
                return False
            kept = [word for word in words if word not in _VERBS]
            if kept and self.words.kind("_".join(kept)) and not _headers(value):
                return True
            if words[-1:] in (["keys"], ["tokens"], ["secrets"], ["apikeys"]) and len(words) < 4:
                return True
        return any(isinstance(option, Environment) and not option.name.startswith("parameter ")
                   and self.words.kind(option.name) for option in options(value))  # fmt: skip


def _alike(setting: str, given: str) -> str:
    """What both a setting and what is sent are called, whatever it is for: `CRON_TOKEN` and `X-Cron-Token`."""
    ours, theirs = words_of(setting), words_of(given)
    if not ours or not theirs or ours[-1] != theirs[-1] or len(ours) < 2:
        return ""
    return ours[-1] if ours[-1] in ("token", "secret") and ours[-2] in theirs else ""


def _headers(value: Value) -> bool:
    """Whether a collection holds names of fields rather than keys."""
    known = [
        item.value
        for option in options(value)
        for item in (option.items if isinstance(option, Collection) else [])
        if isinstance(item, Const) and isinstance(item.value, str)
    ]
    mapped = any(isinstance(option, Mapping) for option in options(value))
    return bool(known) and not mapped and not any(plausible(text, "API key", "", Reach.COMPARED) for text in known)


def _expected(given: Form, secret: Form) -> str:
    """What a helper compares that gets both sides: `key` with `expected_key`, `signature` with `expected_signature`."""
    words, sent = words_of(name_of(secret)), words_of(name_of(given))
    if secret[0] != "name" or len(words) < 2 or words[0] not in _EXPECTED or sent[:1] == words[:1]:
        return ""
    kinds = {"key": "API key", "token": "token", "signature": "signature", "secret": "secret"}
    return kinds.get(words[-1], "") if sent[-1:] == words[-1:] and set(sent) <= _RECEIVED else ""


def _may_hold(name: str) -> bool:
    words = set(words_of(name))
    return not words & (_BARE | word_set("type name header url algorithm prefix scheme scope role id"))
