"""``killed_activation.py DIRECTORY``: activate a model, killed at every call that changes the disk.

In DIRECTORY a store is made for each of them, named after the number of the call. Says how many
there were.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

from matting.models.content import sha256
from matting.models.model import Model
from matting.models.store import Store

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}


def activate(store: Store, content: bytes) -> None:
    with store.installing("net") as workplace:
        candidate = workplace / "candidate.onnx"
        candidate.write_bytes(content)
        about = Model("net", "onnx", candidate, sha256(candidate), None, "a test", ())
        arm()
        store.activate(about, candidate, b"picture of " + content)


LEFT = -1
"""Calls to let pass; below 0, all."""


def arm() -> None:
    global LEFT  # noqa: PLW0603 - an audit hook has no other way to be told
    LEFT = NEXT


def watch(event: str, arguments: tuple[object, ...]) -> None:
    global LEFT  # noqa: PLW0603 - likewise
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & 3
    if LEFT < 0 or not (event in CHANGES or writes):
        return
    if LEFT == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    LEFT -= 1


NEXT = -1


def main(directory: Path) -> None:
    global NEXT  # noqa: PLW0603 - likewise
    for number in count():
        store = Store(directory / str(number))
        activate(store, b"old")
        child = os.fork()
        if child == 0:
            sys.addaudithook(watch)
            NEXT = number
            activate(store, b"new")
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            sys.stdout.write(f"{number}\n")
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
