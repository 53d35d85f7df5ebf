"""Named edits: what each does to a file, and that everything else stays as it was."""

from __future__ import annotations

import ast
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fastapi_seclint import edits
from fastapi_seclint.edits import (
    AddArgument,
    AddDecorator,
    AddImport,
    AddListItem,
    AddParameter,
    AwaitCall,
    CreateFile,
    Edit,
    EditError,
    InsertStatements,
    MaskFields,
    MoveDecorator,
    RaiseInsteadOfReturn,
    RemoveDictItem,
    RemoveExceptName,
    RemoveKeyword,
    RemoveListItem,
    RemoveStatement,
    RenameKeyword,
    ReplaceComment,
    ReplaceExpression,
    ReplaceStatement,
    SetDictItem,
    SetKeyword,
)
from fastapi_seclint.spans import Span

P = "main.py"


def span(source: str, code: str) -> Span:
    """Where `code` stands in the source for the first time; `|` in it marks where to begin, if not at its start."""
    before, _, rest = code.rpartition("|")
    at = source.index(before + rest) + len(before)
    lines, end = source[:at].split("\n"), source[: at + len(rest)].split("\n")
    return Span(len(lines), len(lines[-1]) + 1, len(end), len(end[-1]) + 1)


def applied(source: str, *changes: Edit) -> str:
    """The result, after checking that the text edits are the same replacement and that newlines do not matter."""
    result = edits.apply(source, changes)
    assert spliced(source, edits.text_edits(source, changes)) == result
    windows = source.replace("\n", "\r\n")
    assert edits.apply(windows, changes) == result.replace("\n", "\r\n")
    assert edits.apply("\ufeff" + source, changes) == "\ufeff" + result
    assert [edits.from_json(json.loads(json.dumps(edits.to_json(change)))) for change in changes] == list(changes)
    ast.parse(result)
    return result


def spliced(source: str, replacements: Sequence[edits.TextEdit]) -> str:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for one in sorted(replacements, key=lambda one: one.span, reverse=True):
        start = starts[one.span.line - 1] + one.span.column - 1
        end = starts[one.span.end_line - 1] + one.span.end_column - 1
        source = source[:start] + one.content + source[end:]
    return source


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("f(a=1)", "a", "f()"),
        ("f(a=1, b=2)", "a", "f(b=2)"),
        ("f(a=1, b=2)", "b", "f(a=1)"),
        ("f(a=1, b=2,)", "b", "f(a=1,)"),
        ("f(x, b=(2), *y)", "b", "f(x, *y)"),
        ("f(\n    a=1,  # one\n    b=2,  # two\n)", "a", "f(\n    b=2,  # two\n)"),
        ("f(\n    a=1,\n    # about b\n    b=2\n)", "b", "f(\n    a=1,\n    # about b\n)"),
        ("f(a=1,  # one\n  b=2)", "b", "f(a=1,  # one\n  )"),
        ("f(a=1, b=2,\n  c=3)", "b", "f(a=1,\n  c=3)"),
        ("f(\n    a=1,\n)", "a", "f()"),
        ("class A(B, a=1): pass", "a", "class A(B): pass"),
    ],
)
def test_remove_keyword(source: str, name: str, expected: str) -> None:
    call = span(source, source.removesuffix("\n"))
    assert applied(source, RemoveKeyword(P, call, name)) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f()", "f(k=v(1))"),
        ("f(a)", "f(a, k=v(1))"),
        ("f(a,)", "f(a, k=v(1),)"),
        ("f(k=[\n  1,\n])", "f(k=v(1))"),
        ("f(k=(2), b=1)", "f(k=v(1), b=1)"),
        ("f(**b)", "f(**b, k=v(1))"),
        ("f(\n    a,\n    b=1,  # why\n)", "f(\n    a,\n    b=1,  # why\n    k=v(1),\n)"),
        ("f(\n    a,\n    b=1  # why\n)", "f(\n    a,\n    b=1,  # why\n    k=v(1)\n)"),
        ("f(\n    a, b,\n)", "f(\n    a, b, k=v(1),\n)"),
        ("f(\n    a, b\n)", "f(\n    a, b, k=v(1)\n)"),
        ("f(\n    a,\n    # last\n)", "f(\n    a,\n    k=v(1),\n    # last\n)"),
        ("f(\n)", "f(k=v(1)\n)"),
        ("f((i for i in x), 1)", "f((i for i in x), 1, k=v(1))"),
        ("(g)(a)", "(g)(a, k=v(1))"),
        ("f('(', a)", "f('(', a, k=v(1))"),
    ],
)
def test_set_keyword(source: str, expected: str) -> None:
    assert applied(source, SetKeyword(P, span(source, source), "k", "v(1)")) == expected


def test_code_of_several_lines_takes_the_indentation_of_its_place() -> None:
    source = "if x:\n    f(\n        a,\n    )\n"
    changed = applied(source, SetKeyword(P, span(source, "f(\n        a,\n    )"), "k", "[\n    1,\n]"))
    assert changed == "if x:\n    f(\n        a,\n        k=[\n            1,\n        ],\n    )\n"


def test_keywords_of_one_call_change_together() -> None:
    source = "f(a, x=1, y=2)\n"
    call = span(source, "f(a, x=1, y=2)")
    changes = (RemoveKeyword(P, call, "y"), RemoveKeyword(P, call, "x"), SetKeyword(P, call, "z", "3"))
    assert applied(source, *changes) == "f(a, z=3)\n"
    assert applied(source, SetKeyword(P, call, "z", "3"), SetKeyword(P, call, "w", "4")) == "f(a, x=1, y=2, z=3, w=4)\n"
    assert applied("f()", SetKeyword(P, Span(1, 1, 1, 4), "z", "3"), SetKeyword(P, Span(1, 1, 1, 4), "w", "4")) == (
        "f(z=3, w=4)"
    )
    assert applied(source, RenameKeyword(P, call, "x", "w"), AddArgument(P, call, "b")) == "f(a, b, w=1, y=2)\n"


def test_equal_edits_count_once() -> None:
    source = "f(a)\n"
    change = SetKeyword(P, span(source, "f(a)"), "k", "1")
    assert applied(source, change, change, AddImport(P, "os"), AddImport(P, "os")) == "import os\n\nf(a, k=1)\n"


def test_nested_calls_change_together() -> None:
    source = "f(g(a), b=1)\n"
    changes = (
        SetKeyword(P, span(source, "f(g(a), b=1)"), "c", "2"),
        SetKeyword(P, span(source, "g(a)"), "d", "3"),
        RemoveKeyword(P, span(source, "f(g(a), b=1)"), "b"),
    )
    assert applied(source, *changes) == "f(g(a, d=3), c=2)\n"


def test_edits_of_the_same_code_conflict() -> None:
    source = "f(g(a))\n"
    changes = (
        ReplaceExpression(P, span(source, "g(a)"), "b"),
        SetKeyword(P, span(source, "g(a)"), "d", "3"),
    )
    with pytest.raises(EditError, match="two edits change the same code"):
        edits.apply(source, changes)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{"k": 1}', "{}"),
        ('{"k": 1, "b": 2}', '{"b": 2}'),
        ('{"a": 1, **b, "k": 2}', '{"a": 1, **b}'),
        ("{\n    \"a\": 1,\n    'k': (2),\n}", '{\n    "a": 1,\n}'),
        ("dict(a=1, k=2)", "dict(a=1)"),
    ],
)
def test_remove_dict_item(source: str, expected: str) -> None:
    assert applied(f"x = {source}\n", RemoveDictItem(P, span(f"x = {source}\n", source), "k")) == f"x = {expected}\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{}", '{"k": True}'),
        ('{"k": False, "b": 2}', '{"k": True, "b": 2}'),
        ("{'a': 1}", "{'a': 1, 'k': True}"),
        ('{\n    "a": 1,\n}', '{\n    "a": 1,\n    "k": True,\n}'),
        ("dict(a=1, k=2)", "dict(a=1, k=True)"),
        ("dict(a=1)", "dict(a=1, k=True)"),
    ],
)
def test_set_dict_item(source: str, expected: str) -> None:
    assert (
        applied(f"x = {source}\n", SetDictItem(P, span(f"x = {source}\n", source), "k", "True")) == f"x = {expected}\n"
    )


def test_set_an_item_that_is_no_name() -> None:
    source = "x = dict(a=1)\n"
    edit = SetDictItem(P, span(source, "dict(a=1)"), "k-b", "True")
    assert applied(source, edit) == 'x = dict(a=1, **{"k-b": True})\n'


@pytest.mark.parametrize(
    ("source", "item", "expected"),
    [
        ('["*"]', '"*"', "[]"),
        ('["*", a]', 0, "[a]"),
        ('[a, "*"]', '"*"', "[a]"),
        ("(a, b)", 1, "(a,)"),
        ("((a), b, c)", 0, "(b, c)"),
        ("{a, b}", 0, "{b}"),
        ("[\n    a,\n    b,\n]", "b", "[\n    a,\n]"),
    ],
)
def test_remove_list_item(source: str, item: int | str, expected: str) -> None:
    changed = applied(f"x = {source}\n", RemoveListItem(P, span(f"x = {source}\n", source), item))
    assert changed == f"x = {expected}\n"


@pytest.mark.parametrize(
    ("source", "where", "expected"),
    [
        ("[]", "last", "[n]"),
        ("()", "last", "(n,)"),
        ("[a]", "last", "[a, n]"),
        ("(a,)", "last", "(a, n,)"),
        ("[a]", "first", "[n, a]"),
        ("[\n    a,\n]", "first", "[\n    n,\n    a,\n]"),
        ("[\n    a\n]", "last", "[\n    a,\n    n\n]"),
    ],
)
def test_add_list_item(source: str, where: str, expected: str) -> None:
    change = AddListItem(P, span(f"x = {source}\n", source), "n", where)  # type: ignore[arg-type]
    assert applied(f"x = {source}\n", change) == f"x = {expected}\n"


@pytest.mark.parametrize(
    ("source", "place", "code", "expected"),
    [
        ('x = "é" + "s"  # c\n', '"s"', "os.environ['S']", "x = \"é\" + os.environ['S']  # c\n"),
        ("x = ('s')\n", "'s'", "a or b", "x = (a or b)\n"),
        ("x = y.z\n", "y", "a or b", "x = (a or b).z\n"),
        ("x = y + 1\n", "y", "a if b else c", "x = (a if b else c) + 1\n"),
        ("f(y)\n", "y", "a or b", "f(a or b)\n"),
        ("def f(u: U = get): ...\n", "get", "Depends(get)", "def f(u: U = Depends(get)): ...\n"),
        ("def f(u: Optional[U]): ...\n", "Optional[U]", "U | None", "def f(u: U | None): ...\n"),
        ("@f(1)\ndef g(): ...\n", "f(1)", "h", "@h\ndef g(): ...\n"),
        ("x = (1, 2)\n", "(1, 2)", "[]", "x = []\n"),
    ],
)
def test_replace_expression(source: str, place: str, code: str, expected: str) -> None:
    assert applied(source, ReplaceExpression(P, span(source, place), code)) == expected


@pytest.mark.parametrize(
    ("text", "numbers", "expected"),
    [
        ('f"a {b} {c!r:>{d}} {{}}"', "1", 'f"a {b} *** {{}}"'),
        ('f"a {b} {{}}"', "0", '"a *** {}"'),
        ('rf"\\a {b=} {c}"', "0", 'rf"\\a b=*** {c}"'),
        ("(f'{a} '\n 'b'\n f'{c[0]} {d}')", "0,2", "('*** '\n 'b'\n f'{c[0]} ***')"),
        ('f"""{a}\n{b}"""', "0,1", '"""***\n***"""'),
    ],
)
def test_mask_fields(text: str, numbers: str, expected: str) -> None:
    source = f"x = {text}\n"
    assert applied(source, MaskFields(P, span(source, text), numbers)) == f"x = {expected}\n"


@pytest.mark.parametrize(("numbers", "why"), [("2", "has no field 2"), ("x", "no numbers")])
def test_only_fields_that_are_there_are_masked(numbers: str, why: str) -> None:
    source = 'x = f"{a} {b}"\n'
    with pytest.raises(EditError, match=why):
        edits.apply(source, [MaskFields(P, span(source, 'f"{a} {b}"'), numbers)])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("async def f():\n    return g(1)\n", "async def f():\n    return await g(1)\n"),
        ("async def f():\n    return g(1).x\n", "async def f():\n    return (await g(1)).x\n"),
        ("async def f():\n    return not g(1)\n", "async def f():\n    return not await g(1)\n"),
    ],
)
def test_await_call(source: str, expected: str) -> None:
    assert applied(source, AwaitCall(P, span(source, "g(1)"))) == expected


@pytest.mark.parametrize("source", ["def f():\n    g(1)\n", "async def f():\n    return lambda: g(1)\n", "g(1)\n"])
def test_nothing_is_awaited_outside_async_code(source: str) -> None:
    with pytest.raises(EditError, match="not in an async function"):
        edits.apply(source, [AwaitCall(P, span(source, "g(1)"))])


BODY = '''def f():
    """Doc."""

    # why
    a = 1  # one
    if a: return g(1)
    return b


def h():
    pass
'''


@pytest.mark.parametrize(
    ("anchor", "where", "code", "expected"),
    [
        ("a = 1", "before", "new()", '    """Doc."""\n\n    new()\n    # why\n    a = 1  # one\n'),
        ("a = 1", "after", "if x:\n    y()", "    a = 1  # one\n    if x:\n        y()\n    if a: return"),
        ("return b", "after", "new()", "    return b\n    new()\n\n\ndef h"),
        ("return g(1)", "before", "new()", "    if a:\n        new()\n        return g(1)\n    return b"),
        ("return g(1)", "after", "new()", "    if a:\n        return g(1)\n        new()\n    return b"),
        ("def f", "first-in-body", "new()", '    """Doc."""\n    new()\n\n    # why'),
        ("def h", "first-in-body", "new()", "def h():\n    new()\n    pass\n"),
        ("def h", "last-in-body", "new()", "def h():\n    pass\n    new()\n"),
        ("def h", "before", "x = 1", "    return b\n\n\nx = 1\n\n\ndef h"),
        ("def h", "after", "def i():\n    pass", "    pass\n\n\ndef i():\n    pass\n"),
        ("def f", "before", "def i():\n    pass", "def i():\n    pass\n\n\ndef f():"),
    ],
)
def test_insert_statements(anchor: str, where: str, code: str, expected: str) -> None:
    change = InsertStatements(P, span(BODY, anchor), where, code)  # type: ignore[arg-type]
    result = applied(BODY, change)
    assert expected in result
    assert len(result) - len(BODY) < 60


def test_the_first_statement_of_a_branch_stands_above_all_others() -> None:
    source = "def f(a):\n    b = 1\n    if a:\n        log(\n            a\n        )\n\n        raise OSError\n"
    change = InsertStatements(P, span(source, "if a"), "first-in-body", "new()")
    assert applied(source, change) == source.replace("        log(", "        new()\n        log(")


def test_insert_into_the_file() -> None:
    source = '"""Doc."""\nimport os\n\nx = 1'
    below = applied(source, InsertStatements(P, None, "first-in-body", "y = 2"))
    assert below == '"""Doc."""\nimport os\n\ny = 2\n\nx = 1'
    assert applied(source, InsertStatements(P, None, "last-in-body", "def f(): ...")) == (
        '"""Doc."""\nimport os\n\nx = 1\n\n\ndef f(): ...'
    )
    assert edits.apply("", [InsertStatements(P, None, "last-in-body", "y = 2")]) == "y = 2\n"
    assert applied("# head\n", InsertStatements(P, None, "first-in-body", "y = 2")) == "# head\ny = 2\n"


def test_inserted_code_takes_on_the_file_s_indentation_and_keeps_its_strings() -> None:
    source = "class A:\n\tdef f(self):\n\t\treturn 1\n"
    code = 'if x:\n    s = """a\n    b"""\n    return s'
    result = applied(source, InsertStatements(P, span(source, "return 1"), "before", code))
    assert result == 'class A:\n\tdef f(self):\n\t\tif x:\n\t\t\ts = """a\n    b"""\n\t\t\treturn s\n\t\treturn 1\n'


@pytest.mark.parametrize(
    ("source", "place", "code", "expected"),
    [
        ("x = 1  # c\n", "x = 1", "x = 2", "x = 2  # c\n"),
        ("a; b\n", "|b", "c", "a; c\n"),
        ("if x: return y\n", "return y", "pass", "if x: pass\n"),
        ("class S:\n    k: str = 's'  # c\n", "k: str = 's'", "k: str", "class S:\n    k: str  # c\n"),
        (
            "if a:\n    b()\n",
            "b()",
            "try:\n    b()\nfinally:\n    c()",
            "if a:\n    try:\n        b()\n    finally:\n        c()\n",
        ),
        ("@d\ndef f():\n    pass  # c\nx\n", "def f():\n    pass", "def g(): ...", "def g(): ...  # c\nx\n"),
        (
            "class S:\n    k: str = (\n        # a\n        's'  # b\n    )  # c\n",
            "k: str = (\n        # a\n        's'  # b\n    )",
            "k: str",
            "class S:\n    # a\n    # b\n    k: str  # c\n",
        ),
    ],
)
def test_replace_statement(source: str, place: str, code: str, expected: str) -> None:
    assert applied(source, ReplaceStatement(P, span(source, place), code)) == expected


@pytest.mark.parametrize(
    ("source", "place", "expected"),
    [
        ("a\nb  # c\nd\n", "|b", "a\nd\n"),
        ("a; b; c\n", "|b", "a; c\n"),
        ("a; b\n", "|b", "a\n"),
        ("if x:\n    a\n", "|a", "if x:\n    pass\n"),
        ("if x: a\n", "|a", "if x: pass\n"),
        ("x\n\n\n@d\ndef f():\n    pass\n\n\ny\n", "def f():\n    pass", "x\n\n\ny\n"),
        ("x\n# why\nb\ny\n", "|b", "x\n# why\ny\n"),
        ("b", "|b", ""),
    ],
)
def test_remove_statement(source: str, place: str, expected: str) -> None:
    assert applied(source, RemoveStatement(P, span(source, place))) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("except E as e:", "except E:"),
        ("except (E, F) as e:  # why", "except (E, F):  # why"),
        ("except (E) as e:", "except (E):"),
        ("except a.E  as  e : pass", "except a.E : pass"),
    ],
)
def test_remove_except_name(head: str, expected: str) -> None:
    body = "" if head.endswith("pass") else "    pass\n"
    source = f"try:\n    f()\n{head}\n{body}"
    edit = RemoveExceptName(P, Span(3, 1, 4, 9))
    assert applied(source, edit) == f"try:\n    f()\n{expected}\n{body}"
    with pytest.raises(EditError, match="no name"):
        edits.apply(f"try:\n    f()\n{expected}\n{body}", [edit])


def test_statements_below_imports_stand_apart() -> None:
    insertion = InsertStatements(P, None, "first-in-body", "log = f()")
    assert applied("import a\n\n\ndef f(): ...\n", insertion) == "import a\n\nlog = f()\n\n\ndef f(): ...\n"


@pytest.mark.parametrize(
    ("source", "place", "text", "expected"),
    [
        ("a = 1  # b\nc = 2\n", "# b", "# d", "a = 1  # d\nc = 2\n"),
        ("a = 1  # b\nc = 2\n", "# b", "", "a = 1\nc = 2\n"),
        ("# b\nc = 2\n", "# b", "", "c = 2\n"),
        ("if a:\n    # b\n    c\n", "# b", "", "if a:\n    c\n"),
        ("a = 1  # b  # noqa\n", "# b", "", "a = 1  # noqa\n"),
        ("a = 1  # noqa  # b\n", "# b", "", "a = 1  # noqa\n"),
        ("if a:\n    # b  # noqa\n    c\n", "# b", "", "if a:\n    # noqa\n    c\n"),
        ("f(\n    1,  # b\n    # b\n)\n", "# b", "", "f(\n    1,\n    # b\n)\n"),
        ("a = 1  # b", "# b", "", "a = 1"),
        ("a = 'é'  # b\n", "# b", "", "a = 'é'\n"),
    ],
)
def test_replace_comment(source: str, place: str, text: str, expected: str) -> None:
    assert applied(source, ReplaceComment(P, span(source, place), text)) == expected


def test_raise_instead_of_return() -> None:
    source = "def f():\n    if x: return H(1)\n    H(2)\n    return (\n        H(3)\n    )\n"
    changes = [
        RaiseInsteadOfReturn(P, span(source, code)) for code in ("return H(1)", "H(2)", "return (\n        H(3)\n    )")
    ]
    assert (
        applied(source, *changes)
        == "def f():\n    if x: raise H(1)\n    raise H(2)\n    raise (\n        H(3)\n    )\n"
    )
    with pytest.raises(EditError, match="returns nothing"):
        edits.apply("def f():\n    return\n", [RaiseInsteadOfReturn(P, Span(2, 5, 2, 11))])


@pytest.mark.parametrize(
    ("source", "code", "expected"),
    [
        ("def f(): ...\n", "u: U", "def f(u: U): ...\n"),
        ("def f(a): ...\n", "u: U", "def f(a, u: U): ...\n"),
        ("def f(a, b=1): ...\n", "u: U", "def f(a, u: U, b=1): ...\n"),
        ("def f(a, b=(1)): ...\n", "u: U = D(g)", "def f(a, b=(1), u: U = D(g)): ...\n"),
        ("def f(a, *, b=1, **k): ...\n", "u: U", "def f(a, *, b=1, u: U, **k): ...\n"),
        ("def f(a, *b): ...\n", "u: U", "def f(a, *b, u: U): ...\n"),
        ("def f(a=1, **k): ...\n", "u: U = 1", "def f(a=1, u: U = 1, **k): ...\n"),
        ("def f(a, /): ...\n", "u: U", "def f(a, /, u: U): ...\n"),
        (
            "async def f(\n    a: A,  # c\n    b: B = 1,\n) -> X: ...\n",
            "u: U",
            "async def f(\n    a: A,  # c\n    u: U,\n    b: B = 1,\n) -> X: ...\n",
        ),
        ("def f(\n    a: A,\n): ...\n", "u: U", "def f(\n    a: A,\n    u: U,\n): ...\n"),
    ],
)
def test_add_parameter(source: str, code: str, expected: str) -> None:
    assert applied(source, AddParameter(P, span(source, source.removesuffix("\n")), code)) == expected


ROUTE = """class A:
    @guard  # first
    @app.get("/x")
    @cached(
        1
    )
    async def f(self):
        pass
"""


def test_decorators() -> None:
    function = span(ROUTE, "async def f(self):")
    assert "    @new(1)\n    @guard" in applied(ROUTE, AddDecorator(P, function, "@new(1)", "top"))
    assert "    )\n    @new(1)\n    async def" in applied(ROUTE, AddDecorator(P, function, "new(1)", "bottom"))
    assert '("/x")\n    @new(1)\n    @cached' in applied(ROUTE, AddDecorator(P, function, "new(1)", "below-route"))
    moved = applied(ROUTE, MoveDecorator(P, function, span(ROUTE, "guard")))
    assert '    @app.get("/x")\n    @guard  # first\n    @cached' in moved
    assert moved.count("@guard") == 1
    cached = span(ROUTE, "cached(\n        1\n    )")
    assert applied(ROUTE, MoveDecorator(P, function, cached, "below-route")) == ROUTE


HEAD = '''#!/usr/bin/env python
"""Doc."""

from __future__ import annotations

import os
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import (
    BaseModel,
    Field,
)

from app.core import settings

x = 1
'''


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (AddImport("app/main.py", "secrets"), "import os\nimport secrets\nfrom typing import Any\n"),
        (AddImport("app/main.py", "abc"), "annotations\n\nimport abc\nimport os\n"),
        (AddImport("app/main.py", "datetime", "UTC"), "import os\nfrom datetime import UTC\nfrom typing"),
        (AddImport("app/main.py", "fastapi", "HTTPException"), "import APIRouter, Depends, HTTPException\n"),
        (AddImport("app/main.py", "fastapi", "Body"), "import APIRouter, Body, Depends\n"),
        (AddImport("app/main.py", "fastapi", "status"), "import APIRouter, Depends, status\n"),
        (AddImport("app/main.py", "pydantic", "EmailStr"), "    BaseModel,\n    EmailStr,\n    Field,\n"),
        (AddImport("app/main.py", "pydantic", "conint"), "    Field,\n    conint,\n)\n"),
        (AddImport("app/main.py", "jwt"), "\n\nimport jwt\nfrom fastapi"),
        (AddImport("app/main.py", "slowapi", "Limiter"), ")\nfrom slowapi import Limiter\n\nfrom app"),
        (AddImport("app/main.py", "app.deps", "user"), "settings\nfrom app.deps import user\n\nx"),
        (AddImport("app/main.py", "app.api", "user", "u"), "\nfrom app.api import user as u\nfrom app.core"),
        (AddImport("main.py", "security.jwt", "key", None, True), "settings\n\nfrom security.jwt import key\n\nx"),
    ],
    ids=lambda value: f"{value.module}.{value.name}" if isinstance(value, AddImport) else "",
)
def test_add_import(change: AddImport, expected: str) -> None:
    result = applied(HEAD, change)
    assert expected in result
    assert applied(result, change) == result


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", "import os\n"),
        ("# licence\n", "# licence\n\nimport os\n"),
        ("x = 1\n", "import os\n\nx = 1\n"),
        ("def f(): ...\n", "import os\n\n\ndef f(): ...\n"),
        ('"""Doc."""\n', '"""Doc."""\n\nimport os\n'),
        ('"""Doc."""', '"""Doc."""\nimport os\n'),
        ('"""Doc."""\n\n\ndef f(): ...\n', '"""Doc."""\n\nimport os\n\n\ndef f(): ...\n'),
        ('"""Doc."""\n\nimport jwt\n', '"""Doc."""\n\nimport os\n\nimport jwt\n'),
        ('"""Doc."""\n\n# Ours\nfrom app import x\n', '"""Doc."""\n\nimport os\n\n# Ours\nfrom app import x\n'),
        ('"""Doc."""\nimport jwt\n', '"""Doc."""\nimport os\n\nimport jwt\n'),
        ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nimport os\n\nx = 1\n'),
        ("#!/bin/x\n# coding: utf-8\nx = 1\n", "#!/bin/x\n# coding: utf-8\n\nimport os\n\nx = 1\n"),
        ("import fastapi\n", "import os\n\nimport fastapi\n"),
        ("from __future__ import annotations\nx = 1\n", "from __future__ import annotations\n\nimport os\n\nx = 1\n"),
        ("# app/main.py\nimport jwt\n", "# app/main.py\nimport os\n\nimport jwt\n"),
        ("# Copyright us\n# MIT license\nx = 1\n", "# Copyright us\n# MIT license\n\nimport os\n\nx = 1\n"),
        ("# Our shop, v1.1\nimport jwt\n", "# Our shop, v1.1\nimport os\n\nimport jwt\n"),
        ("# Tokens: jwt\nimport jwt\n", "import os\n\n# Tokens: jwt\nimport jwt\n"),
        ("# Standard library\nimport re\n", "# Standard library\nimport os\nimport re\n"),
        ("# Third party imports\nimport jwt\n", "import os\n\n# Third party imports\nimport jwt\n"),
        ("import jwt\nfrom app import x\nimport re\n", "import os\n\nimport jwt\nfrom app import x\nimport re\n"),
        ("import jwt\n\nimport re\n", "import jwt\n\nimport os\nimport re\n"),
        ("import sys, re\nx = 1\n", "import os\nimport sys, re\nx = 1\n"),
        ("import sys\nimport abc\nx = 1\n", "import sys\nimport abc\nimport os\nx = 1\n"),
    ],
)
def test_add_import_at_the_head(source: str, expected: str) -> None:
    assert edits.apply(source, [AddImport(P, "os")]) == expected


@pytest.mark.parametrize(
    ("there", "module", "name", "added"),
    [
        ("fastapi.security.api_key", "fastapi.security", "APIKeyHeader", False),
        ("fastapi.exceptions", "fastapi", "HTTPException", False),
        ("fastapi.params", "fastapi", "Depends", True),
        ("httpx.errors", "httpx", "Failure", True),
    ],
)
def test_what_fastapi_gives_under_two_paths_is_imported_once(there: str, module: str, name: str, added: bool) -> None:
    source = f"from {there} import {name}\n\nx = 1\n"
    assert (f"from {module} import {name}" in applied(source, AddImport(P, module, name))) is added


def test_imports_of_one_fix_are_placed_together() -> None:
    source = "import fastapi\n\nx = 1\n"
    changes = (
        AddImport(P, "os"),
        AddImport(P, "abc"),
        AddImport(P, "jwt"),
        AddImport(P, "fastapi", "Depends"),
        AddImport(P, "fastapi", "APIRouter"),
        AddImport(P, "fastapi", "APIRouter"),
        AddImport(P, "deps", "user", None, True),
    )
    assert applied(source, *changes) == (
        "import abc\nimport os\n\nimport fastapi\nimport jwt\nfrom fastapi import APIRouter, Depends\n\n"
        "from deps import user\n\nx = 1\n"
    )


def test_an_import_that_gets_too_long_is_wrapped() -> None:
    source = "from fastapi import APIRouter, BackgroundTasks, Body, HTTPException, Query, Request, Response\n"
    names = ["APIRouter", "BackgroundTasks", "Body", "Depends", "HTTPException", "Query", "Request", "Response"]
    wrapped = "from fastapi import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"
    narrow = source.replace("BackgroundTasks, ", "")
    assert applied(source, AddImport(P, "fastapi", "Depends")) == source.replace("HTTP", "Depends, HTTP")
    assert applied(narrow, AddImport(P, "fastapi", "Depends")) == narrow.replace("HTTP", "Depends, HTTP")
    assert applied(narrow, AddImport(P, "fastapi", "BackgroundTasks"), AddImport(P, "fastapi", "Depends")) == wrapped


@pytest.mark.parametrize(
    ("source", "change", "expected"),
    [
        (  # a file that sorts the project's own modules among the others
            "from apis.users import a\nfrom db.session import b\nfrom fastapi import D\nfrom sqlalchemy import x\n",
            AddImport("app/apis/users/routes.py", "security.rate_limits", "RateLimit", None, True),
            "import D\nfrom security.rate_limits import RateLimit\nfrom sqlalchemy",
        ),
        (  # a file that sorts them apart
            "from fastapi import Depends\n\nfrom app.db import get_db\n",
            AddImport("app/routes.py", "security.rate_limits", "RateLimit", None, True),
            "get_db\nfrom security.rate_limits",
        ),
        (  # nothing is sorted, but what the module's neighbours are
            "from fastapi.middleware.cors import C\nfrom fastapi.responses import R\n\nfrom api import x\n",
            AddImport("core/server.py", "fastapi.middleware.trustedhost", "T"),
            "cors import C\nfrom fastapi.middleware.trustedhost import T\nfrom fastapi.responses",
        ),
        (
            "from pydantic import B\nfrom fastapi.responses import R\n",
            AddImport("main.py", "fastapi", "Depends"),
            "import B\nfrom fastapi import Depends\nfrom fastapi.responses",
        ),
    ],
)
def test_imports_in_the_order_of_their_file(source: str, change: AddImport, expected: str) -> None:
    assert expected in applied(source, change)


def test_an_import_in_a_function_or_branch_does_not_count() -> None:
    source = "if TYPE_CHECKING:\n    from fastapi import Depends\n"
    assert applied(source, AddImport(P, "fastapi", "Depends")) == "from fastapi import Depends\n\n" + source


def test_create_file() -> None:
    assert edits.apply("", [CreateFile("a/b.py", "x = 1\n")]) == "x = 1\n"
    assert edits.apply("x = 1\n", [CreateFile("a/b.py", "x = 1\n")]) == "x = 1\n"
    with pytest.raises(EditError, match="there already"):
        edits.apply("y\n", [CreateFile("a/b.py", "x = 1\n")])
    with pytest.raises(EditError, match="different edits"):
        edits.apply("", [CreateFile("a/b.py", "x\n"), CreateFile("a/b.py", "y\n")])


HERE = Span(1, 1, 1, 5)


@pytest.mark.parametrize(
    ("source", "change", "reason"),
    [
        ("f(a)\n", RemoveKeyword(P, HERE, "k"), "has no keyword k"),
        ("f[a]\n", RemoveKeyword(P, HERE, "k"), "no call or classdef at line 1"),
        ("f(a)\n", SetKeyword(P, Span(9, 1, 9, 2), "k", "1"), "outside the file"),
        ("f(a)\n", SetKeyword(P, HERE, "k", "1 +"), "no expression"),
        ("f(i for i in a)\n", SetKeyword(P, Span(1, 1, 1, 16), "k", "1"), "generator"),
        ("f(a)\n", InsertStatements(P, HERE, "first-in-body", "x"), "has no body"),
        ("f(a)\n", InsertStatements(P, HERE, "before", "x ="), "does not parse"),
        ("f(a); b\n", InsertStatements(P, HERE, "after", "x"), "shares its line"),
        ("if a:\n    b\nelif c:\n    d\n", RemoveStatement(P, Span(3, 1, 4, 6)), "branch of another"),
        ("a = 1  # b\n", ReplaceComment(P, Span(1, 1, 1, 6), ""), "there is no comment at line 1"),
        ("if a:\n    b\nelif c:\n    d\n", ReplaceStatement(P, Span(3, 1, 4, 6), "x"), "branch of another"),
        ("f(a); b\n", ReplaceStatement(P, HERE, "x\ny"), "shares its line"),
        ("f(a)\n", AddParameter(P, HERE, "u"), "no function or class starts"),
        ("def f(): ...\n", AddParameter(P, HERE, "u, v"), "not one parameter"),
        ("def f(a=1, /): ...\n", AddParameter(P, HERE, "u"), "no place"),
        (
            "x = " + "1 + " * 2000 + "1\nf(a)\n",
            SetKeyword(P, Span(2, 1, 2, 5), "k", "1"),
            "too deeply|cannot be parsed",
        ),
        ("\x0cf(a)\n", SetKeyword(P, Span(1, 2, 1, 6), "k", "1"), "characters between its tokens"),
        ("def f(\n", AddParameter(P, HERE, "u"), "cannot be parsed"),
        ("{'a'}\n", RemoveListItem(P, Span(1, 1, 1, 6), 0), "set without items"),
        ("['a']\n", RemoveListItem(P, Span(1, 1, 1, 6), 4), "has no item 4"),
    ],
)
def test_an_edit_that_does_not_fit_says_why(source: str, change: Edit, reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        edits.apply(source, [change])


@pytest.mark.parametrize(
    "data", [None, [], {}, {"edit": "nonsense"}, {"edit": "add-import"}, {"edit": "add-import", "x": 1}]
)
def test_from_json_refuses_what_is_no_edit(data: object) -> None:
    with pytest.raises(ValueError, match="not a"):
        edits.from_json(data)


def test_line_ends_and_tabs_and_odd_characters_stay() -> None:
    source = "x = 'a\x0cb\u2028é'; f('é', b=1)\r# end\r"
    call = Span(1, 14, 1, 25)
    assert edits.apply(source, [RemoveKeyword(P, call, "b")]) == "x = 'a\x0cb\u2028é'; f('é')\r# end\r"


def test_a_statement_of_many_lines_that_no_edit_is_about_may_stand_two_below() -> None:
    users = "users = {\n    'x': 1,\n}\ne = (\n    0\n)\n"
    source = f"import a\n\nb = a.b()\nc = 1\nd = 2\n{users}f = 3\n\n\ndef g():\n    pass\n"
    call = InsertStatements(P, span(source, "b = a.b()"), "after", "b.c()")
    assert edits.apply(source, [call]) == source.replace("b = a.b()\n", "b = a.b()\nb.c()\n")


def test_syntax_newer_than_the_interpreter_is_edited() -> None:
    source = "def f[T](a: T): ...\ntype X = int\ntry: ...\nexcept A, B: ...\n"
    result = edits.apply(source, [AddParameter(P, Span(1, 1, 1, 20), "u: U")])
    assert result == source.replace("(a: T)", "(a: T, u: U)")


def test_constructing_an_edit_does_not_import_libcst() -> None:
    code = (
        "import sys; from fastapi_seclint import edits; edits.to_json(edits.AddImport('a', 'os'));"
        "sys.exit('libcst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def calls(source: str) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def place(source: str, node: ast.AST) -> Span:
    lines = source.split("\n")

    def column(line: int, offset: int) -> int:
        return len(lines[line - 1].encode()[:offset].decode()) + 1

    assert isinstance(node, ast.expr)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Span(
        node.lineno, column(node.lineno, node.col_offset), node.end_lineno, column(node.end_lineno, node.end_col_offset)
    )


def removal(source: str, call: ast.Call) -> Edit | None:
    """The last keyword goes, unless its value has the only use of a name, whose import would go with it."""
    named = [word for word in call.keywords if word.arg]
    if not named:
        return None
    used = {node.id for node in ast.walk(named[-1].value) if isinstance(node, ast.Name)}
    if any(len(re.findall(rf"\b{name}\b", source)) == 2 for name in used):
        return None
    return RemoveKeyword(P, place(source, call), str(named[-1].arg))


def addition(source: str, call: ast.Call) -> Edit | None:
    sole = call.args[0] if len(call.args) == 1 and not call.keywords else None
    return None if isinstance(sole, ast.GeneratorExp) else SetKeyword(P, place(source, call), "added", "1")


@pytest.mark.parametrize("make", [removal, addition])
def test_edits_of_real_code_change_what_they_say_and_nothing_else(
    make: Callable[[str, ast.Call], Edit | None],
) -> None:
    """Over this repository's own sources: the tree afterwards is the tree with just that argument changed."""
    chance = random.Random(7)
    files = [*sorted((Path(__file__).parent.parent / "fastapi_seclint").rglob("*.py")), Path(__file__)]
    for file in chance.sample(files, 8):
        source = file.read_text(encoding="utf-8")
        places = range(len(calls(source)))
        for index in chance.sample(places, min(3, len(places))):
            call = calls(source)[index]
            change = make(source, call)
            if change is None:
                continue
            tree = ast.parse(source)
            target = [node for node in ast.walk(tree) if isinstance(node, ast.Call)][index]
            if isinstance(change, SetKeyword):
                target.keywords.append(ast.keyword("added", ast.Constant(1)))
            else:
                last = [word for word in target.keywords if word.arg][-1]
                target.keywords.remove(last)
            assert ast.dump(ast.parse(edits.apply(source, [change]))) == ast.dump(tree)


NARROW = f"# {'-' * 83}\n"


@pytest.mark.parametrize(
    ("source", "call", "code", "expected"),
    [
        (
            "@app.post('/x')\ndef f(): ...\n",
            "app.post('/x')",
            "a" * 120,
            f"@app.post(\n    '/x',\n    new={'a' * 120},\n)\n",
        ),
        ("x = f(1, b=2)  # note\n", "f(1, b=2)", "a" * 120, f"x = f(1, b=2, new={'a' * 120})  # note\n"),
        ("x = f(1, b=2).y\n", "f(1, b=2)", "a" * 120, f"x = f(1, b=2, new={'a' * 120}).y\n"),
        ("x = f(1, b=2)\n", "f(1, b=2)", "a" * 101, f"x = f(1, b=2, new={'a' * 101})\n"),
        ("x = f(1, b=2)\n", "f(1, b=2)", "a" * 102, f"x = f(\n    1, b=2, new={'a' * 102}\n)\n"),
        (NARROW + "x = f(1, b=2)\n", "f(1, b=2)", "a" * 70, f"x = f(\n    1, b=2, new={'a' * 70}\n)\n"),
        (
            "if x:\n\ty = f(1, b=2,)\n",
            "f(1, b=2,)",
            "a" * 110,
            f"if x:\n\ty = f(\n\t\t1,\n\t\tb=2,\n\t\tnew={'a' * 110},\n\t)\n",
        ),
    ],
)
def test_a_call_that_gets_too_long_is_wrapped(source: str, call: str, code: str, expected: str) -> None:
    result = applied(source, SetKeyword(P, span(source, call), "new", code))
    assert result.removeprefix(NARROW).startswith(expected)


def test_a_statement_that_gets_too_long_is_wrapped() -> None:
    source = "if x:\n    pass\n"
    code = f"app.add(First, hosts={'a' * 99})\napp.add({'b' * 110}, c='d')"
    expected = (
        f"if x:\n    app.add(\n        First, hosts={'a' * 99}\n    )\n"
        f"    app.add(\n        {'b' * 110},\n        c='d',\n    )\n    pass\n"
    )
    assert applied(source, InsertStatements(P, span(source, "pass"), "before", code)) == expected


def test_a_comprehension_that_gets_too_long_is_wrapped() -> None:
    code = f"[one for one in {'a' * 100} if one]"
    expected = f"x = f(\n    a=[\n        one\n        for one in {'a' * 100}\n        if one\n    ],\n)\n"
    source = "x = f(\n    a=1,\n)\n"
    assert applied(source, ReplaceExpression(P, span(source, "1"), code)) == expected


SINGLE = """import os

A = 'a'
B = ['b', 'c', f'{A}']
C = {'d': 'e', "it's": 1}
"""


def test_new_code_has_the_quotes_of_its_file() -> None:
    double = SINGLE.replace("'d': 'e'", '"d": "e", "f": "g"')
    code = 'os.getenv("A", "it\'s") + b"x"'
    result = edits.apply(SINGLE, [ReplaceExpression(P, span(SINGLE, "'a'"), code)])
    assert "A = os.getenv('A', \"it's\") + b'x'\n" in result
    assert f'"d": {code},' in edits.apply(double, [ReplaceExpression(P, span(double, '"e"'), code)])
    nested = 'os.getenv(f"{A["b"]}", "c")'
    assert f"A = {nested}\n" in edits.apply(SINGLE, [ReplaceExpression(P, span(SINGLE, "'a'"), nested)])


def test_an_import_goes_with_its_last_use() -> None:
    imports = "import re\nfrom web import (\n    App,\n    Error,  # for failures\n)\n"
    source = f"{imports}\napp = App()\nlast = Error(re.I)\n"
    change = ReplaceExpression(P, span(source, "Error(re.I)"), "None")
    assert applied(source, change) == "from web import (\n    App,\n)\n\napp = App()\nlast = None\n"


def test_an_import_stays_where_something_else_wants_it() -> None:
    source = "import re\nimport idle\n\nfirst = re.I  # idle\nlast = re.M\n"
    assert applied(source, ReplaceExpression(P, span(source, "re.M"), "None")) == source.replace("re.M", "None")
    alone = source.replace("first = re.I  # idle\n", "")
    change = ReplaceExpression(P, span(alone, "re.M"), "None")
    beside = InsertStatements(P, None, "last-in-body", "other = re.X")
    assert [edit.content for edit in edits.text_edits(alone, [change], [change, beside])] == ["None"]


@pytest.mark.parametrize("late", ["from shop.guards import user", "from shop.guards import role", "import shop.rows"])
def test_an_import_stands_above_what_uses_it(late: str) -> None:
    source = f"import sys\n\nfrom web import Router\n\nroutes = Router()\nsys.path.append('.')\n{late}\n"
    given = SetKeyword(P, span(source, "Router()"), "guard", "user")
    result = applied(source, given, AddImport(P, "shop.guards", "user"))
    assert result.index("from shop.guards import user\n") < result.index("guard=user") < result.rindex(f"\n{late}\n")


def test_an_import_below_another_path_stands_above_what_uses_it() -> None:
    source = "import sys\n\nsys.path.append('.')\nroutes = Router()\nimport shop.rows\n"
    given = SetKeyword(P, span(source, "Router()"), "guard", "user")
    result = applied(source, given, AddImport(P, "shop.guards", "user", None, True))
    assert result.index("sys.path") < result.index("import user") < result.index("guard=user")


def test_an_import_is_exchanged_on_its_line() -> None:
    source = "from web import One, Two\n\nvalue = Two()\nother = One()\n"
    exchanged = ReplaceExpression(P, span(source, "value = |Two()"), "Three()")
    result = "from web import One, Three\n\nvalue = Three()\nother = One()\n"
    assert applied(source, exchanged, AddImport(P, "web", "Three")) == result


def test_imports_of_a_package_stay() -> None:
    source = "from web import Two\n\nvalue = Two()\n"
    change = ReplaceExpression("app/__init__.py", span(source, "Two()"), "None")
    assert applied(source, change) == source.replace("Two()", "None")


def test_imports_come_above_statements_at_the_same_place() -> None:
    source = "import jwt\n\nload()\n"
    change = (InsertStatements(P, None, "first-in-body", "logger = log()"), AddImport(P, "web", "Three"))
    assert applied(source, *change) == "import jwt\nfrom web import Three\n\nlogger = log()\n\nload()\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("A = 480  # 8 horas\n", "A = 30\n"),
        ("A = 60 * 24 * 7  # 7\u5929\n", "A = 30\n"),
        ("# 60 minutes * 24 hours * 8 days = 8 days\nA = 60 * 24 * 8\n", "A = 30\n"),
        ("x = 1\n# 8 days\nA = 60 * 24 * 8\n", "x = 1\nA = 30\n"),
        ("# The life of a token,\n# 8 days\nA = 60 * 24 * 8\n", "# The life of a token,\n# 8 days\nA = 30\n"),
        ("A = 480  # noqa: E480\n", "A = 30  # noqa: E480\n"),
        ("# RFC 8725, section 3\nA = 480\n", "# RFC 8725, section 3\nA = 30\n"),
        ("A = 60 * 24  # minutes\n", "A = 30  # minutes\n"),
    ],
)
def test_comments_that_tell_the_old_number_go(source: str, expected: str) -> None:
    line = next(number for number, text in enumerate(source.splitlines(), 1) if text.startswith("A"))
    text = source.splitlines()[line - 1]
    value = text.partition("#")[0].rstrip()
    assert applied(source, ReplaceExpression(P, Span(line, 5, line, len(value) + 1), "30")) == expected


def test_code_takes_on_the_quotes_that_it_replaces() -> None:
    source = "a = getenv('KEY', 'x')\nb = \"y\"\n"
    change = ReplaceExpression(P, Span(1, 5, 1, 23), 'environ["KEY"]')
    assert applied(source, change) == "a = environ['KEY']\nb = \"y\"\n"


def test_what_replaces_is_wrapped_as_little_as_its_new_line_needs() -> None:
    items = "Cors, one=['*'], two=['*'], three=['*'], four=['*'], five=['*'], six=['*'], end=1"
    source = f"x = {'a' * 80}\nf(\n    {items}\n)\n"
    names = "[" + ", ".join(f'"{word}"' for word in ("first", "second", "third", "fourth", "fifth", "sixth")) + "]"
    result = applied(source, ReplaceExpression(P, span(source, "['*'], two"[:5]), names))
    assert f"    one={names.replace(chr(34), chr(39))},\n    two=['*'],\n" in result


def test_a_call_that_replaces_is_wrapped_where_its_line_gets_too_long() -> None:
    source = f"x = {'a' * 80}\nif True:\n    if given != wanted:\n        pass\n"
    code = "not compare_digest(settings.first_install_token.encode(), data.first_install_token.encode())"
    wrapped = code.replace("(settings", "(\n        settings").replace("encode())", "encode()\n    )")
    assert f"    if {wrapped}:\n" in applied(source, ReplaceExpression(P, span(source, "given != wanted"), code))


def test_what_goes_below_the_last_statement_of_a_class_belongs_to_it() -> None:
    edit = InsertStatements(P, span("class C:\n    A = 1\n", "A = 1"), "after", "if not A:\n    raise ValueError")
    fixed = "class C:\n    A = 1\n    if not A:\n        raise ValueError\nx = 2\n"
    assert applied("class C:\n    A = 1\nx = 2\n", edit) == fixed


@pytest.mark.parametrize("above", ["", '"""Doc."""\n\n', "#!/usr/bin/env python\n\n"])
@pytest.mark.parametrize("below", ["\nSALT = 1\n", "\n\ndef g(): ...\n"])
def test_an_import_takes_the_place_of_the_only_one(above: str, below: str) -> None:
    source = f"{above}import hashlib\n{below}x = hashlib.md5(a)\n"
    changes = [ReplaceExpression(P, span(source, "hashlib.md5(a)"), "slow(a)"), AddImport(P, "own.hashes", "slow")]
    assert applied(source, *changes) == f"{above}from own.hashes import slow\n{below}x = slow(a)\n"
