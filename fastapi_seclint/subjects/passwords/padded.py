"""Passwords with a word before or behind them that stands for a hash: `password + "notreallyhashed"`."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.passwords.followed import Passwords

_STANDS_FOR_HASH = re.compile(r"hash|fake|salt", re.I)


def unpadded(known: Passwords, block: Block, form: Form) -> tuple[Form, Form] | None:
    """The text that a form is, or that its name is given once, and the password in it, which a hash has to be of.

    None where the word is written elsewhere, too: what is compared with may be padded as well.
    """
    text = form
    if form[0] == "name" and isinstance(block.scope, FunctionScope):
        given = block.scope.assignments(form[2])
        text = given[0][3] if len(given) == 1 and given[0][0] == "assign" else form
    match text:
        case ["fstr", _, [["fmt", _, plain, ""], ["const", _, str(word)]]]:
            pass
        case ["fstr", _, [["const", _, str(word)], ["fmt", _, plain, ""]]]:
            pass
        case _:
            return None
    said = f'"{word}"'.encode()
    modules = (
        one for one in known.program.modules.by_file.values() if known.program.modules.reaches(block.module, one.folder)
    )
    once = sum(len(list(module.facts.speaking(said))) for module in modules) == 1
    return (text, plain) if once and word.isascii() and _STANDS_FOR_HASH.search(word) else None
