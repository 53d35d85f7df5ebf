"""Text to tree: encodings, line ends, syntax newer than the interpreter, and texts meant to break a parser."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from fastapi_seclint.syntax import MAX_BYTES, MAX_DEPTH, Unreadable, char_columns, decode, parse
from fastapi_seclint.syntax.outline import Asked, outline

MARK = "the file starts with a UTF-8 byte order mark"
TOO_DEEP = "the code is nested too deeply to be analysed"


def refusal(text: str) -> tuple[int, str]:
    with pytest.raises(Unreadable) as caught:
        parse(text)
    return caught.value.line, caught.value.message


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\n", "x = 1\n"),
        ("é = 'ü'\n".encode(), "é = 'ü'\n"),
        (b"\xef\xbb\xbfx = 1\r\n", "x = 1\r\n"),
        (b"\xef\xbb\xbf# coding: utf-8\nx = '\xc3\xa9'", "# coding: utf-8\nx = 'é'"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (b"#! \xe9\n# vim: set fileencoding=cp1252 :\n'\x80'", "#! é\n# vim: set fileencoding=cp1252 :\n'€'"),
        (b"\r# coding=latin-1\r'\xe9'\r", "\r# coding=latin-1\r'é'\r"),
        (b"\n\n# coding: latin-1\n", "\n\n# coding: latin-1\n"),
        (b"x = 1 # coding: nothing\n", "x = 1 # coding: nothing\n"),
        (b"x = 1\n# coding: nothing\n", "x = 1\n# coding: nothing\n"),
        (b"", ""),
    ],
)  # fmt: skip
def test_bytes_are_decoded_as_the_interpreter_does(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"a\nb\n'\xe9'\n", 3, "byte 0xe9 is not valid utf-8"),
        (b"a\r\nb\rc\xff", 3, "byte 0xff is not valid utf-8"),
        (b"# coding: ascii\n\n\xc3\xa9", 3, "byte 0xc3 is not valid ascii"),
        (b"\n# coding: klingon\n", 2, "unknown encoding: klingon"),
        (b"# coding: hex\n00", 1, "unknown encoding: hex"),
        (b"# coding: undefined\n", 1, "the file is not valid undefined"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, f"{MARK} but declares the encoding latin-1"),
        (b"\xef\xbb\xbf\n# coding: klingon\n", 2, f"{MARK} but declares the encoding klingon"),
        (b"x\n\0", 2, "source code cannot contain null bytes"),
        (b"# coding: utf-7\n'+AAA-'", 1, "source code cannot contain null bytes"),
        ("x = 1".encode("utf-16"), 1, "source code cannot contain null bytes"),
        (b"#" * (MAX_BYTES + 1), 1, "the file is larger than 5,000,000 bytes"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_text_are_refused_with_their_line(data: bytes, line: int, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        decode(data)
    assert (caught.value.line, caught.value.message) == (line, message)


def test_only_line_feeds_and_carriage_returns_end_lines() -> None:
    text = "a = '''\x0b\x0c\x1c\x85\u2028'''\r\n\x0cb = 2\rc = 3\n"
    tree, rewritten = parse(text)
    assert ([node.lineno for node in tree.body], rewritten) == ([1, 2, 3], False)


OLDER = sys.version_info < (3, 12)


def is_native(text: str) -> bool:
    """Whether the running interpreter has nodes of its own for a text."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


NEWER = {
    "type X[T: int] = list[T]": "X = list[T]",
    "if a: type X = int; y = 1": "if a:\n    X = int\n    y = 1",
    "type X[\n    T, # why\n\n    *Ts] = (\n    T)": "X = T",
    "def f[T: (int, str) = int, *Ts, **P](a: T) -> T: return a": "def f(a: T) -> T:\n    return a",
    "class A[T](B): x: T": "class A(B):\n    x: T",
    "async def f[É](é): return é": "async def f(é):\n    return é",
    "try: pass\nexcept A, b.C: pass": "try:\n    pass\nexcept (A, b.C):\n    pass",
    "try: pass\nexcept  A,B : x\nfinally: y": "try:\n    pass\nexcept (A, B):\n    x\nfinally:\n    y",
    "try: pass\nexcept*A, B: pass": "try:\n    pass\nexcept* (A, B):\n    pass",
    "x = f'{a['b']}'": "x = f\"{a['b']}\"",
    "f'{'\\n'.join(a)} é {b!r:>{w}}'": "f'''{\"\"\"\n\"\"\".join(a)} é {b!r:>{w}}'''",
    "f'{f'{f'{1}'}'}'": 'f"""{f"{f\'{1}\'}"}"""',
    "f'''{\na # c\n}{'''b'''}'''": "f\"{a}{'b'}\"",
    "(f'{x['y']}{{' # c\n 'b' rf'\\{z['w']}')": "f\"{x['y']}{{b\\\\{z['w']}\"",
    'f"\\"{a["b"]}\\x41"': 'f""""{a[\'b\']}A"""',
    "f'{a['b']=}'": "f\"{a['b']=}\"",
    "f'{ (a['b']) = !s} { (a) + b['c'] =:>4}'": "f\"{ (a['b']) = !s} { (a) + b['c'] =:>4}\"",
    "f'{(yield a['b'])}{*a['c'], 1}'": 'f\'{(yield a["b"])}{(*a["c"], 1)}\'',
    "f'{(lambda: a['b'])():%Y}'": "f'{(lambda: a[\"b\"])():%Y}'",
    "t'{a} {b!r}'": "f'{a} {b!r}'",
    "x(rt'\\d{a:{b}}')": "x(rf'\\d{a:{b}}')",
    "lazy import x, y as z": "import x, y as z",
    "if a:\n  lazy from x import y": "if a:\n    from x import y",
    "[*x for x in y], {*x for x in y}": "([x for x in y], {x for x in y})",
}


@pytest.mark.parametrize("text", NEWER)
def test_newer_syntax_becomes_older(text: str) -> None:
    if is_native(text):
        pytest.skip("the interpreter parses this by itself")
    tree, _ = parse(text + "\nafter = 1\n")
    assert ast.dump(tree) == ast.dump(ast.parse(f"{NEWER[text]}\nafter = 1"))
    assert tree.body[-1].lineno == text.count("\n") + 2


@pytest.mark.skipif(not OLDER, reason="the interpreter parses this by itself")
@pytest.mark.parametrize(
    ("text", "rewritten"),
    [("f'{a['b']}'", True), ("type X = int", True), ("f'{a[\"b\"]}'", False), ("match x:\n  case 1: y", False)],
)
def test_what_was_rewritten_is_said(text: str, rewritten: bool) -> None:
    assert parse(text)[1] is rewritten


@pytest.mark.parametrize(
    "text",
    [
        "def f[É: int](é, b=é['x']): return g(é)\n",
        "é = 1; x = f'é{a['é']}{q}' 'x' f'{z}'; u = v\n",
        "x = [f'''\né {a['b']}\n  é{d}''', e]; g = h\n",
        "if a:\n    type X[T] = list[é] ; y = z\n",
        "try: pass\nexcept É, B : y(z)\n",
        "x = f'{y['''\n''' + é]}' + w\n",
    ],
)
def test_names_stay_at_their_places(text: str) -> None:
    """The type aliases' own names move to the front of their statement, nothing else moves."""
    names = [node for node in ast.walk(parse(text)[0]) if isinstance(node, ast.Name) and node.id != "X"]
    assert len(names) > 1
    assert [ast.get_source_segment(text, name) for name in names] == [name.id for name in names]


def test_every_node_of_a_rewritten_string_has_a_place() -> None:
    tree, _ = parse("x = f'{a['b']!r:>{w['x']}}' 'c', t'{d=}'\n")
    compile(tree, "x.py", "exec")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\ndef f(:\n", 2),
        ("a\n\nprint 'x'\n", 3),
        ("a\nb\nx = f'{a b}'\n", 3),
        ("x = 'abc\n", 1),
        ("if a:\nb\n", 2),
        ("type X = int\n\nx = = 1\n", 3),
        ("def f[T](): pass\n\nx = = 1\n", 3),
        ("x = 1 2\ny\n", 1),
        ("x = t'a' t'b'\n", 1),
        ("type X = int\nx = 08\n", 2),
        ("x = 1\nx = f'{a['b']}' b'c'\n", 2),
        ("x = (\n", 1),
        ("def f(:\n    pass\n", 1),
        ("type X = int\nclass A\n\n    pass\n", 2),
    ],
)
def test_what_cannot_be_parsed_is_refused_with_its_line(text: str, line: int) -> None:
    assert refusal(text)[0] == line


def test_a_missing_colon_is_called_one() -> None:
    assert refusal("x = 1\nclass A\n    pass\n") == (2, "expected ':'")


def test_null_bytes_and_lone_surrogates_in_text_are_refused() -> None:
    assert refusal("x = 1\r\ny = '\0'") == (2, "source code cannot contain null bytes")
    assert refusal("x = '\ud800'")[1].startswith("cannot be parsed: ")


CHAINS: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: "(" * n + "1" + ")" * n,
    "lists": lambda n: "[" * n + "]" * n,
    "not": lambda n: "not " * n + "x",
    "minus": lambda n: "-" * n + "1",
    "sum": lambda n: "x = " + "+".join(["1"] * n),
    "power": lambda n: "**".join(["x"] * n),
    "shift": lambda n: "<<".join(["x"] * n),
    "attributes": lambda n: "a" + ".b" * n,
    "calls": lambda n: "a" + "()" * n,
    "fluent": lambda n: "(a" + "\n    .b(c)" * n + ")",
    "conditions": lambda n: "a if b else " * n + "c",
    "lambdas": lambda n: "lambda: " * n + "c",
    "elif": lambda n: "if a: pass\n" + "elif b: pass\n" * n,
    "header": lambda n: "if (\n" + "+".join(["x"] * n) + "): pass",
    "decorator": lambda n: "@a" + ".b" * n + "\ndef f(): pass",
    "default": lambda n: "def f(\n  a=" + "-" * n + "1): pass",
    "case": lambda n: "match x:\n  case 1 if " + "-" * n + "1: pass",
    "except": lambda n: "try: pass\nexcept a" + ".b" * n + ": pass",
    "inside": lambda n: "class A:\n  def f(self):\n    with x:\n      return " + "-" * n + "1",
    "strings": lambda n: "f'{" * n + "1" + "}'" * n,
    "indents": lambda n: "".join(" " * i + "if a:\n" for i in range(min(n, 2000))) + " " * min(n, 2000) + "pass",
}


@pytest.mark.parametrize("prefix", ["", "type X = int\n"], ids=["plain", "newer"])
@pytest.mark.parametrize("kind", CHAINS)
@pytest.mark.parametrize("length", [450, 2_500, 10_000, 50_000])
def test_no_depth_crashes(kind: str, prefix: str, length: int) -> None:
    refusal(prefix + CHAINS[kind](length))


@pytest.mark.parametrize("kind", sorted(set(CHAINS) - {"brackets", "lists", "strings", "indents"}))
def test_what_is_as_deep_as_allowed_is_parsed(kind: str) -> None:
    parse(CHAINS[kind](MAX_DEPTH - 10 if kind != "fluent" else MAX_DEPTH // 2 - 10))


def test_flat_code_may_be_long() -> None:
    long = ["x = [" + "1, " * 20_000 + "]", "x = (" + "'a'\n" * 5_000 + ")", " and ".join(["a"] * 5_000)]
    long += ["\n".join(["if a.b(c): d[1] = -e"] * 5_000), "x = y = " * 2_000 + "1"]
    assert [len(parse(text)[0].body) for text in long] == [1, 1, 1, 5_000, 1]


@pytest.mark.parametrize(
    "text",
    [
        "type X = int\nx = [" + "a.b(c),\n" * 1_500 + "]",
        "type X = int\n" + "x = a.b(c) + d; y\n" * 1_000,
        "type X = int\n'''" + "long words ( [ { " * 3_000 + "'''",
        "type X = int\n# " + "( " * 3_000,
        "type X = int\nx = f'" + "{a:>{b}} {{ " * 300 + "', 1",
    ],
)
def test_flat_code_with_newer_syntax_may_be_long(text: str) -> None:
    assert parse(text)[1] is OLDER


@pytest.mark.parametrize("opening", ["f'{x:\"}' + ", "f'{'a' + ", 'f"{x!r:{y}\'}" + ', "'\\'' + ", "f'\\{x}' + "])
def test_depth_cannot_hide_behind_strings(opening: str) -> None:
    text = "type X = int\nx = " + opening + "(" * 5_000 + ")" * 5_000
    assert refusal(text)[0] in (1, 2)


def test_a_tree_that_is_refused_is_refused_at_its_statement() -> None:
    assert refusal("x = 1\n\ny = " + "-" * 1000 + "1\n") == (3, TOO_DEEP)


def test_warnings_of_the_analysed_code_are_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse("x = '\\d' is 1")[1] is False
        assert parse("x = '\\d' is 1, f'{a['\\w']}\\q'")[1] is OLDER
    assert capfd.readouterr() == ("", "")


def test_the_caller_keeps_its_recursion_limit() -> None:
    before = sys.getrecursionlimit()
    parse("type X = int")
    assert sys.getrecursionlimit() == before


def test_libcst_is_loaded_only_for_newer_syntax() -> None:
    code = "import sys; from fastapi_seclint.syntax import parse; parse({!r}); sys.exit('libcst' in sys.modules)"
    root = Path(__file__).resolve().parent.parent
    ran = [
        subprocess.run([sys.executable, "-c", code.format(text)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
        for text in ("x = f'{a}'", "lazy import x")
    ]
    assert [done.returncode for done in ran] == [0, 1]


def test_columns_count_characters() -> None:
    text = "é = 'ü😀'; x\r\nplain\rçç = y\n"
    column = char_columns(text)
    assert column is not None
    names = {node.id: node for node in ast.walk(parse(text)[0]) if isinstance(node, ast.Name)}
    assert {name: column(node.lineno, node.col_offset) for name, node in names.items()} == {
        "é": 0,
        "x": 10,
        "plain": 0,
        "çç": 0,
        "y": 5,
    }
    assert [column(node.end_lineno or 0, node.end_col_offset or 0) for node in names.values()] == [1, 11, 5, 2, 6]


def test_ascii_needs_no_conversion() -> None:
    assert char_columns("x = 1\n") is None


OUTLINED = '''\
import os

@route("/a")
def first(
    x,
):
    """Says something."""
    return os.getcwd()

class Box:
    size = 1

    def get(self): return self.size

    async def put(self, value):
        def inner():
            return value
        # a comment
        return inner

def last():
    return 2
'''


def test_an_outline_keeps_what_stands_on_its_lines_where_it_was() -> None:
    rows = outline(OUTLINED, Asked((13,))).split("\n")
    assert len(rows) == len(OUTLINED.split("\n"))
    assert rows[:6] == OUTLINED.split("\n")[:6]
    assert rows[6:8] == ['    """', '"""']
    assert rows[9:15] == OUTLINED.split("\n")[9:15]
    assert rows[15:19] == ['        """', "", "", '"""']
    assert rows[20:22] == ["def last():", "    pass"]


LONG = '''
def long(user):
    """Says something."""
    first = 1
    second = (
        2
    )
    # between
    third = 3
    fourth = 4
    if user:
        fifth = 5
    elif first:
        asked = 6
    else:
        seventh = 7
        eighth = 8
    @wraps
    def ninth():
        return 9
    tenth = 10
    try:
        eleventh = 11
    except KeyError:
        twelfth = 12
    return first
'''


def test_an_outline_keeps_of_a_function_its_beginning_and_what_is_near_the_lines() -> None:
    rows, whole = outline(LONG, Asked((14,))).split("\n"), LONG.split("\n")
    assert len(rows) == len(whole)
    assert rows[:4] == whole[:4]
    assert rows[4:9] == ['    """', "", "", "", '"""']
    assert rows[9:15] == [whole[9], whole[10], "        pass", *whole[12:15]]
    assert rows[15:20] == ['        """', '"""', *whole[17:19], "        pass"]
    assert rows[20:] == ['    """', "", "", "", "", '"""', ""]
    ast.parse("\n".join(rows))


def test_statements_that_share_a_line_with_one_that_stays_are_kept() -> None:
    text = "def f(a):\n    a += 1\n    a += 2\n    a += 3; a += 4\n    return a\n"
    assert outline(text, Asked((5,))) == text


def test_an_outline_keeps_statements_that_end_too_far_left() -> None:
    text = 'def f():\n    return """\n"""\n\ndef g():\n    return (\n1\n)\n\ndef h():\n    return (1\n,)\n'
    shorter = text.replace('return """', '"""').replace("\ndef h():\n    return (1\n,)", "\n\n\n0")
    assert outline(text, Asked(())) == shorter


def test_an_outline_of_everything_or_of_what_cannot_be_read_is_the_text() -> None:
    assert outline(OUTLINED, Asked(tuple(range(1, 30)))) == OUTLINED
    assert outline("def f(:\n    return 1\n", Asked(())) == "def f(:\n    return 1\n"
