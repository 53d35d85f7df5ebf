"""Fixes that would mend a call as the refusal it stands for, which it is not in the text: those are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits.named import AddArgument, RemoveKeyword, RenameKeyword, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.rule import Finding
from fastapi_seclint.spans import Span

if TYPE_CHECKING:
    from fastapi_seclint.edits import Edit
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.refusing import Refusal


def mendable(program: Program, findings: list[Finding]) -> list[Finding]:
    """The findings, without the fixes that do not fit what stands in the text."""
    written: dict[str, dict[Span, Refusal]] = {}
    for (file, at), refusal in program.refusals.items():
        written.setdefault(program.modules.by_file[file].path, {})[span_of(at)] = refusal
    return [replace(item, fix=None) if written and not _fits(item, written) else item for item in findings]


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
    return True
