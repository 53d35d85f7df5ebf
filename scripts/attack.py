"""Attacks a shop like those of tests/fixtures and says what worked: `scripts/attack.py FOLDER`.

Everything runs in this process and in a temporary folder. The exit code is 0 when no attack works, 1 when one does, and
2 when honest people are turned away.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

warnings.simplefilter("ignore")

from attacks import ATTACKS, Attack  # noqa: E402
from honest import HONEST  # noqa: E402
from running_shop import opened  # noqa: E402


def main(folder: Path) -> int:
    logging.getLogger().addHandler(logging.NullHandler())
    with TemporaryDirectory() as place, opened(folder, Path(place)) as shop:
        worked = [attack for attack in ATTACKS if told(attack, attack.succeeds(shop))]
        print()
        served = [said(story, ask(shop)) for story, ask in HONEST]
    print(f"\n{len(worked)} of {len(ATTACKS)} attacks work, {sum(served)} of {len(served)} honest people are served.")
    return 2 if not all(served) else 1 if worked else 0


def told(attack: Attack, worked: bool) -> bool:
    print(f"  {'GETS IN' if worked else 'refused'}  {attack.story}  [{attack.rule}]")
    return worked


def said(story: str, served: bool) -> bool:
    print(f"  {'served     ' if served else 'TURNED AWAY'}  {story}")
    return served


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
