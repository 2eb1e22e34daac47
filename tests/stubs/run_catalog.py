"""``run_catalog.py PACKAGE ARGUMENTS``: matted, with the people network in another package.

PACKAGE is JSON: a wheel that a registry on this machine has, with the real network in it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from matting.models.catalog import CATALOG, PEOPLE
from matting.models.package import Package

if __name__ == "__main__":
    from daemon.cli import main

    CATALOG[PEOPLE] = replace(CATALOG[PEOPLE], sources=(Package(**json.loads(sys.argv.pop(1))),))
    main()
