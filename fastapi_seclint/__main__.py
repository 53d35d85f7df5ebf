"""`python -m fastapi_seclint`."""

from fastapi_seclint.cli import main

if __name__ == "__main__":
    main()
