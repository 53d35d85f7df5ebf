"""Which functions of a file speak of a word: its strings, each with the functions whose facts have it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate

_OUTSIDE = b"0123456789,[]{}:.+-\nnulltruefalseNaNInfinityE"
"""What JSON texts have between their strings."""


@lru_cache(maxsize=4096)
def inner_of(word: bytes) -> tuple[bytes, bool] | None:
    """What of a word stands in strings only, and whether it is a whole string.

    None for bytes that may stand between strings or have more than one string in them.
    """
    inner = word.removeprefix(b'"').removesuffix(b'"')
    whole = len(word) == len(inner) + 2
    between = b"," in inner or b":" in inner or not whole
    if not inner or b'"' in inner or (between and not inner.translate(None, _OUTSIDE)):
        return None
    return inner, whole


class Spoken:
    """The strings of pieces of JSON, with the numbers of the pieces that have them.

    Every rule asks for the places of its words, so all are found in one pass over the text; a search for each word
    would read the text hundreds of times.
    """

    def __init__(self, pieces: Iterable[bytes], first: int) -> None:
        """`first` is the number of the first piece."""
        self._by_string: dict[bytes, list[int]] = {}
        by_string = self._by_string
        for number, piece in enumerate(pieces, first):
            parts = piece.split(b'"')
            for string in set(parts[1:-1] if b'\\"' in piece else parts[1::2]):
                if string in by_string:
                    by_string[string].append(number)
                else:
                    by_string[string] = [number]

    def whole(self, string: bytes, folded: bool) -> Sequence[int]:
        """The numbers of the pieces that have a string, in order; in lower case when `folded`."""
        return (self._by_folded if folded else self._by_string).get(string, ())

    def part(self, word: bytes, folded: bool) -> list[int]:
        """The numbers of the pieces that have a string with this in it; a quote at its start or end is that of one."""
        text, starts, found = self._folded if folded else self._text, self._starts, set()
        at = text.find(word)
        while at >= 0:
            string = bisect_right(starts, at) - 1
            found.update(self._numbers[string])
            at = text.find(word, starts[string + 1])
        return sorted(found)

    @cached_property
    def _by_folded(self) -> dict[bytes, list[int]]:
        found: dict[bytes, list[int]] = {}
        for string, numbers in self._by_string.items():
            folded = string.lower()
            found[folded] = sorted({*found[folded], *numbers}) if folded in found else numbers
        return found

    @cached_property
    def _numbers(self) -> list[list[int]]:
        return list(self._by_string.values())

    @cached_property
    def _text(self) -> bytes:
        return b'"' + b'"'.join(self._by_string) + b'"'

    @cached_property
    def _folded(self) -> bytes:
        return self._text.lower()

    @cached_property
    def _starts(self) -> list[int]:
        """Where the quote before each string stands in the text, and the one behind the last."""
        return list(accumulate((len(string) + 1 for string in self._by_string), initial=0))
