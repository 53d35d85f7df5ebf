"""The command `seclint`: the only room that prints or exits."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from fastapi_seclint import __version__
from fastapi_seclint.cli.console import Exit, complain
from fastapi_seclint.config import ConfigError

__all__ = ["main", "run"]

COMMANDS = ("check", "config", "explain", "fix", "reference", "routes", "rule", "rules", "suppress")


class _Verbs(click.Group):
    """Commands that are imported when they run; whatever is no command is an argument of `check`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in ("check", "fix"):
            from fastapi_seclint.cli import check

            return check.check if cmd_name == "check" else check.fix
        if cmd_name == "config":
            from fastapi_seclint.cli import config

            return config.config
        if cmd_name == "explain":
            from fastapi_seclint.cli import explain

            return explain.explain
        if cmd_name == "reference":
            from fastapi_seclint.cli import reference

            return reference.reference
        if cmd_name == "routes":
            from fastapi_seclint.cli import routes

            return routes.routes
        if cmd_name == "suppress":
            from fastapi_seclint.cli import suppress

            return suppress.suppress
        if cmd_name in ("rule", "rules"):
            from fastapi_seclint.cli import rules

            return rules.rule if cmd_name == "rule" else rules.rules
        return None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*COMMANDS, "--help", "-h", "--version"):
            _refuse_misspelt(args[:1], ctx)
            args = ["check", *args]
        return super().parse_args(ctx, args)


def _refuse_misspelt(words: list[str], ctx: click.Context) -> None:
    """Raise a usage error for a word that names no file and is nearly the name of a command."""
    import difflib

    for word in words:
        near = [] if word.startswith("-") else difflib.get_close_matches(word, COMMANDS, n=1, cutoff=0.7)
        if near and not os.path.lexists(word):
            raise click.UsageError(f"no such file or directory: {word}, did you mean `seclint {near[0]}`?", ctx)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seclint")
def seclint() -> None:
    """Find and repair security mistakes in FastAPI code without running it.

    `seclint PATH` is `seclint check PATH`.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and end the process with its exit code.

    The process ends at once: collecting and freeing what one run has built takes longer than to write its report.
    """
    gc.disable()
    code = run(arguments)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = 141
    os._exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code.

    0 nothing at or above the gate, 1 something, 2 usage or configuration, 3 the tool failed, 4 nothing could be
    checked, 130 interrupted, 141 the reader went away.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_quietly()
        return 141
    return code


def _invoke(arguments: Sequence[str] | None) -> int:
    try:
        words = sys.argv[1:] if arguments is None else list(arguments)
        with seclint.make_context("seclint", words) as context:
            result: Any = seclint.invoke(context)
    except Exit as leaving:
        return leaving.code
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except ConfigError as error:
        for fault in str(error).split("\n"):
            complain(fault)
        return 2
    except BrokenPipeError:
        raise
    except Exception as error:  # whatever it is, the exit code must not say that the code is clean
        if os.environ.get("SECLINT_DEBUG"):
            traceback.print_exc()
        complain(f"seclint itself failed: {type(error).__name__}: {error} (SECLINT_DEBUG=1 shows where)")
        return 3
    return result if isinstance(result, int) else 0


def _leave_quietly() -> None:
    """Let the interpreter's last flush write to nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
