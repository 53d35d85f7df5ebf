"""What expressions are: constants wherever they were written, reads of the environment, choices, and unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from projects import program, value, value_inside

from fastapi_seclint.program.interpreter import Interpreter
from fastapi_seclint.program.values import (
    Choice,
    Collection,
    Const,
    Environment,
    Mapping,
    Text,
    Unknown,
    Value,
    constant,
    options,
    settled,
)


def plain(answer: Value) -> Any:
    """A value as Python would show it; environment reads by their defaults, what is not known as `...`."""
    found = list(settled(answer))
    if len(found) != 1:
        return [plain(option) for option in found]
    match found[0]:
        case Const(known):
            return known
        case Collection("set", items):
            return {plain(item) for item in items}
        case Collection(kind, items):
            return {"list": list, "tuple": tuple}[kind](plain(item) for item in items)
        case Mapping(items):
            return {plain(key): plain(item) for key, item in items}
    return ...


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a' + 'b'", "ab"),
        ("'a' 'b'", "ab"),
        ("f'{A}/{B!s}'", "alpha/2"),
        ("f'{B:02d}'", "02"),
        ("f'{A!r:>8}'", " 'alpha'"),
        ("'{}-{x}'.format(A, x=B)", "alpha-2"),
        ("'%s/%d' % (A, B)", "alpha/2"),
        ("'/'.join(['a', A])", "a/alpha"),
        ("A.upper()", "ALPHA"),
        ("' a '.strip()", "a"),
        ("'a,b'.split(',')", ["a", "b"]),
        ("'a-b'.replace('-', '_')", "a_b"),
        ("A.startswith('al')", True),
        ("A[0]", "a"),
        ("60 * 24 * 8", 11520),
        ("7 // 2 + 2 ** 3 - 1", 10),
        ("-B", -2),
        ("10 / 4", 2.5),
        ("int('15')", 15),
        ("bool('')", False),
        ("str(B)", "2"),
        ("not A", False),
        ("1 < B < 3", True),
        ("1 < B < 2 < int(input())", False),
        ("A == 'alpha' and B == 2", True),
        ("'x' in ('x', 'y')", True),
        ("None is None", True),
        ("'yes' if B == 2 else 'no'", "yes"),
        ("'' or None or A", "alpha"),
        ("'' and A", ""),
        ("[1] + [B]", [1, 2]),
        ("[*LIST, 3]", [1, 2, 3]),
        ("LIST + ['x']", [1, 2, "x"]),
        ("(1, *LIST)", (1, 1, 2)),
        ("[0] * 2", [0, 0]),
        ("list((1, 2))", [1, 2]),
        ("set(LIST)", {1, 2}),
        ("LIST[-1]", 2),
        ("len(LIST)", 2),
        ("sorted(['b', 'a'])", ["a", "b"]),
        ("sorted([2, 10, 3], reverse=True)", [10, 3, 2]),
        ("{**MAP, 'b': 2}", {"a": 1, "b": 2}),
        ("MAP | {'c': 3}", {"a": 1, "c": 3}),
        ("dict(a=1, **{'b': 2})", {"a": 1, "b": 2}),
        ("MAP['a']", 1),
        ("MAP.get('none', 'fallback')", "fallback"),
        ("list(MAP)", ["a"]),
        ("[k for k, v in MAP.items() if v]", ["a"]),
        ("[x * 2 for x in LIST]", [2, 4]),
        ("{x: 1 for x in LIST}", {1: 1, 2: 1}),
        ("(lambda y: y + 1)(B)", 3),
        ("(z := 5) + 1", 6),
    ],
)
def test_expressions_of_constants_are_constants(tmp_path: Path, text: str, expected: object) -> None:
    start = "A = 'alpha'\nB = 2\nLIST = [1, 2]\nMAP = {'a': 1}\n"
    assert plain(value(f"{start}X = {text}\n", tmp_path)) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("X = 1\nX += 1", 2),
        ("X = []\nX.append('a')\nX.extend(['b'])\nX += ['c']", ["a", "b", "c"]),
        ("X = {}\nX['a'] = 1\nX.update(b=2)\nX.setdefault('c', 3)", {"a": 1, "b": 2, "c": 3}),
        ("(a, *X) = (1, 2, 3)", [2, 3]),
        ("(*X, a) = (1, 2, 3)", [1, 2]),
        ("(*_, X) = (1, 2, 3)", 3),
        ("(a, *X) = (1,)", []),
        ("a = X = 'both'", "both"),
        ("X: str = 'typed'", "typed"),
        ("if True:\n    X = 'in'\nelse:\n    X = 'out'", "in"),
        ("X = 0\nfor n in (1, 2):\n    X = X + n", 3),
        ("def f(a, b='d'):\n    return a + b\nX = f('c')", "cd"),
        ("def f(**kw):\n    return kw\nX = f(a=1)", {"a": 1}),
        ("def f():\n    global X\n    X = 'set'\nf()", "set"),
        ("from functools import partial\ndef f(a, b):\n    return a + b\nX = partial(f, 'a')('b')", "ab"),
        ("class A:\n    x = 'class'\nX = A.x", "class"),
        ("class A:\n    x = 'class'\nclass B(A): ...\nX = B().x", "class"),
        ("class A:\n    def __init__(self, x):\n        self.x = x\nX = A('self').x", "self"),
        ("class A:\n    @property\n    def x(self):\n        return 'property'\nX = A().x", "property"),
        ("class A:\n    @classmethod\n    def x(cls):\n        return cls.y\n    y = 'cls'\nX = A.x()", "cls"),
        ("class A:\n    @staticmethod\n    def x(a):\n        return a\nX = A.x('static')", "static"),
        ("from enum import Enum\nclass E(Enum):\n    a = 'value'\nX = E.a.value", "value"),
        ("from enum import StrEnum\nclass E(StrEnum):\n    a = 'value'\nX = f'/{E.a}'", "/value"),
        (
            (
                "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\n    y: int = 2\n"
                "X = A(5).x + A(5).y"
            ),
            7,
        ),
        ("from typing import NamedTuple\nclass A(NamedTuple):\n    x: int = 1\nX = A(x=3).x", 3),
        ("from types import SimpleNamespace\nn = SimpleNamespace(x='ns')\nX = n.x", "ns"),
        ("import queue\nn = queue.Queue()\nn.x = 'set'\nX = n.x", "set"),
        ("from datetime import timedelta\nMINUTES = 30\nX = MINUTES", 30),
        ("try:\n    X = 'tried'\nfinally:\n    pass", "tried"),
        ("with open('f') as f:\n    X = 'within'", "within"),
    ],
)
def test_statements_are_followed(tmp_path: Path, lines: str, expected: object) -> None:
    assert plain(value(lines + "\n", tmp_path)) == expected


def test_constants_come_through_modules_and_say_where_they_were_written(tmp_path: Path) -> None:
    files = {
        "conf/__init__.py": "from .base import *\n",
        "conf/base.py": "\nKEY = 'k'\n",
        "main.py": "import conf\nX = conf.KEY\n",
    }
    answer = value(files, tmp_path)
    assert constant(answer) == "k"
    assert str(answer.place).endswith("conf/base.py:2")


@pytest.mark.parametrize(
    ("text", "name", "default"),
    [
        ("os.getenv('KEY')", "KEY", None),
        ("os.getenv('KEY', 'd')", "KEY", "d"),
        ("os.getenv('KEY', default='d')", "KEY", "d"),
        ("os.environ.get('KEY', 'd')", "KEY", "d"),
        ("os.environ['KEY']", "KEY", None),
        ("environ.get('KEY', 'd')", "KEY", "d"),
        ("getenv('KEY', 'd')", "KEY", "d"),
        ("decouple.config('KEY', default='d')", "KEY", "d"),
        ("Config('.env')('KEY', default='d')", "KEY", "d"),
        ("Config('.env')('KEY', cast=str, default='d')", "KEY", "d"),
    ],
)
def test_reads_of_the_environment_keep_name_and_default(
    tmp_path: Path, text: str, name: str, default: str | None
) -> None:
    start = "import os\nfrom os import environ, getenv\nimport decouple\nfrom starlette.config import Config\n"
    answer = value(f"{start}X = {text}\n", tmp_path)
    assert isinstance(answer, Environment)
    assert answer.name == name
    assert constant(answer) == default


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("os.getenv('KEY') or 'fallback'", "fallback"),
        ("os.getenv('KEY', 'd') + '/x'", "d/x"),
        ("f\"{os.getenv('KEY', 'd')}/x\"", "d/x"),
        ("int(os.getenv('KEY', '30'))", 30),
        ("os.getenv('KEY', 'a,b').split(',')", ["a", "b"]),
        ("os.getenv('KEY', 'false').lower() == 'true'", False),
        ("60 * int(os.environ.get('KEY', 5))", 300),
        ("os.getenv('A', os.getenv('B', 'inner'))", "inner"),
        ("os.environ.get('KEY', 'd') if os.getenv('OTHER') else 'no'", "no"),
    ],
)
def test_what_is_made_of_a_setting_has_the_default_of_what_it_is_made_of(
    tmp_path: Path, text: str, expected: object
) -> None:
    answer = value(f"import os\nX = {text}\n", tmp_path)
    assert expected in [plain(answer), *(plain(option) for option in settled(answer))]


@pytest.mark.parametrize(
    "text",
    [
        "int(os.getenv('KEY', '30'))",
        "os.getenv('KEY', 'd').upper()",
        "os.getenv('KEY', 'd') + 'x'",
        "os.getenv('KEY', 'd') or 'x'",
        "f\"{os.getenv('KEY', 'd')}\"",
        "'%s' % os.getenv('KEY', 'd')",
    ],
)
def test_what_is_made_of_a_setting_is_not_taken_for_a_constant(tmp_path: Path, text: str) -> None:
    assert not isinstance(value(f"import os\nX = {text}\n", tmp_path), Const)


def test_a_setting_without_default_is_not_known(tmp_path: Path) -> None:
    answer = value("import os\nX = os.environ['KEY']\n", tmp_path)
    assert list(settled(answer)) == []


SETTINGS = """
from functools import lru_cache
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
class Base(BaseSettings):
    inherited: str = "base"
class Settings(Base):
    plain: str = "plain"
    minutes: int = 60 * 24
    field: str = Field("field", alias="X")
    keyword: str = Field(default="keyword", min_length=1)
    factory: list[str] = Field(default_factory=lambda: ["made"])
    required: str
    origins: list[str] = ["*"]
    @property
    def joined(self) -> str:
        return self.plain + "/" + self.inherited
settings = Settings()
@lru_cache
def get_settings() -> Settings:
    return Settings()
@lru_cache(maxsize=1)
def get_settings_too():
    return Settings()
"""


@pytest.mark.parametrize("holder", ["settings", "get_settings()", "get_settings_too()", "Settings()"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", "plain"),
        ("minutes", 1440),
        ("field", "field"),
        ("keyword", "keyword"),
        ("factory", ["made"]),
        ("inherited", "base"),
        ("joined", "plain/base"),
        ("origins", ["*"]),
    ],
)
def test_fields_of_settings_are_environment_reads_with_defaults(
    tmp_path: Path, holder: str, name: str, expected: object
) -> None:
    files = {"config.py": SETTINGS, "main.py": f"from config import *\nX = {holder}.{name}\n"}
    assert plain(value(files, tmp_path)) == expected


def test_a_field_of_settings_without_default_is_required_from_the_environment(tmp_path: Path) -> None:
    answer = value({"config.py": SETTINGS, "main.py": "from config import settings\nX = settings.required\n"}, tmp_path)
    assert isinstance(answer, Environment)
    assert answer.default is None


@pytest.mark.parametrize("name", ["plain", "minutes", "field", "required", "origins"])
def test_a_field_of_settings_is_not_taken_for_a_constant(tmp_path: Path, name: str) -> None:
    answer = value({"config.py": SETTINGS, "main.py": f"from config import settings\nX = settings.{name}\n"}, tmp_path)
    assert isinstance(answer, Environment)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("X = 'a' if input() else 'b'", {"a", "b"}),
        ("if input():\n    X = 'a'\nelse:\n    X = 'b'", {"a", "b"}),
        ("X = 'a'\nif input():\n    X = 'b'", {"a", "b"}),
        ("try:\n    import fast\n    X = 'a'\nexcept ImportError:\n    X = 'b'", {"a", "b"}),
        ("def f(x):\n    if x:\n        return 'a'\n    return 'b'\nX = f(input())", {"a", "b"}),
        ("match input():\n    case 'x':\n        X = 'a'\n    case _:\n        X = 'b'", {"a", "b"}),
        ("X = {'x': 'a', 'y': 'b'}[input()]", {"a", "b"}),
    ],
)
def test_what_depends_on_something_unknown_is_a_choice(tmp_path: Path, lines: str, expected: set[str]) -> None:
    answer = value(lines + "\n", tmp_path)
    assert isinstance(answer, Choice)
    assert {plain(option) for option in options(answer)} == expected


@pytest.mark.parametrize(
    "lines",
    [
        "X = open('key').read()",
        "X = undefined",
        "X = undefined.attribute[0](1)",
        "import secrets\nX = secrets.token_hex(32)",
        "X = input() + 'x'",
        "def f(n):\n    return f(n + 1)\nX = f(0)",
        "X = 10 ** 10 ** 10",
        "X = 'a' * 10 ** 12",
        "X = 1 / 0",
        "X = [][0]",
        "X = {}['none']",
        "X = int('none')",
    ],
)
def test_what_cannot_be_known_is_no_constant(tmp_path: Path, lines: str) -> None:
    assert constant(value(lines + "\n", tmp_path)) is None


def test_a_loop_without_end_ends(tmp_path: Path) -> None:
    found = value("X = 'before'\nwhile True:\n    X += 'x'\nX = 'never reached'\n", tmp_path)
    assert constant(found) != "before"


SLOW = """
def register(name):
    for a in range(40):
        for b in range(40):
            for c in range(40):
                found = name
"""


def test_a_function_that_does_too_much_is_followed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted, step = [0], Interpreter.step

    def count(interpreter: Interpreter) -> None:
        counted[0] += 1
        step(interpreter)

    monkeypatch.setattr(Interpreter, "step", count)
    value(SLOW + "X = register('a')\n", tmp_path)
    once, counted[0] = counted[0], 0
    value(SLOW + "X = register('a')\n" * 9, tmp_path)
    assert once > 10_000
    assert counted[0] < 2 * once


LARGE = {
    "+": "X = 'a' * 1000\nfor _ in range(14):\n    X = X + X",
    "+=": "X = 'a' * 1000\nfor _ in range(14):\n    X += X",
    "f-string": "X = 'a' * 1000\nfor _ in range(14):\n    X = f'{X}{X}'",
    "join": "X = 'a' * 1000\nfor _ in range(14):\n    X = ''.join([X, X])",
    "format": "X = 'a' * 1000\nfor _ in range(14):\n    X = '{}{}'.format(X, X)",
    "replace": "X = 'a' * 1000\nfor _ in range(14):\n    X = X.replace('a', 'aa')",
    "width": "X = '%50000000d' % 1",
    "product": "X = 3\nfor _ in range(18):\n    X = X * X",
    "list": "X = [1]\nfor _ in range(20):\n    X = X + X",
    "star": "X = [1]\nfor _ in range(20):\n    X = [*X, *X]",
    "extend": "X = [1]\nfor _ in range(20):\n    X.extend(X)",
}


@pytest.mark.parametrize("name", LARGE)
def test_values_do_not_grow_without_bound(tmp_path: Path, name: str) -> None:
    """The analysed code is not trusted: its values cost no more memory than a large file does."""
    match value(LARGE[name] + "\n", tmp_path):
        case Const(int() as number):
            assert number.bit_length() < 100_000
        case Const(str() as text):
            assert len(text) < 2_000_000
        case Collection(_, items):
            assert len(items) < 200_000


def test_a_string_of_which_a_part_is_unknown_keeps_the_known_parts(tmp_path: Path) -> None:
    answer = value("X = f'/v1/{input()}/x'\n", tmp_path)
    assert isinstance(answer, Text)
    assert [part for part in answer.parts if isinstance(part, str)] == ["/v1/", "/x"]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("X = [1, *input()]", [1]),
        ("X = [1] + input()", [1]),
        ("X = {'a': 1, **input()}", {"a": 1}),
    ],
)
def test_a_collection_with_unknown_parts_is_open(tmp_path: Path, lines: str, kept: object) -> None:
    answer = value(lines + "\n", tmp_path)
    assert isinstance(answer, Collection | Mapping)
    assert plain(answer) == kept
    assert answer.open


# Inside functions that nobody runs


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x = KEY", "key"),
        ("y = KEY\n    x = y + '!'", "key!"),
        ("x = settings.plain", "plain"),
        ("import config\n    x = config.get_settings().minutes", 1440),
        ("from config import get_settings\n    x = get_settings().minutes", 1440),
        ("from config import settings as s\n    x = s.plain", "plain"),
        ("x = self_made('a')", "a!"),
        ("for x in ['only']:\n        pass", "only"),
    ],
)
def test_names_inside_functions_are_what_their_assignments_say(tmp_path: Path, body: str, expected: object) -> None:
    text = (
        "from config import settings\nKEY = 'key'\ndef self_made(v):\n    return v + '!'\n"
        f"def f(p, q='d'):\n    {body}\n    print(x)\n    return x\n"
    )
    found = program(tmp_path, {"config.py": SETTINGS, "main.py": text})
    assert plain(value_inside(found, "main.f", "x")) == expected


def test_a_parameter_is_what_its_annotation_says_or_unknown(tmp_path: Path) -> None:
    text = (
        "from config import Settings, get_settings\nfrom fastapi import Depends\n"
        "def f(p, s: Settings = Depends(get_settings)):\n    x = s.plain\n"
    )
    found = program(tmp_path, {"config.py": SETTINGS, "main.py": text})
    assert isinstance(value_inside(found, "main.f", "p"), Unknown)
    assert plain(value_inside(found, "main.f", "x")) == "plain"


# Library symbols


@pytest.mark.parametrize(
    "lines",
    [
        "import jwt\njwt.decode(t, k)",
        "import jwt as j\nj.decode(t, k)",
        "from jwt import decode\ndecode(t, k)",
        "from jwt import decode as d\nd(t, k)",
        "from helpers import jwt\njwt.decode(t, k)",
        "from helpers import *\njwt.decode(t, k)",
        "from helpers import decode_it\ndecode_it(t, k)",
        "from helpers import *\ndecode_it(t, k)",
        "import jwt\ndef f():\n    return jwt.decode(t, k)",
        "import jwt\nclass A:\n    def m(self):\n        return jwt.decode(t, k)",
        "def f():\n    import jwt\n    return jwt.decode(t, k)",
        "import jwt\nf = lambda t: jwt.decode(t, k)",
        "import jwt\nclass A:\n    decode = jwt.decode(t, k)",
    ],
)
def test_calls_of_library_symbols_are_found_under_every_name(tmp_path: Path, lines: str) -> None:
    found = program(
        tmp_path, {"helpers.py": "import jwt\nfrom jwt import decode as decode_it\n", "main.py": lines + "\n"}
    )
    assert [call.location.path.rpartition("/")[2] for call in found.sites.calls("jwt.decode")] == ["main.py"]


@pytest.mark.parametrize(
    "lines",
    [
        "def decode(t): ...\ndecode(t)",
        "from other import jwt\njwt.decode(t)",
        "class jwt:\n    def decode(self): ...\njwt().decode()",
    ],
)
def test_symbols_of_the_project_are_not_taken_for_the_library(tmp_path: Path, lines: str) -> None:
    found = program(
        tmp_path, {"other.py": "class jwt:\n    @staticmethod\n    def decode(t): ...\n", "main.py": lines + "\n"}
    )
    assert list(found.sites.calls("jwt.decode")) == []
