"""The texts that findings point into, decoded when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fastapi_seclint import syntax
from fastapi_seclint.engine.gathering import Content
from fastapi_seclint.rule import Finding


class Sources(Mapping[str, str]):
    """Text by display path, for the files that findings name; empty text for one that cannot be decoded."""

    def __init__(self, contents: Mapping[str, Content]) -> None:
        self._contents = contents
        self._texts: dict[str, str] = {}

    @classmethod
    def of(cls, findings: Iterable[Finding], contents: Iterable[Content]) -> Sources:
        """The sources of the files that the findings, their evidence and their fixes name."""
        named = {path for finding in findings for path in paths_of(finding)}
        return cls({content.file.display: content for content in contents if content.file.display in named})

    def __getitem__(self, path: str) -> str:
        if path not in self._texts:
            content = self._contents[path]
            try:
                self._texts[path] = content.decoded()
            except syntax.Unreadable:
                self._texts[path] = content.data.decode("utf-8", "replace")
        return self._texts[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)


def paths_of(finding: Finding) -> Iterator[str]:
    """The display paths that a finding names."""
    yield finding.location.path
    for item in finding.evidence:
        yield item.location.path
    for edit in finding.fix.edits if finding.fix else ():
        yield edit.path
