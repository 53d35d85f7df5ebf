"""The project that a single file belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator

from fastapi_seclint.discovery.walking import repository

CONFIGURATION = ("seclint.toml", "pyproject.toml")
MARKERS = ("setup.py", "setup.cfg", "requirements.txt", ".git")


def of_file(file: str, cwd: str) -> str:
    """The root of the project of an absolute path: the nearest directory, the working directory at most, that decides.

    First one with a configuration, then one with another mark of a project, then the top of the file's package, then
    its folder. For a file outside the working directory the root of its repository bounds the search.
    """
    folder = os.path.dirname(file)
    above = list(_upwards(folder, cwd))
    for marks in (CONFIGURATION, MARKERS):
        for directory in above:
            if any(os.path.exists(os.path.join(directory, mark)) for mark in marks):
                return directory
    return _package_top(folder, above[-1])


def _upwards(folder: str, cwd: str) -> Iterator[str]:
    """A folder and those above it up to the working directory; outside it up to the repository, or the folder alone."""
    inside = folder == cwd or folder.startswith(cwd.rstrip(os.sep) + os.sep)
    last = cwd if inside else repository(folder) or _package_top(folder, os.path.dirname(folder))
    while True:
        yield folder
        if folder == last or folder == os.path.dirname(folder):
            return
        folder = os.path.dirname(folder)


def _package_top(folder: str, last: str) -> str:
    """The topmost package around a folder, `last` at most; the folder itself when it is no package."""
    top = folder
    while folder != os.path.dirname(folder) and os.path.isfile(os.path.join(folder, "__init__.py")):
        top = folder
        if folder == last:
            break
        folder = os.path.dirname(folder)
    return top
