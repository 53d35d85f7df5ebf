"""What fixes come to as replacements of text: LibCST finds out once, then the cache knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from fastapi_seclint import edits, line_lengths, syntax
from fastapi_seclint.cache import Cache, key
from fastapi_seclint.edits import Edit, EditError
from fastapi_seclint.engine.gathering import Content
from fastapi_seclint.outcome import Replacement
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Span

Contents = Mapping[str, Content]
Replacements = dict[Fix, tuple[Replacement, ...] | None]


def replacements(fixes: Iterable[Fix], contents: Contents, cache: Cache, tool: str) -> Replacements:
    """The replacements of each fix; None for one whose places are not in the text. `tool` tells releases apart."""
    asked = [*fixes]
    every = [edit for fix in asked for edit in fix.edits]
    together = _together(every)
    widths = _widths(every, contents)
    names = {fix: _key(fix, contents, tool, together, widths) for fix in asked}
    found = cache.get_many(names.values())
    entries = {
        name: found[name] if name in found else _entry(fix, contents, every, widths) for fix, name in names.items()
    }
    cache.put_many({name: entry for name, entry in entries.items() if name not in found})
    return {fix: _read(entries[name]) for fix, name in names.items()}


def _together(every: Sequence[Edit]) -> dict[str, str]:
    """For each path a word for all edits of it: what one leaves behind another may need."""
    by_path: dict[str, list[str]] = {}
    for edit in every:
        by_path.setdefault(edit.path, []).append(json.dumps(edits.to_json(edit)))
    return {path: key("together", *sorted(set(found))) for path, found in by_path.items()}


def _widths(every: Sequence[Edit], contents: Contents) -> dict[str, int | None]:
    """For each path the line length that the project states there."""
    folders = {edit.path: contents[edit.path].file.path.parent for edit in every if edit.path in contents}
    found = {folder: line_lengths.stated(folder) for folder in set(folders.values())}
    return {path: found[folder] for path, folder in folders.items()}


def _key(fix: Fix, contents: Contents, tool: str, together: Mapping[str, str], widths: Mapping[str, int | None]) -> str:
    digests = [contents[edit.path].digest if edit.path in contents else "" for edit in fix.edits]
    digests += [str(widths.get(edit.path)) for edit in fix.edits]
    digests += [together[edit.path] for edit in fix.edits]
    return key("edits", tool, json.dumps([edits.to_json(edit) for edit in fix.edits]), *digests)


def _entry(fix: Fix, contents: Contents, every: Sequence[Edit], widths: Mapping[str, int | None]) -> bytes:
    found = []
    try:
        for path in dict.fromkeys(edit.path for edit in fix.edits):
            text = contents[path].decoded() if path in contents else ""
            own, others = ([edit for edit in some if edit.path == path] for some in (fix.edits, every))
            for edit in edits.text_edits(text, own, others, widths.get(path)):
                span = edit.span
                found.append([path, span.line, span.column, span.end_line, span.end_column, edit.content])
    except (EditError, syntax.Unreadable):
        return b"null"
    return json.dumps(found, separators=(",", ":")).encode()


def _read(entry: bytes) -> tuple[Replacement, ...] | None:
    rows = json.loads(entry)
    return None if rows is None else tuple(Replacement(path, Span(*place), content) for path, *place, content in rows)
