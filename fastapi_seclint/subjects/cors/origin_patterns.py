"""What origins a regular expression lets in, read from its text: it is never run, since it comes from analysed code.

Starlette matches the whole origin (`fullmatch`), so anchors change nothing. A pattern is unfolded into the sequences it
stands for: alternatives, optional parts and groups become sequences of their own, as far as there are not too many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "dot", "any", "digits", "label"]
Mistake = Literal["any", "null", "continued", "glued", "registry", "shared", "dot"]

MISTAKES: tuple[Mistake, ...] = ("any", "null", "continued", "glued", "registry", "shared", "dot")
"""The mistakes, the worst first."""

_MOST = 96
_LONGEST = 2000
_RESERVED = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "test", "invalid")
_SECOND_LEVEL = ("co", "com", "net", "org", "ac", "gov", "edu", "gob", "or", "ne")
_SHARED = (
    "vercel.app", "now.sh", "netlify.app", "netlify.com", "herokuapp.com", "github.io", "gitlab.io", "pages.dev",
    "workers.dev", "web.app", "firebaseapp.com", "appspot.com", "run.app", "azurewebsites.net",
    "azurestaticapps.net", "cloudfront.net", "amplifyapp.com", "amazonaws.com", "elasticbeanstalk.com", "onrender.com",
    "railway.app", "up.railway.app", "fly.dev", "surge.sh", "glitch.me", "repl.co", "replit.app", "replit.dev",
    "ngrok.io", "ngrok.app", "ngrok-free.app", "ngrok-free.dev", "loca.lt", "trycloudflare.com", "hf.space",
    "streamlit.app", "lovable.app", "lovableproject.com", "csb.app", "stackblitz.io", "webcontainer.io", "deno.dev",
    "gitpod.io", "github.dev", "codespaces.new", "bolt.new", "ondigitalocean.app", "koyeb.app", "deta.app",
    "blogspot.com", "wixsite.com", "weebly.com", "myshopify.com", "bubbleapps.io",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece of a sequence: one character of text, an unescaped dot alone, or something that varies."""

    kind: Kind
    text: str = ""
    at: int = -1


Sequence = tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Looseness:
    """The worst mistake of a pattern, the part of it that shows it, and where its unescaped dots are."""

    mistake: Mistake
    part: str
    dots: tuple[int, ...]
    only_dots: bool


class _TooMany(Exception):
    """The pattern stands for more sequences than are looked at, or is no pattern."""


class _Reader:
    """Unfolds one pattern."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> list[Sequence]:
        found = self._alternatives()
        if self._at < len(self._text):
            raise _TooMany
        return found

    def _alternatives(self) -> list[Sequence]:
        found = self._branch()
        while self._peek() == "|":
            self._at += 1
            found = found + self._branch()
        return found

    def _branch(self) -> list[Sequence]:
        found: list[Sequence] = [()]
        while self._peek() not in ("", "|", ")"):
            pieces = self._quantified(self._atom())
            found = [(*left, *right) for left in found for right in pieces]
            if len(found) > _MOST:
                raise _TooMany
        return found

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        letter = self._peek()
        if not letter:
            raise _TooMany
        self._at += 1
        return letter

    def _atom(self) -> list[Sequence]:
        start, letter = self._at, self._take()
        if letter in "^$":
            return [()]
        if letter == "(":
            return self._group()
        if letter == "[":
            return [(self._class(),)]
        if letter == ".":
            return [(Atom("dot", ".", start),)]
        if letter == "\\":
            return self._escape()
        return [(Atom("text", letter, start),)]

    def _escape(self) -> list[Sequence]:
        letter = self._take()
        if letter in "AZbBz":
            return [()]
        if letter == "d":
            return [(Atom("digits"),)]
        if letter == "w":
            return [(Atom("label"),)]
        if letter in "DWsS":
            return [(Atom("any"),)]
        return [(Atom("text", letter),)]

    def _group(self) -> list[Sequence]:
        if self._peek() == "?":
            self._at += 1
            letter = self._take()
            if letter == "P":
                self._name()
            elif letter != ":":
                raise _TooMany
        found = self._alternatives()
        if self._take() != ")":
            raise _TooMany
        return found

    def _name(self) -> None:
        if self._take() != "<":
            raise _TooMany
        while self._take() != ">":
            pass

    def _class(self) -> Atom:
        start = self._at
        while self._take() != "]" or self._at == start + 1:
            if self._text[self._at - 1] == "\\":
                self._take()
        inside = self._text[start : self._at - 1]
        if inside.startswith("^"):
            return Atom("label" if "." in inside else "any")
        if not inside.replace("0-9", "").replace("\\d", "").strip("0123456789"):
            return Atom("digits")
        if len(inside.lstrip("\\")) == 1:
            return Atom("text", inside[-1])
        return Atom("any" if "." in inside else "label")

    def _quantified(self, pieces: list[Sequence]) -> list[Sequence]:
        letter = self._peek()
        if not letter or letter not in "?*+{":
            return pieces
        self._at += 1
        if letter == "{":
            bounds = ""
            while self._peek() != "}":
                bounds += self._take()
            self._at += 1
            letter = "*" if bounds.startswith(("0", ",")) else "+"
        if self._peek() in ("?", "+") and self._peek():
            self._at += 1
        repeated = [_repeated(piece) if letter != "?" else piece for piece in pieces]
        return repeated if letter == "+" or (_varies_alone(repeated) and letter == "*") else [(), *repeated]


def _repeated(piece: Sequence) -> Sequence:
    if len(piece) == 1 and piece[0].kind == "dot":
        return (Atom("any"),)
    return piece


def _varies_alone(pieces: list[Sequence]) -> bool:
    return len(pieces) == 1 and len(pieces[0]) == 1 and pieces[0][0].kind in ("any", "label", "digits")


def looseness(pattern: str) -> Looseness | None:
    """What is wrong with a pattern for origins; None when nothing is, or when it is not understood."""
    if len(pattern) > _LONGEST:
        return None
    try:
        sequences = _Reader(pattern).read()
    except _TooMany:
        return None
    found: list[tuple[Mistake, str]] = []
    dots: set[int] = set()
    for sequence in sequences:
        host = _host(sequence)
        found += [(mistake, _spoken(sequence)) for mistake in _mistakes(sequence, host)]
        dots.update(_loose_dots(host))
    if not found:
        return None
    mistake, part = min(found, key=lambda item: MISTAKES.index(item[0]))
    return Looseness(mistake, part, tuple(sorted(dots)), all(item[0] == "dot" for item in found))


def _spoken(sequence: Sequence) -> str:
    shown = {"any": ".*", "label": "*", "digits": "0"}
    return "".join(shown.get(atom.kind, atom.text) for atom in sequence)


def _text(sequence: Sequence) -> str:
    """The sequence with a letter for what varies: text as it is, `\\0` for something that varies."""
    return "".join(atom.text if atom.kind in ("text", "dot") else "\0" for atom in sequence)


def _host(sequence: Sequence) -> Sequence:
    """The part for the host: without scheme, port and slash. Empty when no origin of a browser can match."""
    text = _text(sequence)
    start = text.find("://")
    if start >= 0:
        rest = sequence[start + 3 :]
    elif sequence and sequence[0].kind == "any":
        rest = sequence
    else:
        return ()
    for number, atom in enumerate(rest):
        if atom.kind == "text" and atom.text in ":/":
            return rest[:number]
    return rest


def _mistakes(sequence: Sequence, host: Sequence) -> Iterator[Mistake]:
    if _text(sequence).lower() == "null":
        yield "null"
    varying = [number for number, atom in enumerate(host) if atom.kind in ("any", "label", "digits")]
    if varying:
        last = varying[-1]
        found = _before(host[:last], host[last]) if last == len(host) - 1 else _behind(host, last)
        if found is not None:
            yield found
    if _loose_dots(host):
        yield "dot"


def _before(start: Sequence, last: Atom) -> Mistake | None:
    """The host ends in something that varies: what that lets in depends on what stands before."""
    text = _text(start)
    if last.kind == "digits" and all(letter in ".\0" or letter.isdigit() for letter in text):
        return None
    if last.kind != "any" and "." not in text and not any(atom.kind == "any" for atom in start):
        return None
    known = text.replace("\0", "").strip(".")
    if last.kind == "digits" and not any(atom.kind == "any" for atom in start):
        return None
    return "continued" if known not in ("", "www") else "any"


def _behind(host: Sequence, last: int) -> Mistake | None:
    """The host has something that varies and text after it: whose names that are."""
    tail = _text(host[last + 1 :]).lower()
    before = host[:last]
    if all(atom.kind == "digits" or atom.text == "." or atom.text.isdigit() for atom in host):
        return None
    for suffix in _SHARED:
        if tail.endswith("." + suffix) or tail == suffix:
            own = tail[: -len(suffix)].rstrip(".")
            return None if "." in own else "shared"
    label, separator, domain = tail.partition(".")
    if not separator:
        loose = any(atom.kind == "any" or atom.text == "." for atom in (*before, host[last]))
        return "glued" if loose and label not in _RESERVED else None
    if _registrable(domain):
        return None
    return "glued" if label else "registry"


def _registrable(domain: str) -> bool:
    """Whether a domain can belong to somebody: not just `com` or `co.uk`."""
    labels = [label for label in domain.split(".") if label]
    if len(labels) == 1:
        return labels[0] in _RESERVED
    if len(labels) == 2:
        return not (labels[0] in _SECOND_LEVEL and len(labels[1]) == 2)
    return bool(labels)


def _loose_dots(host: Sequence) -> tuple[int, ...]:
    """The places of dots that stand for any character in a name that somebody can register."""
    letters = [atom for atom in host if atom.kind == "text" and not atom.text.isdigit()]
    names = any(atom.text != "." for atom in letters) or any(atom.kind in ("any", "label") for atom in host)
    return tuple(atom.at for atom in host if atom.kind == "dot") if names else ()
