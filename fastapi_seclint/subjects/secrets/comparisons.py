"""Where something that a caller sends is compared with a secret of the program: `==`, `in`, `compare_digest`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Const, Environment, Instance, Text, Value, options
from fastapi_seclint.subjects.code.configured_lists import is_configured_item
from fastapi_seclint.subjects.code.entries import accounts_of, is_field_of_entry, is_kept_in_code
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.literals import texts
from fastapi_seclint.subjects.code.loops import loops
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.reads import reads_setting
from fastapi_seclint.subjects.code.trials import for_trying
from fastapi_seclint.subjects.secrets.key_collections import are_read, fills, made_of_keys, mapped, names_of_fields
from fastapi_seclint.subjects.secrets.key_makers import is_made_at_random
from fastapi_seclint.subjects.secrets.lent import Lent, handed, lent
from fastapi_seclint.subjects.secrets.names import Reach, plausible, random_looking, word_set
from fastapi_seclint.subjects.secrets.pairs import equality, pairs
from fastapi_seclint.subjects.secrets.presented import from_header, presented
from fastapi_seclint.subjects.secrets.rows import is_key_of_row, no_caller
from fastapi_seclint.subjects.secrets.sealed import given_around, is_of_application, is_sealed
from fastapi_seclint.subjects.secrets.sent import Sent, core, filled
from fastapi_seclint.subjects.secrets.sides import (
    alike,
    calls_itself_given,
    expected,
    is_clients_key,
    is_configured_header,
    is_some_token,
    may_hold,
    names_some_key,
    of_key,
    reads_header,
    right_one,
)
from fastapi_seclint.subjects.secrets.signing import is_digest, keeps_digest, searched
from fastapi_seclint.subjects.secrets.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_WORDS = (
    b"secret", b"passw", b"key", b"token", b"signature", b"digest", b"credential", b"authorization", b"configured",
    b"valid", b"known", b"allowed", b"headers", b"expected", b"sign", b"hmac",
)  # fmt: skip
_REFUSALS = (b",401]", b",403]", b"HTTP_401_UNAUTHORIZED", b"HTTP_403_FORBIDDEN", b"UNAUTHORIZED", b"FORBIDDEN")
"""What a stranger is answered, whatever the secret that he does not know is called."""
_HELD = ("API key", "token", "secret")
_STATUSES = frozenset({"401", "403", "HTTP_401_UNAUTHORIZED", "HTTP_403_FORBIDDEN", "UNAUTHORIZED", "FORBIDDEN"})
_VERBS = word_set("get load fetch read list find current valid known")
_NO_KEYS = word_set("revoked blacklist blacklisted denylist used seen special stop reserved forbidden db database")


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
    caller: Block | None = None
    """Where a helper that compares gets both sides from, and what it is given there."""
    handed: Form | None = None

    @property
    def negative(self) -> bool:
        """Whether it is true when the two differ."""
        return self.operator in ("!=", "not in")


@answered_once
def comparisons(program: Program) -> list[Comparison]:
    """Every comparison of a request's credential with a secret, in order; found once a program."""
    found: list[Comparison] = []
    for module in sorted(program.modules.by_file.values(), key=lambda item: item.path):
        if program.is_test(module) or for_trying(program, module):
            continue
        named = {*module.facts.speaking(*_WORDS, folded=True), *module.facts.speaking(*_REFUSALS)}
        for number in module.facts.speaking(b'["compare"', b"compare_digest", b'"__eq__"', b'"eq"'):
            block = program.sites.block(module, number) if number in named else None
            if block is not None and isinstance(block.scope, FunctionScope):
                words = vocabulary(program)
                sent = Sent(program, words, block, block.scope)
                found += _Search(program, words, block, block.scope, sent).run()
    own = {(item.block.module.file, item.form[1]) for item in found}
    helped = (item for item in _lent(program) if (item.block.module.file, item.form[1]) not in own)
    return [*found, *helped]


def _lent(program: Program) -> Iterator[Comparison]:
    """The comparisons in helpers that somebody gives a credential and a secret to, once each."""
    seen: set[tuple[str, int]] = set()
    for item in lent(program):
        block, scope, place = item.caller, item.caller.scope, (item.block.module.file, item.form[1])
        if place in seen or not isinstance(scope, FunctionScope) or for_trying(program, block.module):
            continue
        words = vocabulary(program)
        search = _Search(program, words, block, scope, Sent(program, words, block, scope))
        for found in search.equal(item.form, item.operator, *item.given, own=item):
            seen.add(place)
            left, right = item.sides if found.given is item.given[0] else reversed(item.sides)
            yield replace(found, block=item.block, given=left, secret=right, caller=block, handed=found.given)


def _is_key(default: Value | None) -> bool:
    """Whether a setting that callers send has no default, or one that is made at random by its looks."""
    known = [] if default is None else list(options(default))
    return all(isinstance(one, Const) and isinstance(one.value, str) and random_looking(one.value) for one in known)


@dataclass(slots=True)
class _Search:
    program: Program
    words: Vocabulary
    block: Block
    scope: FunctionScope
    sent: Sent

    def run(self) -> Iterator[Comparison]:
        for form in self.block.forms.of("compare", "call"):
            if form[0] == "call":
                same = equality(form)
                yield from self.equal(form, *same) if same is not None else ()
                continue
            whole = next((item for pair in pairs(self.block, form) for item in self.equal(form, *pair)), None)
            if whole is not None:
                yield whole
            elif (found := searched(form)) is not None:
                yield from self.member(form, *found)
            elif (same := equality(form)) is not None:
                yield from self.equal(form, *same)
            elif form[3] in (["in"], ["not in"]) and core(form[2])[0] == "tuple":
                yield from self.account_among(form, form[3][0], core(form[2])[2], form[4][0])
            elif form[3] in (["in"], ["not in"]):
                yield from self.member(form, form[3][0], form[2], form[4][0])

    def equal(self, form: Form, operator: str, one: Form, two: Form, own: Lent | None = None) -> Iterator[Comparison]:
        """`own` is the helper that compares what it is given here, perhaps with what its object keeps."""
        sides = (core(one), core(two))
        for given, secret in ((one, two), (two, one)):
            if not self.sent.is_sent(core(given)) or no_caller(self.program, self.block, core(given), core(secret)):
                continue
            if any(calls_itself_given(a) and self.sent.is_read(b) for a, b in permutations(sides)):
                return
            where = own.block if own is not None and secret is own.kept else self.block
            value = ask(self.program, where, core(secret))
            kind = self.kind(core(given), core(secret), value) or self.account(core(given), core(secret))
            kind = kind or ("signature" if keeps_digest(self.program, where, core(secret)) else "")
            kind = kind or self.opens(form if own is None else given, core(given), value)
            if kind := kind or self.sealed(secret, core(given)):
                yield Comparison(self.block, form, operator, given, secret, kind, value)
                return

    def kind(self, given: Form, secret: Form, value: Value) -> str:
        """What kind of secret an expression is that something sent is compared with; empty for none."""
        own, sent = self.words.kind(name_of(filled(secret))) or self.read_kind(value), self.sent.kind(given)
        sent = sent or self.presented(given)
        written = list(texts(secret))
        if written or all(isinstance(option, Const) and option.value not in (None, "") for option in options(value)):
            known: list[object] = [text for text, _ in written]
            known = known or [option.value for option in options(value) if isinstance(option, Const)]
            kind = own or sent or right_one(given, secret)
            name = name_of(secret) if own else name_of(given)
            if kind == "password" and is_field_of_entry(self.block, secret):
                return ""
            found = any(isinstance(text, str) and plausible(text, kind, name, Reach.COMPARED) for text in known)
            return kind if kind and found and self.speaks_web() else ""
        if own == sent == "password" and secret[0] in ("attr", "sub") and is_configured_item(self.block, secret[2]):
            return "password"
        if self.is_one_of_many(secret, given, own, sent) or self.is_item(secret, given, sent):
            return "secret" if words_of(name_of(secret))[-1:] == ["secret"] else "API key"
        if is_made_at_random(secret, value):
            return own or sent or "secret"
        if sent in _HELD and is_clients_key(secret):
            return sent
        if is_digest(self.program, self.block, secret) or expected(given, secret) == "signature":
            return "signature"
        if not self.configured(secret, value):
            return expected(given, secret)
        if own:
            return own
        if sent and (may_hold(name_of(secret)) or (sent == "API key" and secret[0] == "attr" and secret[3] == "key")):
            return sent
        if kind := self.presented(given) or is_configured_header(self.assigned(given), secret):
            return kind
        named = [name_of(secret), *(option.name for option in options(value) if isinstance(option, Environment))]
        if of_key(given, named, self.is_header(given) or reads_header(given)):
            return "API key"
        heard = list(self.sent.names(given))
        return next((kind for name in named for other in heard if (kind := alike(name, other))), "")

    def opens(self, form: Form, given: Form, value: Value) -> str:
        """`secret` where whoever sends what a setting says in a header is let in, and others get a 401 or 403.

        A helper that is given what was sent does not see whence it comes; then the setting has to be called a key.
        `form` is the comparison, or what is handed to the helper that compares.
        """
        read = [option for option in options(value) if isinstance(option, Environment)]
        if not read or not all(" " not in option.name and _is_key(option.default) for option in read):
            return ""
        if not self.is_header(given) and not all(words_of(option.name)[-1:] == ["key"] for option in read):
            return ""
        tests = (test for test in self.block.forms.of("if") if any(inner is form for inner in walk(test[2])))
        told = {str(inner[-1]) for test in tests for inner in walk(test[3:]) if inner[0] in ("const", "attr", "name")}
        return "secret" if told & _STATUSES else ""

    def sealed(self, secret: Form, given: Form) -> str:
        """`secret` where what is sent is compared with the text of a `SecretStr`; whose password it is tells `kind`."""
        kind = self.sent.kind(given) or "secret"
        if kind == "password" or self.sent.is_sent(core(secret)):
            return ""
        return kind if is_sealed(self.program, self.block, secret) else ""

    def is_header(self, form: Form) -> bool:
        """Whether a name is a parameter that a header or a cookie fills."""
        return form[0] == "name" and from_header(self.program, self.scope.function, form[2])

    def account(self, given: Form, secret: Form) -> str:
        """`password` where one is compared with that of a configured account, `accounts.get(username) == password`.

        Where the file itself keeps the accounts, they are stored in the clear, which is another mistake.
        """
        accounts = accounts_of(secret) if self.sent.kind(given) == "password" else None
        if accounts is None or is_kept_in_code(accounts, ask(self.program, self.block, accounts)):
            return ""
        return "password"

    def read_kind(self, value: Value) -> str:
        """What kind of secret is read from the environment into a name that does not say it."""
        names = [option.name for option in options(value) if isinstance(option, Environment)]
        names = [name for name in names if " " not in name]
        known = next((kind for name in names if (kind := self.words.kind(name))), "")
        return known or ("token" if any(map(is_some_token, names)) else "")

    def is_one_of_many(self, form: Form, given: Form, own: str, sent: str) -> bool:
        """Whether an expression is one key of several that a loop goes through."""
        root = form[2] if form[0] in ("attr", "sub") else form
        if root[0] == "name" and not own and not sent and loops(self.block, root[2]):
            sent = handed(self.program, self.words, self.scope.function, given)
        if root[0] == "name" and not own and not sent and self.is_header(given):
            sent = next(("API key" for over, _ in loops(self.block, root[2]) if self.are_keys(mapped(over))), "")
        if root[0] != "name" or not {"API key", "token"} & {own, sent}:
            return False
        for iterable, _ in loops(self.block, root[2]):
            iterable = mapped(iterable)
            value = ask(self.program, self.block, iterable)
            if form[0] == "name":
                held = "API key" in (own, sent) or (sent == "token" and are_read(value))
                return held and self.holds_keys(iterable, value, sent)
            return own == sent == "API key" or (own == sent and self.configured(iterable, value))
        return False

    def is_item(self, form: Form, given: Form, sent: str) -> bool:
        """Whether an expression is the key of one entry of configured ones, and a key is sent: `client.key == sent`."""
        part = form[0] in ("attr", "sub") and form[2][0] == "name"
        if not part or words_of(name_of(form))[-1:] not in (["key"], ["apikey"], ["token"], ["secret"]):
            return False
        iterables = [mapped(iterable) for iterable, _ in loops(self.block, form[2][2])]
        values = [(item, ask(self.program, self.block, item)) for item in iterables]
        keyed = words_of(name_of(form))[-1:] in (["key"], ["apikey"])
        held = any(self.configured(*pair) or (keyed and self.holds_keys(*pair, "API key")) for pair in values)
        held = held or is_key_of_row(self.block, form, plain=self.is_header(given))
        return held and (sent or handed(self.program, self.words, self.scope.function, given)) in _HELD

    def assigned(self, form: Form) -> Form:
        """What a local name is given where it is given one thing, else the expression itself."""
        given = self.scope.assignments(form[2]) if form[0] == "name" else []
        once = len(given) == 1 and given[0][0] in ("assign", "annassign") and given[0][-1] is not None
        return given[0][-1] if once else form

    def presented(self, form: Form) -> str:
        """What kind of credential FastAPI puts into a parameter."""
        names = self.sent.names(form) if form[0] == "name" else ()
        return next((kind for name in names if (kind := presented(self.program, self.scope.function, name))), "")

    def speaks_web(self) -> bool:
        return any(name.split(".")[0] in ("fastapi", "starlette") for name in self.block.module.facts.imports)

    def configured(self, form: Form, value: Value) -> bool:
        """Whether an expression is the program's own: a setting, a constant, an attribute that holds one."""
        for option in options(value):
            if isinstance(option, Environment):
                return not option.name.startswith("parameter ")
            if isinstance(option, Text) and any(isinstance(part, Environment) and not part.name.startswith("parameter ")
                                                for part in option.parts):  # fmt: skip
                return True
        if form[0] == "fstr":
            return any(part[0] == "fmt" and self.configured(part[2], ask(self.program, self.block, part[2]))
                       for part in form[2])  # fmt: skip
        if form[0] == "sub" and form[3][0] == "const" and isinstance(form[3][2], int):
            form = form[2]
        if form[0] == "name":
            if self.scope.is_local(form[2]):
                return False
            return bool(form[2].isupper()) or any(map(reads_setting, given_around(self.program, self.block, form[2])))
        if reads_setting(form) or is_of_application(form):
            return True
        return bool(form[0] == "attr" and form[2][0] == "name" and form[2][2] == "self")

    def member(self, form: Form, operator: str, left: Form, right: Form) -> Iterator[Comparison]:
        if core(left)[0] == "name" and self.is_of_several(core(left)[2]):
            return
        kind = self.sent.kind(core(left)) or self.unnamed(core(left), right) or self.presented(core(left))
        if not kind and right[0] == "name":
            kind = alike(name_of(right).lower().removesuffix("s"), name_of(core(left)))
        kind = kind or handed(self.program, self.words, self.scope.function, core(left))
        if kind not in _HELD or not self.sent.is_sent(core(left)) or fills(self.block, left, right):
            return
        if self.sent.is_annotated(core(left), ("int",)) or (
            kind == "token" and self.sent.is_annotated(right, ("set", "frozenset"))
        ):
            return
        if kind == "token" and (self.sent.is_decoded(core(left)) or self.is_of_series(core(left))):
            return
        value = ask(self.program, self.block, core(right))
        if right[0] in ("list", "set", "tuple"):
            written = [text for text, _ in texts(right)]
            found = any(plausible(text, kind, name_of(left), Reach.COMPARED) for text in written)
            if not (found and self.speaks_web()) and not any(self.is_setting(item, kind) for item in right[2]):
                return
        elif isinstance(value, Instance) or not self.holds_keys(right, value, kind):
            return
        yield Comparison(self.block, form, operator, left, right, kind, value)

    def account_among(self, form: Form, operator: str, parts: list[Form], right: Form) -> Iterator[Comparison]:
        """`(name, password) in ACCOUNTS`, where these are configured and not written in the file."""
        whole = right[2][2] if right[0] == "call" and right[2][0] == "attr" and right[2][3] == "items" else right
        value = ask(self.program, self.block, whole)
        if is_kept_in_code(whole, value) or not self.configured(whole, value):
            return
        for part in parts:
            if self.sent.kind(core(part)) == "password" and self.sent.is_sent(core(part)):
                yield Comparison(self.block, form, operator, part, right, "password", value)

    def is_of_several(self, name: str) -> bool:
        """Whether a name stands for several values together, the key of a table or record: `key = (code, system)`."""
        given = [item[3] for item in self.scope.assignments(name) if item[0] == "assign"]
        return bool(given) and all(item[0] == "tuple" and len(item[2]) > 1 for item in given)

    def is_of_series(self, form: Form) -> bool:
        """Whether a name stands for one after the other of a series, as the tokens of a text are: `parts[i]`."""
        given = (
            [item[3] for item in self.scope.assignments(form[2]) if item[0] == "assign"] if form[0] == "name" else []
        )
        return bool(given) and all(item[0] == "sub" and item[3][0] in ("name", "binop") for item in given)

    def is_setting(self, form: Form, kind: str) -> bool:
        """Whether one of the things in a display is a key that the program is configured with."""
        value = ask(self.program, self.block, core(form))
        named = self.words.kind(name_of(core(form))) or self.read_kind(value)
        name = name_of(core(form))
        held = named in _HELD or (kind == "API key" and (may_hold(name) or names_some_key(name)))
        return held and self.configured(core(form), value)

    def unnamed(self, form: Form, keys: Form) -> str:
        """`API key` for a header of any name that is looked for among configured keys."""
        given = self.scope.assignments(form[2]) if form[0] == "name" else []
        read = [form, *(item[3] for item in given if item[0] == "assign")]
        header = self.is_header(form) or any(
            item[0] == "attr" and item[3] in ("headers", "cookies") for item in walk(read)
        )
        return "API key" if header and self.are_keys(core(keys)) else ""

    def are_keys(self, form: Form) -> bool:
        """Whether a collection of any name is made of configured keys."""
        return made_of_keys(self.program, self.words, self.block, form)

    def holds_keys(self, form: Form, value: Value, kind: str) -> bool:
        """Whether a container is one of valid keys: by its name, or the name of what it was got from."""
        names = [name_of(form)]
        if form[0] == "name":
            given = [item[3] for item in self.scope.assignments(form[2]) if item[0] == "assign"]
            names += [name_of(item) for item in given]
            kept = [name_of(one) for item in given if item[0] in ("set", "list", "tuple") for one in item[2]]
            if kept and all(words_of(name)[-1:] in (["key"], ["token"], ["secret"]) for name in kept):
                return True
        for name in names:
            words = words_of(name)
            if _NO_KEYS & set(words):
                return False
            kept = [word for word in words if word not in _VERBS]
            if kept and self.words.kind("_".join(kept)) and not names_of_fields(value):
                return True
            if words[-1:] in (["keys"], ["tokens"], ["secrets"], ["apikeys"]) and len(words) < 4:
                return True
        return self.are_keys(form)
