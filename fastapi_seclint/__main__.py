"""`python -m fastapi_seclint`.

Python searches the working directory first when it is started so. A file of the analysed project that is called like
one of Python's own modules, `http.py`, would be run in its place: it is taken out before anything is imported.
"""

import os
import sys

if sys.path and sys.path[0] in ("", os.getcwd()) and not __file__.startswith(os.path.join(os.getcwd(), "")):
    del sys.path[0]

from fastapi_seclint.cli import main

if __name__ == "__main__":
    main()
