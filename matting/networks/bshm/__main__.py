"""``python -m matting.bshm --width N --seed N --out FILE``, where TensorFlow is.

Runs on Python 3.7 too.
"""

from __future__ import annotations

import argparse
import sys

from matting.errors import EngineUnavailable
from matting.framework import Framework
from matting.networks.bshm import freeze
from matting.networks.bshm.network import FULL_WIDTH, Architecture
from matting.small_file import replace_file


def main() -> int:
    """Build one graph; say its size in one line."""
    parser = argparse.ArgumentParser(prog="python -m matting.bshm", description=__doc__)
    parser.add_argument("--width", type=int, default=FULL_WIDTH, help="channels of stage one, even")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    parser.add_argument("--out", required=True, help="the graph's file (.pb)")
    args = parser.parse_args()
    plan = Architecture(width=args.width)
    try:
        plan.check()  # before TensorFlow takes its seconds to import
        framework = Framework.load()
        data, parameters = freeze.freeze(framework.tf, plan, args.seed)
        replace_file(args.out, data)
    except (EngineUnavailable, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    label = freeze.provenance(plan, args.seed)
    sys.stdout.write(
        f"{args.out}: {parameters / 1e6:.1f} M parameters, {len(data) / 1e6:.0f} MB, by "
        f"TensorFlow {framework.version}; {label}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
