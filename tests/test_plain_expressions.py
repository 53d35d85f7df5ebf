"""People write one expression in several ways; the facts have it in one."""

from __future__ import annotations

from typing import Any

import pytest
from test_plain_order import body


def without_keywords_places(form: Any) -> Any:
    """A form whose calls have keywords without places."""
    match form:
        case ["call", function, arguments, keywords]:
            named = [[keyword, value] for keyword, value, _ in keywords]
            return ["call", function, *without_keywords_places([arguments, named])]
        case list():
            return [without_keywords_places(item) for item in form]
    return form


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ('f("a " + str(ok) + " b")', 'f(f"a {ok} b")'),
        ('f("a " + "b " + user)', 'f(f"a b {user}")'),
        ('f(f"{ok} " + user)', 'f(f"{ok} {user}")'),
        ('f("a %s 100%%" % user)', 'f(f"a {user} 100%")'),
        ('f("%s%r" % (ok, user))', 'f(f"{ok}{user!r}")'),
        ('f("%(b)s %(a)s" % {"a": ok, "b": user})', 'f(f"{user} {ok}")'),
        ('f("a {} {}".format(ok, user))', 'f(f"a {ok} {user}")'),
        ('f("{1} {0} {{}}".format(ok, user))', 'f(f"{user} {ok} {{}}")'),
        ('f("{name}".format(name=user))', 'f(f"{user}")'),
        ('f(", ".join(["a", user]))', 'f(f"a, {user}")'),
        ('f(ok, **{"key": user})', "f(ok, key=user)"),
        ('f(**{"key": user, "other": ok}, last=1)', "f(key=user, other=ok, last=1)"),
        ('os.getenv(key="A", default="b")', 'os.getenv("A", "b")'),
        ('os.getenv("A", default="b")', 'os.getenv("A", "b")'),
        ("not ok == user", "ok != user"),
        ("not ok in user", "ok not in user"),
        ('told = {"a": ok}; f(**told)', "f(a=ok)"),
        ('told = {"a": ok}; told["b"] = user; f(**told, c=1)', "f(a=ok, b=user, c=1)"),
        ("jwt.encode(payload=user, key=ok)", "jwt.encode(user, key=ok)"),
        ("jwt.encode(key=ok, claims=user)", "jwt.encode(user, key=ok)"),
        ("sync_to_async(f, thread_sensitive=True)(ok, key=user)", "f(ok, key=user)"),
        ("asyncer.asyncify(self.f)(ok)", "self.f(ok)"),
    ],
)
def test_an_expression_is_read_in_its_plain_way(written: str, plain: str) -> None:
    assert without_keywords_places(body(written)) == without_keywords_places(body(plain))


@pytest.mark.parametrize(
    "text",
    [
        "f(ok + user)",
        'f("a" + "b")',
        'f("%5d" % user)',
        'f("%s" % (ok, user))',
        'f("%s %s" % user)',
        'f("{:02d}".format(user))',
        'f("{0.name}".format(user))',
        'f("{}".format(*user))',
        'f("{".format(user))',
        'f(" ".join(user))',
        'f(" ".join([*user]))',
    ],
)
def test_what_may_be_something_else_stays(text: str) -> None:
    argument = body(text)[0][1][2][0] if len(body(text)[0]) == 2 else body(text)[0][2][2][0]
    assert argument[0] in ("binop", "call")


@pytest.mark.parametrize(
    "text",
    [
        'told = {"a": ok}; f(**told); g(told)',
        'told = {"a": ok}; told.update(user); f(**told)',
        'told = {"a": ok}; g(); told["b"] = user; f(**told)',
        "told = {ok: user}; f(**told)",
        'told = {"a": ok}; g(lambda: told); f(**told)',
    ],
)
def test_a_dictionary_that_is_asked_otherwise_stays(text: str) -> None:
    assert body(text)[0][:2] == ["assign", [["name", "told"]]]


@pytest.mark.parametrize("text", ['f(**{"a b": ok})', "f(**{ok: user})", "f(**{**ok})", "f(**user)"])
def test_what_gives_no_names_stays_spread(text: str) -> None:
    assert "None" in str(body(text))
    assert body(text) != body("f()")
