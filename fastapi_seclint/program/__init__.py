"""What the files of a project mean together: names, values, routes, guards."""

from fastapi_seclint.program.program import Program

__all__ = ["Program"]
