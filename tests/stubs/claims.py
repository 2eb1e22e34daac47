"""Claims on watched folders, held by other processes and from other machines."""

from __future__ import annotations

import subprocess
from pathlib import Path

from daemon.intake.claim import Claim, Rhythm

QUICK = Rhythm(beat_s=0.1, stale_s=1.0)
HOLD = """
import sys, time
from daemon.intake.claim import Claim, Rhythm
claim = Claim(sys.argv[1], sys.argv[2], sys.argv[3], rhythm=Rhythm(0.1, 1.0))
claim.demand()
print(claim.trouble(), flush=True)
while True:
    time.sleep(0.2)
    if (reason := claim.trouble()) is not None:
        print(reason, flush=True)
        break
"""


def claim(folder: Path, owner: str = "one", results: str = "out") -> Claim:
    return Claim(str(folder), str(folder.parent / results), owner, rhythm=QUICK)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
