"""Fixes that fit what stands in the text, and findings in what calls stand for, which is not in the text there.

Left out are fixes that would mend a call as the refusal it stands for, and those with imports that cannot be. What is
wrong in a check that was written out, in its test or in what it raises, is told where the check stands, once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits.named import (
    AddArgument,
    AddImport,
    RaiseInsteadOfReturn,
    RemoveKeyword,
    RemoveStatement,
    RenameKeyword,
    ReplaceExpression,
    ReplaceStatement,
    SetKeyword,
)
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.rule import Finding
from fastapi_seclint.spans import Location, Span

if TYPE_CHECKING:
    from fastapi_seclint.edits import Edit
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.refusing import Refusal


def mendable(program: Program, findings: list[Finding]) -> list[Finding]:
    """The findings where they can be mended, without the fixes that do not fit what stands in the text."""
    findings = [item if _in_reach(program, item) else replace(item, fix=None) for item in findings]
    written: dict[str, dict[Span, Refusal]] = {}
    for (file, at), refusal in program.refusals.items():
        written.setdefault(program.modules.by_file[file].path, {})[span_of(at)] = refusal
    if not written:
        return findings
    findings = _where_they_stand(findings, written)
    return [item if _fits(item, written) else replace(item, fix=None) for item in findings]


def _in_reach(program: Program, finding: Finding) -> bool:
    """Whether all that a fix imports of the project can be imported there: lessons beside each other cannot."""
    edits = finding.fix.edits if finding.fix is not None else ()
    wanted = [(edit.path, edit.target) for edit in edits if isinstance(edit, AddImport) and edit.target]
    if not wanted:
        return True
    shown = {module.path: module for module in program.modules.by_file.values()}
    pairs = ((shown.get(path), shown.get(target)) for path, target in wanted)
    return all(user is None or source is None or program.modules.reaches(user, source.folder) for user, source in pairs)


def _where_they_stand(findings: list[Finding], written: dict[str, dict[Span, Refusal]]) -> list[Finding]:
    """The findings, those in a check that was written out once and where it stands."""
    kept: list[Finding] = []
    moved: dict[Location, Finding] = {}
    for finding in findings:
        check = written.get(finding.location.path, {}).get(finding.location.span)
        if check is None or not check.is_check or check.is_handed:
            kept.append(finding)
            continue
        _, _, test, raised, _ = check.statements[0]
        place = Location(check.module.path, span_of(test[1] if check.is_test else raised[0][1]))
        moved[place] = replace(finding, location=place, symbol=check.dotted, fix=None)
    told = {(item.location.path, item.location.span.line) for item in kept}
    return [*kept, *(item for place, item in moved.items() if (place.path, place.span.line) not in told)]


def _fits(finding: Finding, written: dict[str, dict[Span, Refusal]]) -> bool:
    edits = finding.fix.edits if finding.fix is not None else ()
    return all(_fits_call(edit, written.get(edit.path, {})) for edit in edits)


def _fits_call(edit: Edit, calls: dict[Span, Refusal]) -> bool:
    match edit:
        case SetKeyword(call=call, name=name):
            return call not in calls or calls[call].takes(name)
        case AddArgument(call=span) | RemoveKeyword(call=span) | RenameKeyword(call=span):
            return span not in calls
        case ReplaceExpression(span=span, code=code):
            refusal = calls.get(span)
            return refusal is None or refusal.is_returned or code.partition("(")[0].endswith(refusal.name)
        case ReplaceStatement(span=span) | RemoveStatement(span=span) | RaiseInsteadOfReturn(span=span):
            return not any(refusal.is_handed and _has(span, call) for call, refusal in calls.items())
    return True


def _has(outer: Span, inner: Span) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
