"""What one file says, as plain data: forms with places in characters, functions, words; the same when read again."""

from __future__ import annotations

import inspect
import sys

import pytest

from fastapi_seclint import facts, syntax
from fastapi_seclint.facts import MODULE, FileFacts
from fastapi_seclint.facts.forms import Form, Forms, line_of, pack, span_of, walk
from fastapi_seclint.spans import Span


def extract(text: str) -> FileFacts:
    return facts.extract(syntax.Source("main.py", text, *syntax.parse(text)))


def everything(found: FileFacts) -> list[Form]:
    bodies = [found.body(number) for number in range(len(found.functions))]
    return [form for block in (found.module, *bodies) for form in walk(block)]


def cut(text: str, span: Span) -> str:
    """The characters of a span that is on one line."""
    return text.splitlines()[span.line - 1][span.column - 1 : span.end_column - 1]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x = 'a'", "const"),
        ("x = b'a'", "bytes"),
        ("x = ...", "ellipsis"),
        ("x = y.z", "attr"),
        ("x = y[1:2]", "slice"),
        ("f(*a, **b)", "star"),
        ("x = {'a': 1, **b}", "dict"),
        ("x = {1, 2}", "set"),
        ("x = a + b", "binop"),
        ("x = not a", "unary"),
        ("x = a or b", "bool"),
        ("x = a < b < c", "compare"),
        ("x = a if b else c", "ifexp"),
        ("x = f'{a!r:>{b}}'", "fmt"),
        ("x = [lambda a, *b, c=1: a]", "lambda"),
        ("x = {a: b for a, b in c if a}", "comp"),
        ("if (x := 1): pass", "walrus"),
        ("x: int = 1", "annassign"),
        ("x += 1", "augassign"),
        ("del x", "delete"),
        ("assert x, 'why'", "assert"),
        ("while x: break", "while"),
        ("try: pass\nexcept* A as e: pass", "try"),
        ("match x:\n    case {'a': [b, *c]} if b: pass", "if"),
        ("async def f():\n    async with a as b: await c", "await"),
        ("def f():\n    global x\n    yield from x", "yieldfrom"),
        ("type A = list[int]", "assign"),
        ("def f[T](x: T) -> T: ...", "def"),
        ("class A[T](B): x: T", "class"),
        ("x = t'{a!r:>{b}}'", "fmt"),
    ],
)
def test_every_construct_has_a_form(text: str, kind: str) -> None:
    assert kind in {form[0] for form in everything(extract(text))}


@pytest.mark.parametrize(
    ("pattern", "plain"),
    [
        ("case None: y\n    case _: z", "if x is None: y\nelse: z"),
        ("case 'a' | 'b': y", "if x in ('a', 'b'): y"),
        ("case K.a: y", "if x == K.a: y"),
        ("case str(a) if a: y", "if isinstance(x, str) and x:\n    a = x\n    y"),
        ("case str(a) if (a := a.strip()): y", "if isinstance(x, str) and (a := x.strip()):\n    y"),
        ("case {'k': 1}: y", "if 'k' in x and x['k'] == 1: y"),
        ("case C(n=b): y", "if isinstance(x, C):\n    b = x.n\n    y"),
        ("case [a, _]: y", "if len(x) == 2:\n    a = x[0]\n    y"),
    ],
)
def test_a_match_statement_is_the_chain_that_it_stands_for(pattern: str, plain: str) -> None:
    def shape(form: object) -> object:
        if isinstance(form, list):
            return (
                [shape(item) for item in form[:1] + form[2:]]
                if form and isinstance(form[0], str)
                else [*map(shape, form)]
            )
        return form

    assert shape(extract(f"match x:\n    {pattern}").module) == shape(extract(plain).module)


@pytest.mark.parametrize(
    "text", ["key = 'ü' + call('é')", "key = '\U0001f600' + call('é')", "\tkey = call(1)".strip(), "x=1;key = call(2)"]
)
def test_places_count_characters(text: str) -> None:
    (call,) = [form for form in everything(extract(text)) if form[0] == "call"]
    span = span_of(call[1])
    assert cut(text, span).startswith("call(")
    assert cut(text, span).endswith(")")


def test_a_place_survives_packing() -> None:
    at = pack(12, 3, 14, 9)
    assert span_of(at) == Span(12, 4, 14, 10)
    assert line_of(at) == 12


def test_functions_know_the_function_around_them() -> None:
    found = extract("class A:\n    def m(self):\n        def inner(): ...\n\ndef g(): ...\n")
    assert [(name, around) for name, _, around in found.functions] == [
        ("A.m", -1),
        ("A.m.<locals>.inner", 0),
        ("g", -1),
    ]


def test_words_are_identifiers_and_not_strings() -> None:
    found = extract("import jwt\nfrom a.b import c\ndef f(p): return q.r\nx = 'literal'\n")
    assert {"jwt", "c", "f", "p", "q", "r", "x"} <= found.words
    assert "literal" not in found.words


def test_imports_and_decorators_are_listed() -> None:
    found = extract("import a.b\nfrom c import d\nfrom .e import f\n@router.get('/')\n@plain\ndef x(): ...\n")
    assert {"a.b", "c"} <= set(found.imports)
    assert all(name.split(".")[0] != "e" for name in found.imports)
    assert found.decorators == {"get"}


def test_a_word_missing_from_a_body_is_never_claimed() -> None:
    found = extract("def f():\n    return decode(x)\n\ndef g():\n    return 1\n")
    assert found.body_mentions(0, b'"decode"')
    assert not found.body_mentions(1, b'"decode"')


def test_facts_are_the_same_after_they_were_stored() -> None:
    found = extract("NAME = 'line\\nbreak \u2028 \U0001f600'\ndef f(a=1, *b, c: int, **d):\n    return {a: b}\n")
    again = FileFacts.loads("main.py", found.dumps())
    assert everything(again) == everything(found)
    assert (again.words, again.functions, again.imports) == (found.words, found.functions, found.imports)


@pytest.mark.parametrize("data", [b"", b"nonsense", b"{}\n[]", b'{"words"'])
def test_bytes_that_are_no_facts_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an entry"):
        FileFacts.loads("main.py", data)


def test_an_annotation_written_as_a_string_becomes_a_form() -> None:
    form = facts.expression(" Annotated[User, Depends(f)] ")
    assert form is not None
    assert form[0] == "sub"


@pytest.mark.parametrize("text", ["", "not an expression", "a b", "x = 1", "("])
def test_a_string_that_is_no_annotation_has_no_form(text: str) -> None:
    assert facts.expression(text) is None


NESTED = """\
TOKEN = 'x'

def outer():
    def inner():
        return token
    return inner

class Box:
    def get(self):
        return Token()
"""


def test_functions_that_speak_of_a_word_are_found() -> None:
    found = extract(NESTED)
    assert found.speaking(b'"token"') == [1]
    assert found.speaking(b'"token"', folded=True) == [MODULE, 1, 2]
    assert found.speaking(b'"nowhere"') == []


def test_the_functions_around_a_line_are_found() -> None:
    found = extract(NESTED)
    assert [found.functions[number][0] for number in found.around(5)] == ["outer", "outer.<locals>.inner"]
    assert found.around(1) == []
    assert found.inside(0) == [1]


def test_forms_are_those_of_a_walk_in_order_however_deep() -> None:
    found = extract("def f():\n    return g(1, [h(2)])\n\ndeep = " + "(" * 90 + "1" + ",)" * 90)
    assert [form[2][2] for form in found.forms(0).of("call")] == ["g", "h"]
    assert found.forms(0).every == list(walk(found.body(0)))
    with_little_room = sys.getrecursionlimit()
    whole = [form[1] for form in found.forms(MODULE).every]
    sys.setrecursionlimit(len(inspect.stack()) + 60)
    try:
        assert [form[1] for form in Forms(found.module).every] == whole
    finally:
        sys.setrecursionlimit(with_little_room)


def test_what_functions_speak_of_is_what_their_text_has() -> None:
    """The index of strings answers as a search of the text does, whatever is asked for."""
    found = extract(
        "import jwt\nclass A:\n    key: str | None = None\n"
        "def f(a=1.5e300, *, Token: 'User | None' = None):\n    raise HTTPException(401, detail='say \"no\", 401')\n"
        "def g():\n    def inner():\n        return {'Key': [True, 'null', '123', 'a\\\\', '\u00e9\u201c']}\n"
        "    return inner, False\n"
    )
    pieces = found.dumps().split(b"\n")[1:]
    numbers = range(MODULE, len(found.functions))
    text = b"\n".join(pieces)
    words = {text[start : start + length] for start in range(len(text)) for length in (1, 2, 3, 5, 8, 13)}
    words |= {b'"%b"' % part for part in text.split(b'"')} | {b'"absent"', b"absent", b'"TOKEN"'}
    for word in (one for one in words if one and b"\n" not in one):
        with_it = [number for number, piece in zip(numbers, pieces, strict=True) if word in piece]
        assert found.speaking(word) == with_it, word
        assert [number for number in numbers if found.body_mentions(number, word)] == with_it, word
        in_lower_case = [number for number, piece in zip(numbers, pieces, strict=True) if word in piece.lower()]
        assert found.speaking(word, folded=True) == in_lower_case, word
    both = {*found.speaking(b'"User"'), *found.speaking(b'"Key"')}
    assert found.speaking(b'"User"', b'"Key"') == sorted(both)
