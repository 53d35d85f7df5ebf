"""FSL402: a login answers at once for an unknown user, and after a slow hash for a known one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import InsertStatements
from fastapi_seclint.facts.bindings import blocks
from fastapi_seclint.facts.forms import Form, arguments, awaited, mentions, span_of, walk
from fastapi_seclint.facts.ordered import is_expression
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.rule import Evidence, Finding, Fix, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import bodies
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.logins.handed import handed
from fastapi_seclint.subjects.logins.handlers import looks_strictly, tells_of_nothing
from fastapi_seclint.subjects.logins.held_accounts import accounts_given, looked_up_in
from fastapi_seclint.subjects.logins.looked_up_in_place import (
    asked_in_turn,
    is_among,
    is_caught_alone,
    is_entry,
    stores_asked,
)
from fastapi_seclint.subjects.logins.worlds import FOUND, is_account, mentions_password, truth
from fastapi_seclint.subjects.passwords.dummies import dummy
from fastapi_seclint.subjects.passwords.followed import Passwords, passwords
from fastapi_seclint.subjects.passwords.names import FOREIGN
from fastapi_seclint.subjects.passwords.plain_comparison import is_stored
from fastapi_seclint.subjects.passwords.spending import is_slow, leaves
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.logins.worlds import Truth

RULE = Rule(
    code="FSL402",
    name="login-timing-leak",
    summary="no hash is verified for an unknown user, so the time of the answer tells who has an account",
    severity="low",
    confidence="medium",
    persona="pedantic",
    cwe=(208, 203),
    owasp=("API2",),
    guide="2",
    fixable="unsafe",
)

_LOGIN = re.compile(r"log_?in|sign_?in|authenticate|verify_user|check_(user|credentials)|iniciar", re.I)
_AT_START = re.compile(
    r"lifespan|startup|on_start|(^|_)(seed|init|setup|bootstrap|create_(default|first|initial|super))(_|$)", re.I
)
"""What runs when the program starts, and nobody waits for."""
_PRESENT_ONE = re.compile(
    rf"(^|_)(current|old|previous|present|existing)_?(pass|pwd)"
    rf"|(^|_)(ancien|altes|antigua|antiga|anterior|vecchia|eski|lama)_({FOREIGN})"
    rf"|(^|_)({FOREIGN})_(actuel|aktuell|actual|atual|attuale|anterior|antigua|antiga|lama)",
    re.I,
)
_ANYTHING = {"Exception", "BaseException"}
_GUARD = re.compile(r"^_?(get|require|load|fetch)_(current|logged)_")
_PRESENT = re.compile(r"(^|_)(current|(?<!remember_)me)(_|$)|change|update|delete|confirm|old_password", re.I)


@RULE.check
def login_timing_leak(program: Program) -> Iterator[Finding]:
    """One finding for each function that looks a user up and verifies his password only when there is one."""
    known = passwords(program)
    for block in known.blocks:
        function = block.function
        if function is None or (_PRESENT.search(function.name) and not _GUARD.match(function.name)):
            continue
        if _AT_START.search(function.name):
            continue
        if any(_PRESENT.search(item[0]) for item in function.parameters):
            continue
        truths = looked_up_in(known.program, block)
        calls = block.forms.of("call")
        verified = [form for form in calls if _is_verified(known, block, form, truths)]
        handed_on = [form for form in calls if form not in verified and _is_handed_on(known, block, form, truths)]
        verified += handed_on
        if any(map(_is_present_one, verified)):
            continue
        skipped = [_skips(known, block, form, truths) for form in verified]
        early = skipped[0] if skipped and None not in skipped else None
        if early is None and verified and not any(skipped) and _LOGIN.search(function.name):
            yield from _of_lookup(known, block, verified[0])
        if early is not None and not (mentions(early, accounts_given(function)) and is_handler(program, function)):
            fix = _fix(known, block, early, verified[0]) if verified[0] not in handed_on else None
            yield _finding(block, early, block.location(verified[0]), fix)


def _finding(block: Block, early: Form, verified: Location, fix: Fix | None) -> Finding:
    return RULE.finding(
        block.location(early),
        "a stranger sees by the time of the answer that there is no such account, since no hash is verified then: "
        "verify a dummy hash for an unknown user",
        symbol=block.symbol,
        evidence=[Evidence(verified, "the password of a known user is verified here")],
        fix=fix,
    )


def _of_lookup(known: Passwords, block: Block, verification: Form) -> Iterator[Finding]:
    """The test in the function that a login has its account of, which raises where there is none."""
    named = {form[2] for form in walk([verification[2], *arguments(verification)]) if form[0] == "name"}
    for form in block.forms.of("assign"):
        value = awaited(form[3])
        targets = {target[2] for target in form[2] if target[0] == "name"}
        if (
            value[0] != "call"
            or form[1] > verification[1]
            or not named & targets & set(looked_up_in(known.program, block))
        ):
            continue
        for inner in bodies(known.program, block, value):
            truths = looked_up_in(known.program, inner)
            for test in inner.forms.of("if"):
                absent = truth(test[2], _known(truths))["absent"] == frozenset({True})
                if (
                    absent
                    and _asks_for_account(test[2], truths)
                    and leaves(known.program, inner, test[3])
                    and test[3][-1][0] == "raise"
                ):
                    yield _finding(inner, test[2], block.location(verification), None)


def _is_present_one(verification: Form) -> bool:
    """Whether what is verified is the password that a user has so far, by its name: `data.old_password`."""
    given = walk(arguments(verification))
    named = [form[-1] for form in given if form[0] in ("name", "attr", "const") and isinstance(form[-1], str)]
    return any(_PRESENT_ONE.search(name) for name in named)


def _is_verified(known: Passwords, block: Block, call: Form, truths: dict[str, Truth]) -> bool:
    """Whether a call verifies a password against the hash of an account that was looked up."""
    owner = call[2][2] if call[2][0] == "attr" else None
    given = arguments(call)
    if owner is not None and owner[0] == "name" and (is_account(owner[2]) or owner[2] in truths):
        return known.is_verification(block, call) or _is_method(known, call)
    if owner is not None and owner[0] == "call" and any(_named(item, truths) for item in owner[3]):
        return _is_method(known, call)
    if not known.is_verification(block, call) and not _is_handed_both(call, truths):
        return False
    if known.is_verification(block, call) and any(is_entry(item, _is_login(block)) for item in given):
        return True
    for inner in walk(given):
        if inner[0] in ("attr", "sub", "call") and is_stored(known, block, inner):
            return True
        if inner[0] == "attr" and inner[2][0] == "name" and truths.get(inner[2][2]) == FOUND:
            return True
        if inner[0] == "name" and truths.get(inner[2]) == FOUND and not is_account(inner[2]):
            return True
        taken = _taken(block, inner[2]) if inner[0] == "name" else []
        if any(
            (value[0] != "name" and is_stored(known, block, value))
            or (_named(_whole(value), truths) and truths[_whole(value)[2]] == FOUND)
            for value in taken
        ):
            return True
    return False


def _is_handed_on(known: Passwords, block: Block, call: Form, truths: dict[str, Truth]) -> bool:
    """Whether a call hands the account to a function of the project that verifies a password against it."""
    if not any(item[0] == "name" and truths.get(item[2]) == FOUND for item in arguments(call)):
        return False
    for inner in bodies(known.program, block, call):
        given = dict(handed(call, inner.function, truths)) if inner.function is not None else {}
        if given and any(_is_verified(known, inner, form, given) for form in inner.forms.of("call")):
            return True
    return False


def _is_login(block: Block) -> bool:
    """Whether a function says that it is one: whoever enters a room by its password has no account there."""
    return block.function is not None and _LOGIN.search(block.function.name) is not None


def _is_handed_both(call: Form, truths: dict[str, Truth]) -> bool:
    """Whether a method that says that it verifies is handed a password and a part of the account that was looked up."""
    called = call[2][3] if call[2][0] == "attr" else ""
    parts = [item for item in call[3] if item[0] == "attr" and _named(item[2], truths)]
    return called == "verify" and bool(parts) and mentions_password([item for item in call[3] if item not in parts])


def _taken(block: Block, name: str) -> list[Form]:
    """What a name of the function is a part of: `hashed = user.password`, `user_id, hashed = row`."""
    given = block.scope.assignments(name) if isinstance(block.scope, FunctionScope) else []
    return [
        item[3]
        for item in given
        if item[0] == "assign"
        and (item[3][0] in ("attr", "sub") or (item[3][0] == "name" and any(part[0] == "tuple" for part in item[2])))
    ]


def _whole(part: Form) -> Form:
    """What a part is taken from; the row itself where it is spread over several names."""
    whole: Form = part if part[0] == "name" else part[2]
    return whole


def _is_method(known: Passwords, call: Form) -> bool:
    """Whether a method that verifies in some class of the project has this name: `user.matches(password)`."""
    if not mentions_password(call[3]):
        return False
    for block in known.program.sites.blocks(frozenset({call[2][3]})):
        for form in block.forms.of("class"):
            numbers = [item[2] for item in form[6] if item[0] == "def" and item[3] == call[2][3]]
            functions = (known.program.sites.function(block.module, number) for number in numbers)
            if any(function is not None and known.verifies(function) for function in functions):
                return True
    return False


def _skips(known: Passwords, block: Block, verification: Form, truths: dict[str, Truth]) -> Form | None:
    """The test that ends the function for an unknown user before the verification, or in front of it."""
    stores = stores_asked(block, verification, _is_login(block), _taken)

    if any(_spends_time(known, block, form, truths, stores) for form in block.forms.every if form[1] < verification[1]):
        return None
    for form in block.forms.every:
        if form[0] == "try" and (missing := _not_found(known, block, form, verification, truths)) is not None:
            return missing
        if form[0] == "bool" and any(item is verification for item in walk(form)):
            before = [item for item in form[3] if not any(inner is verification for inner in walk(item))]
            for item in before:
                if item[1] < verification[1] and (_asks_for_account(item, truths) or is_among(item, stores)):
                    return form
        if (
            form[0] == "if"
            and is_among(form[2], stores)
            and form[1] < verification[1]
            and leaves(known.program, block, form[3])
        ):
            return None if form[2][3] == ["in"] else form[2]
        if form[0] not in ("if", "ifexp") or not _asks_for_account(form[2], truths):
            continue
        test: Form = form[2]
        if any(item is verification for item in walk(test)):
            continue
        found = truth(test, _known(truths))
        first = any(item is verification for item in walk(form[3])) and not is_slow(known.program, block, form[4])
        if first and found["absent"] == frozenset({False}):
            return test
        second = any(item is verification for item in walk(form[4])) and not is_slow(known.program, block, form[3])
        if second and found["absent"] == frozenset({True}):
            return test
        if (
            form[0] == "if"
            and form[1] < verification[1]
            and leaves(known.program, block, form[3])
            and found["absent"] == frozenset({True})
        ):
            return test
    return _in_turn(known, block, verification)


def _in_turn(known: Passwords, block: Block, verification: Form) -> Form | None:
    """The test in a loop through the accounts, where no hash is made for those that nobody has behind it."""
    found = asked_in_turn(block, verification)
    if found is None:
        return None
    test, loop = found
    inside = {id(item) for item in walk(loop)}
    around = (form for form in block.forms.of("call") if id(form) not in inside)
    elsewhere = [form for form in around if not any(item is loop for item in walk(form))]
    return test if not any(is_slow(known.program, block, [form]) for form in elsewhere) else None


def _not_found(known: Passwords, block: Block, form: Form, verification: Form, truths: dict[str, Truth]) -> Form | None:
    """What ends a function when the lookup says by an exception that there is no such account."""
    looked = [item for item in walk(form[2]) if item[0] == "assign" and _named(item[2][0], truths)]
    inside = any(item is verification for item in walk(form[2])) and any(
        is_entry(item, True) for item in arguments(verification)
    )
    if not (inside or any(_is_lookup(item[3]) for item in looked)) or verification[1] < form[1]:
        return None
    for caught, _, statements, _ in form[3]:
        names = [str(item[-1]) for item in walk(caught) if item[0] in ("name", "attr")] if caught is not None else []
        strictly = not set(names) - _ANYTHING and looks_strictly(form[2])
        if (strictly or any(map(tells_of_nothing, names))) and leaves(known.program, block, statements):
            last: Form = statements[-1]
            return last
    return None


def _named(form: Form, truths: dict[str, Truth]) -> bool:
    return form[0] == "name" and form[2] in truths


def _is_lookup(value: Form) -> bool:
    """Whether an account is found by a call, or in a dictionary of accounts; the claim of a token is none."""
    value = awaited(value)
    if value[0] == "sub" and value[3][0] != "const":
        return True
    return bool(value[0] == "call" or (value[0] == "sub" and value[2][0] == "name" and is_account(value[2][2])))


def _known(truths: dict[str, Truth]) -> Callable[[Form], Truth | None]:
    return lambda form: truths.get(form[2]) if form[0] == "name" else None


def _spends_time(known: Passwords, block: Block, form: Form, truths: dict[str, Truth], stores: set[str]) -> bool:
    """Whether a statement hashes something for an unknown user, and for him only."""
    if form[0] == "if" and is_among(form[2], stores) and form[2][3] == ["not in"]:
        return is_slow(known.program, block, form[3])
    if form[0] != "if" or not _asks_for_account(form[2], truths) or not is_slow(known.program, block, form[3]):
        return False
    found = truth(form[2], _known(truths))
    return found["absent"] == frozenset({True}) and found["right"] == frozenset({False})


def _fix(known: Passwords, block: Block, early: Form, verification: Form) -> Fix | None:
    """A dummy verification, in the branch that leaves or above the statement that skips the real one."""
    made = dummy(known, block, verification)
    accounts = "|".join(map(re.escape, looked_up_in(known.program, block)))
    if made is None or (accounts and re.search(rf"\b({accounts})\b[.\[]", made.code)):
        return None  # nobody has no hash that it could be
    branches = (
        form
        for form in block.forms.every
        if form[0] == "if" and form[2] is early and leaves(known.program, block, form[3])
    )
    branch = next((one for one in branches if not is_expression(one)), None)
    if branch is not None and not any(form is verification for form in walk(branch[2:4])):
        edit = InsertStatements(block.module.path, span_of(branch[3][0][1]), "before", made.code)
    elif early[0] in ("return", "raise") and is_caught_alone(block, early):
        edit = InsertStatements(block.module.path, span_of(early[1]), "before", made.code)
    else:
        statement = _statement(block.statements, early)
        test = _absent(
            early, looked_up_in(known.program, block), stores_asked(block, verification, _is_login(block), _taken)
        )
        if statement is None or test is None:
            return None
        text = f"if {test}:\n    {made.code}"
        edit = InsertStatements(block.module.path, span_of(statement[1]), "before", text)
    return Fix("verify a dummy hash for an unknown user", False, (*made.edits, edit))


def _statement(statements: list[Form], form: Form) -> Form | None:
    """The innermost statement that an expression stands in."""
    for statement in statements:
        if not any(item is form for item in walk(statement)):
            continue
        return next((inner for block in blocks(statement) if (inner := _statement(block, form)) is not None), statement)
    return None


def _absent(test: Form, truths: dict[str, Truth], stores: set[str]) -> str | None:
    """The test whether there is no account, in the way in which another one asks for it."""
    match test:
        case ["unary", _, "not", value]:
            return _absent(value, truths, stores)
        case ["compare", _, ["name", _, name], [operator], _] if name in truths:
            return f"{name} is None" if operator in ("is", "is not") else f"{name} == None"
        case ["name", _, name] if name in truths:
            return f"not {name}"
        case ["compare", _, key, _, [owner]] if is_among(test, stores):
            asked, among = code(key), code(owner)
            return f"{asked} not in {among}" if asked and among else None
        case ["bool", _, _, items]:
            return next((found for item in items if (found := _absent(item, truths, stores)) is not None), None)
    return None


def _asks_for_account(test: Form, truths: dict[str, Truth]) -> bool:
    """Whether a test, or a part of it, is whether the account is there."""
    match test:
        case ["unary", _, "not", value]:
            return _asks_for_account(value, truths)
        case ["compare", _, value, ["is" | "is not" | "==" | "!="], [["const", _, None]]]:
            return value[0] in ("name", "walrus") and _asks_for_account(value, truths)
        case ["compare", _, ["call", _, ["name", _, "len"], [value], _], _, [["const", _, int()]]]:
            return _asks_for_account(value, truths)
        case ["walrus", _, name, _] | ["call", _, ["name", _, "isinstance"], [name, _], _]:
            return _asks_for_account(name, truths)
        case ["name", _, name]:
            return name in truths
        case ["bool", _, _, items]:
            return any(_asks_for_account(item, truths) for item in items)
    return False
