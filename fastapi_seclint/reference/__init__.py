"""The guide's correct side as code that runs: one module a subject, each importable and tested.

Fixes take the code they insert from here, and `seclint reference write` copies a module into a project. Modules that
import nothing of this package stand for themselves; the others belong to the application of the guide's section 12.
"""
