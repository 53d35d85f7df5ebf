"""How fast digests of passwords become slow hashes: where one is made to be kept, and where one is made to compare.

A login that still compares digests would let nobody in, so one fix mends all that belong together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, RemoveStatement, ReplaceExpression
from fastapi_seclint.facts.forms import Form, mentions, names_in, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.code.sql import met, written_out
from fastapi_seclint.subjects.passwords.comparing import PARTS, Comparison, comparisons_of, made_of, plain_in, typed
from fastapi_seclint.subjects.passwords.fixes import HASHING, VERIFYING, hasher_for, used
from fastapi_seclint.subjects.passwords.found_by import QUERIES, criteria, found_by_column, found_by_name, is_column
from fastapi_seclint.subjects.passwords.hashers import DIGESTS
from fastapi_seclint.subjects.passwords.joining import joined_by_callers
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.seeds import digested

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords
    from fastapi_seclint.subjects.passwords.stages import Text

_OF_HASHLIB = tuple(name for name in DIGESTS if name.startswith("hashlib."))
_ENDS = frozenset({"hexdigest", "digest", "hex", "decode", "encode", "upper", "lower"})


def slowed(known: Passwords, texts: list[Text]) -> Fix | None:
    """The fix that hashes in place of these digests and verifies where they are compared; None when one must stay."""
    edits: dict[Edit, None] = {}
    needs = ""
    for text in texts:
        found, joined = _mended(known, text), joined_by_callers(known, text)
        hasher = hasher_for(known, text.block.module)
        if found is None or joined is None or hasher is None or _is_spelled_by_callers(known, text):
            return None
        edits.update((edit, None) for edit in (*found, *joined))
        needs = needs or hasher.needs
    if all(_is_compared(known, text) for text in texts) and digests_elsewhere(known, texts):
        return None  # what is kept would not be what is verified
    edits.update((edit, None) for edit in digested(known, {text.block.module for text in texts}))
    return Fix(f"keep a slow, salted hash of the password{needs}", False, tuple(edits))


def _is_compared(known: Passwords, text: Text) -> bool:
    """Whether a digest is compared in the function that makes it, and so is none that is kept."""
    return any(block.statements is text.block.statements for block, _, _ in comparisons_of(known, text))


def digests_elsewhere(known: Passwords, texts: list[Text]) -> bool:
    """Whether the program makes a fast digest of something that is not known, perhaps of the password that it keeps."""
    places = {text.block.location(text.form) for text in texts}
    made = (call for call in known.program.sites.calls(*_OF_HASHLIB) if not known.program.is_test(call.block.module))
    unknown = (call for call in made if not all(item[0] in ("const", "bytes") for item in call.whole[3]))
    return any(not any(_covers(place, call.location) for place in places) for call in unknown)


def _covers(place: Location, inner: Location) -> bool:
    """Whether one place lies in another."""
    return place.path == inner.path and place.span.line <= inner.span.line <= place.span.end_line


def _is_spelled_by_callers(known: Passwords, text: Text) -> bool:
    """Whether callers make a text of the bytes that a function returns: `derive(word).hex()`."""
    function = text.block.function
    for block, call, _, _ in known.requests.callers.of(function) if function is not None else ():
        for form in block.forms.of("call"):
            if form[2][0] == "attr" and form[2][2] is call and form[2][3] in ("hex", "decode"):
                return True
    return False


def _mended(known: Passwords, text: Text) -> list[Edit] | None:
    """The edits for one digest: of itself, and of all comparisons of what it makes."""
    edits: list[Edit] = []
    here = False
    for block, form, parts in comparisons_of(known, text):
        own = block.statements is text.block.statements
        here = here or own
        found = _verified(known, block, form, parts) if parts is not None else None
        names = names_in([parts.plain, parts.stored]) if parts is not None else set[str]()
        gone = _let_go(text.block, text.form, form, names) if own and parts else _split_off(block, form, names)
        named = [] if own else _unnamed(known, block, form, text, names)
        if found is None or gone is None or named is None:
            return None
        edits += [*found, *gone, *named]
    for block, call, value, made in _sought(known, text):
        plain = typed(known, block, made)
        fix = found_by_name(known, block, call, value, plain) if plain is not None else None
        if fix is None:
            return None
        here = here or block.statements is text.block.statements
        edits += fix.edits
    if not here:
        kept = _kept(known, text)
        return None if kept is None else [*edits, *kept]
    return edits


def _sought(known: Passwords, text: Text) -> Iterator[tuple[Block, Form, Form, Text]]:
    """The queries that ask for the row that has a digest, and the criterion: `filter_by(digest=md5(...))`."""
    for block in known.blocks:
        for call in block.forms.of("call"):
            asked = [
                (item.column, item.value) for item in met(written_out(known.program, block, call)) if not item.written
            ]
            asked += [*criteria(call)] if call[2][0] == "attr" and call[2][3] in QUERIES else []
            for name, value in asked:
                made = made_of(known, block, value, text) if naming(name) else None
                if made is not None:
                    yield block, call, value, made


def _verified(known: Passwords, block: Block, form: Form, parts: Comparison) -> Sequence[Edit] | None:
    """The edits that verify in place of a comparison, or below the query that it is a criterion of."""
    if is_column(known, block, parts.stored):
        fix = found_by_column(known, block, form, parts.plain, parts.stored)
        return fix.edits if fix is not None else None
    return verifying(known, parts, replaced=form)


def verifying(known: Passwords, parts: Comparison, replaced: Form) -> list[Edit] | None:
    """The edits that verify in place of a comparison."""
    hasher = hasher_for(known, parts.block.module)
    plain, stored = rendered(parts.plain), parts.chosen or rendered(parts.stored)
    if hasher is None or plain is None or stored is None or (parts.perhaps_none and not hasher.takes_none):
        return None
    code = f"{'not ' if parts.negated else ''}{hasher.verifying(plain, stored)}"
    return [*used(hasher, VERIFYING), ReplaceExpression(parts.block.module.path, span_of(replaced[1]), code)]


def _kept(known: Passwords, text: Text) -> list[Edit] | None:
    """The edits that hash in the place of a digest that is kept or given back."""
    block = text.block
    hasher, plain = hasher_for(known, block.module), plain_in(known, block, text.form)
    code = rendered(plain)
    if hasher is None or plain is None or code is None:
        return None
    last = block.statements[-1] if block.statements else None
    whole = _whole(known, block, text.form)
    gone: list[Edit] | None = []
    if last is not None and last[0] == "return" and last[2] is not None:
        if not _holds(last[2], text.form) and _makes(known, block, last[2], text):
            whole = last[2]
        gone = _let_go(block, text.form, whole, names_in(plain)) if _holds(last, whole) else []
    if gone is None or whole is text.form or whole[0] == "tuple":
        return None
    edit = ReplaceExpression(block.module.path, span_of(whole[1]), hasher.hashing(code))
    return [*used(hasher, HASHING), *gone, edit]


def _makes(known: Passwords, block: Block, form: Form, text: Text) -> bool:
    made = known.text(block, form) or (known.returned(block.function) if block.function is not None else None)
    return made is not None and made.form[1] == text.form[1]


def _whole(known: Passwords, block: Block, digest: Form) -> Form:
    """The largest expression that a digest is all of, but for a salt: `salt + "$" + md5(...).hexdigest()`."""
    whole = digest
    for form in reversed(known.forms(block)):
        match form:
            case ["call", _, ["attr", _, inner, name], *_] if inner is whole and name in _ENDS:
                whole = form
    grown = True
    while grown and whole is not digest:
        grown = False
        for form in known.forms(block):
            inside = form[3:] if form[0] == "binop" else form[2] if form[0] == "fstr" else []
            if form[0] == "call" and form[2][0] == "attr" and form[2][2] is whole and form[2][3] in _ENDS:
                inside = [whole]
            parts = [item[2] if item[0] == "fmt" else item for item in inside]
            if any(item is whole for item in parts):
                whole, grown = form, True
    return whole


def _let_go(block: Block, digest: Form, replaced: Form, kept: set[str]) -> list[Edit] | None:
    """The edits that drop the statements above which only led to what is replaced; None when a digest or salt stays."""
    gone: list[Form] = []
    body = block.statements if block.function is not None else []
    above = [form for form in body if form[1] < replaced[1] and not _holds(form, replaced)]
    split = {name for form in walk(above) for name in _split_into(form)}
    for statement in reversed(above):
        names = _names(statement)
        if names is not None:
            rest = [*gone, replaced]
            feeding = [form for form in above if _names(form) == names]
            if not names & kept and mentions(rest, names) and not _is_read(block, names, [*rest, *feeding]):
                gone.append(statement)
        elif mentions(statement, split):
            if not _only_refuses(statement):
                return None
            gone.append(statement)
    if not _holds(replaced, digest) and not any(_holds(statement, digest) for statement in gone):
        return None
    return [RemoveStatement(block.module.path, span_of(item[1])) for item in gone]


def _unnamed(known: Passwords, block: Block, replaced: Form, text: Text, kept: set[str]) -> list[Edit] | None:
    """The edits that drop what gives a new hash its name for a comparison: `password = derived(password)`.

    None where something else reads the name that the password itself is needed by.
    """
    gone: list[Edit] = []
    for statement in block.forms.of("assign"):
        match statement:
            case ["assign", at, [["name", _, name]], value] if at < replaced[1] and mentions(replaced, {name}):
                if made_of(known, block, value, text) is None:
                    continue
                later = [form for form in block.forms.of("name") if form[2] == name and form[1] > at]
                own = [*walk(statement), *walk(replaced)]
                if all(any(form is one for one in own) for form in later):
                    gone.append(RemoveStatement(block.module.path, span_of(at)))
                elif name in kept:
                    return None
    return gone


def _split_off(block: Block, replaced: Form, kept: set[str]) -> list[Edit] | None:
    """The edits that drop what takes a stored text apart for a comparison; None where its parts are read elsewhere.

    A slow hash has no such parts: `salt, digest = stored.split(":")` would fail.
    """
    found = [form for form in block.statements if form[1] < replaced[1] and _split_into(form)]
    names = {name for form in found for name in _split_into(form)}
    if not found or not mentions(replaced, names):
        return []
    if names & kept or _is_read(block, names, [replaced]):
        return None
    return [RemoveStatement(block.module.path, span_of(form[1])) for form in found]


def _split_into(statement: Form) -> set[str]:
    """The names that the parts of a split text get."""
    match statement:
        case ["assign", _, targets, ["call", _, ["attr", _, _, name], *_]] if name in PARTS:
            return names_in(targets)
    return set()


def _only_refuses(statement: Form) -> bool:
    """Whether a statement does nothing but give up on what is no salt and digest."""
    inside = [form for form in walk(statement) if form[0] in ("return", "raise", "with", "for", "while", "expr")]
    return statement[0] in ("if", "try") and all(
        form[0] == "return" and form[2] is not None and form[2][0] == "const" for form in inside
    )


def _names(statement: Form) -> set[str] | None:
    """The local names that a statement binds or feeds; None when it does something else."""
    match statement:
        case ["assign", _, targets, _]:
            items = [item for target in targets for item in (target[2] if target[0] in ("tuple", "list") else [target])]
            return {item[2] for item in items} if all(item[0] == "name" for item in items) else None
        case ["annassign", _, ["name", _, name], _, value] if value is not None:
            return {name}
        case ["augassign", _, _, ["name", _, name], _]:
            return {name}
        case ["expr", _, ["call", _, ["attr", _, ["name", _, name], "update"], _, _]]:
            return {name}
    return None


def _is_read(block: Block, names: set[str], without: list[Form]) -> bool:
    """Whether a name is read anywhere but in some forms."""
    left = {id(item) for form in without for item in walk(form)}
    left |= {id(item) for form in block.forms.every if form[0] == "assign" for item in walk(form[2])}
    return any(form[0] == "name" and form[2] in names and id(form) not in left for form in block.forms.every)


def _holds(outer: Form, inner: Form) -> bool:
    return any(item[1] == inner[1] and item[0] == inner[0] for item in walk(outer))
