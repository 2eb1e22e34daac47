"""ImageMagick's programs, where they are installed: other programs have their names, too."""

from __future__ import annotations

import shutil
import subprocess

NOT_TESTED = "NOT TESTED: ImageMagick is not installed, so nobody but we and psd-tools saw the PSD"


def is_installed(program: str) -> bool:
    """Whether a command of that name is ImageMagick's."""
    if shutil.which(program) is None:
        return False
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    return "Version: ImageMagick" in told.stdout
