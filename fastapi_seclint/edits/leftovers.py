"""Imports that edits leave without a use: they go with what used them, and only then."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import libcst as cst

from fastapi_seclint.edits.import_lines import module_of
from fastapi_seclint.edits.named import AddImport, Edit
from fastapi_seclint.edits.text import Splice, Text
from fastapi_seclint.edits.tree import Tree

_PROSE = re.compile(
    r"""(?<![\w'"])(?:"[^\W\d_][^"\\\n{}[\]|]*[ ][^"\\\n{}[\]|]*\""""
    r"""|'[^\W\d_][^'\\\n{}[\]|]*[ ][^'\\\n{}[\]|]*')(?!['"])"""
)
"""A string of some words, which names nothing: neither an annotation nor a template."""
_WORD = re.compile(r"[^\W\d]\w*")


def without_leftovers(
    tree: Tree, made: Sequence[Splice], edits: Sequence[Edit], others: Sequence[Edit]
) -> Sequence[Splice]:
    """The splices, and those that remove the imports of what only the replaced code used.

    A name stays when it is mentioned anywhere else but in prose, in a comment even, or by one of the `others`, which
    may be applied together with these. Imports below the first definition, relative ones and those of packages stay.
    """
    code = tree.text.code
    ranges = {(tree.start(node), tree.end(node)) for node in _imports(tree)}
    outside = [one for one in made if not any(_inside(one, *place) for place in ranges)]
    gone = {word for one in outside if one.end > one.start for word in _WORD.findall(code[one.start : one.end])}
    if not gone or any(re.search(r"(^|[/\\])__init__\.py$", edit.path) for edit in edits):
        return made
    nodes = [node for node in _imports(tree) if gone.intersection(_bound(node))]
    if not nodes:
        return made
    wanted = {word for edit in (*edits, *others) for word in _words(edit, edit in edits)}
    rest = Text(code).spliced([*outside, *(Splice(start, end, "") for start, end in ranges)])
    used = set(_WORD.findall(_PROSE.sub('""', rest))) | wanted
    result = list(made)
    for node in nodes:
        unused = {name for name in _bound(node) if name in gone and name not in used}
        if unused and not any(_cuts(one, tree.start(node), tree.end(node)) for one in outside):
            inside = [one for one in made if _inside(one, tree.start(node), tree.end(node))]
            result = [one for one in result if one not in inside]
            result = _with(result, _shortened(tree, node, inside, unused))
    return result


def _with(made: list[Splice], gone: Splice) -> list[Splice]:
    """The splices with one that takes an import away; what comes between it and a blank line takes its place."""
    between = [one for one in made if one.start == one.end and gone.start < one.start < gone.end]
    if gone.content or not between:
        return [*made, gone]
    content = "".join(one.content for one in between).lstrip("\r\n")
    return [*(one for one in made if one not in between), Splice(gone.start, between[0].start, content)]


def _imports(tree: Tree) -> Iterator[cst.Import | cst.ImportFrom]:
    for statement in tree.module.body:
        if isinstance(statement, cst.FunctionDef | cst.ClassDef):
            return
        if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
            node = statement.body[0]
            relative = isinstance(node, cst.ImportFrom) and bool(node.relative)
            if isinstance(node, cst.Import | cst.ImportFrom) and not relative and module_of(node) != "__future__":
                yield node


def _bound(node: cst.Import | cst.ImportFrom) -> list[str]:
    """The names that an import gives; a dotted one, `import a.b`, is left alone."""
    return [] if isinstance(node.names, cst.ImportStar) else [_name(alias) for alias in node.names]


def _name(alias: cst.ImportAlias) -> str:
    if alias.asname is None and not isinstance(alias.name, cst.Name):
        return ""
    return alias.evaluated_alias or alias.evaluated_name


def _words(edit: Edit, own: bool) -> Iterator[str]:
    """What an edit that may come along needs to be there; of the own ones the imports, the rest is in the text."""
    if isinstance(edit, AddImport):
        yield edit.alias or edit.name or edit.module
    elif not own:
        yield from _WORD.findall(str(getattr(edit, "code", "")))


def _inside(one: Splice, start: int, end: int) -> bool:
    return start <= one.start and one.end <= end and not (one.start == one.end == start)


def _cuts(one: Splice, start: int, end: int) -> bool:
    """Whether a splice takes an import, or a part of it, away already."""
    return one.start < end and start < one.end


def _shortened(
    tree: Tree, node: cst.Import | cst.ImportFrom, inside: Sequence[Splice], unused: Collection[str]
) -> Splice:
    """An import without some of its names, or the line gone with the last of them."""
    text, start, end = tree.text, tree.start(node), tree.end(node)
    shifted = [Splice(one.start - start, one.end - start, one.content) for one in inside]
    written = Text(text.code[start:end]).spliced(shifted)
    config = cst.PartialParserConfig(default_newline=text.newline)
    line = cst.ensure_type(cst.parse_statement(written, config), cst.SimpleStatementLine)
    small = cst.ensure_type(line.body[0], type(node))
    assert not isinstance(small.names, cst.ImportStar)
    left = [alias for alias in small.names if _name(alias) not in unused]
    if not left:
        return _line_gone(text, start, end)
    if not (isinstance(small, cst.ImportFrom) and small.lpar):
        left[-1] = left[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    elif left[-1] is not small.names[-1]:
        left[-1] = left[-1].with_changes(comma=_closing(left[-1].comma, small.names[-1].comma))
    kept = small.with_changes(names=left)
    return Splice(start, end, cst.Module([], default_newline=text.newline).code_for_node(kept))


def _closing(
    comma: cst.Comma | cst.MaybeSentinel, last: cst.Comma | cst.MaybeSentinel
) -> cst.Comma | cst.MaybeSentinel:
    """The comma of a name that comes last now: it stands before the bracket as the last one did, its comment stays."""
    if not isinstance(comma, cst.Comma) or not isinstance(last, cst.Comma):
        return last
    own, end = comma.whitespace_after, last.whitespace_after
    if isinstance(own, cst.ParenthesizedWhitespace) and isinstance(end, cst.ParenthesizedWhitespace):
        return comma.with_changes(whitespace_after=end.with_changes(first_line=own.first_line))
    return comma.with_changes(whitespace_after=end)


def _line_gone(text: Text, start: int, end: int) -> Splice:
    """The line of an import, and the blank one below it where one is above it already or it heads the file."""
    first, last = text.line_start(start), text.next_line(end)
    above = first == 0 or text.is_blank(text.line_start(first - 1), first)
    if above and last < len(text.code) and text.is_blank(last, text.next_line(last)):
        last = text.next_line(last)
    return Splice(first, last, "")
