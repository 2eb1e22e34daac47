"""``python -m daemon`` is ``matted``."""

from __future__ import annotations

import gc
import signal


def main() -> None:
    """Run `matted`; Ctrl-C ends it without a word, also while it is still being loaded."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else as under nohup
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Of what is loaded nothing is garbage, and a start spent a thirtieth on looking for some.
    gc.disable()
    from daemon import cli  # noqa: PLC0415 - see above: loading it takes a tenth of a second

    cli.main()


if __name__ == "__main__":
    main()
