"""An engine for tests. It obeys, or misbehaves as its options and the picture say.

Reach it with ``EngineSpec("stub_engine", options, extra_path=(<this directory>,))``. Runs on
Python 3.7 too. Options:

    at_load    a key of AT_LOAD
    load_s     how long loading takes
    matte_s    how long every picture takes
    tile       the side of its tiles: then it is a refiner, and is shown a trimap and a matte, too
    when_red   {"<red of the top left pixel>": a key of BEHAVIOURS}; other pictures are obeyed

An obedient alpha is the picture's red channel, which also tells a swapped channel order.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import time

import numpy as np

from matting.engines import REFINED, Answer, Engine
from matting.errors import EngineOutOfMemory, EngineUnavailable, RequestRefused

CHILDREN = []


def load(options):
    time.sleep(options.get("load_s", 0))
    AT_LOAD[options.get("at_load", "obey")]()
    return StubEngine(options)


class StubEngine(Engine):
    """Answers with the red channel unless told otherwise."""

    def __init__(self, options):
        self._matte_s = options.get("matte_s", 0)
        self._when_red = options.get("when_red", {})
        self._tile = options.get("tile")
        self.planes = 3 if self._tile is None else REFINED

    def describe(self):
        return {
            "model": "stub",
            "framework": "numpy " + np.__version__,
            "device": "cpu",
            "python": list(sys.version_info[:2]),
            "environ": sorted(os.environ),
            "child": CHILDREN[-1].pid if CHILDREN else None,
            "sees_daemon": importlib.util.find_spec("daemon") is not None,
            **({} if self._tile is None else {"tile": self._tile}),
        }

    def matte(self, pixels):
        time.sleep(self._matte_s)
        return BEHAVIOURS[self._when_red.get(str(pixels[0, 0, 0]), "obey")](pixels)


def obey(pixels):
    return Answer(pixels[:, :, 0].copy(), 1, {"mean": float(pixels.mean())})


def nobody(pixels):
    return Answer(np.zeros_like(pixels[:, :, 0]), 0, {})


def see_small(pixels):
    """Like a network that is fed at an eighth of the size, and its answer enlarged."""
    height, width = (side // 8 for side in pixels.shape[:2])
    blocks = pixels[: height * 8, : width * 8, 0].reshape(height, 8, width, 8)
    small = blocks.mean(axis=(1, 3)).astype(np.uint8)
    alpha = np.zeros(pixels.shape[:2], np.uint8)
    alpha[: height * 8, : width * 8] = small.repeat(8, axis=0).repeat(8, axis=1)
    return Answer(alpha, 1, {"seen": [height, width]})


def nap(pixels):
    time.sleep(0.4)
    return obey(pixels)


def hang(_pixels=None):
    while True:
        time.sleep(3600)


def hang_deaf(_pixels):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hang()


def hang_in_c(_pixels):
    """Like a framework's C code that never returns and never lets go of the interpreter lock."""
    ctypes.PyDLL(None).sleep(3600)


def bear_child():
    """Like a framework that compiles kernels in a process of its own."""
    CHILDREN.append(subprocess.Popen(["sh", "-c", "trap '' TERM; exec sleep 600"]))


def exit_process(_pixels=None):
    sys.stderr.write("these are my last words\n")
    os._exit(7)


def segfault(_pixels):
    os.kill(os.getpid(), signal.SIGSEGV)


def babble(pixels=None):
    sys.stdout.write("hello from a framework, on stdout\n")
    os.write(1, b"and from its C code, on descriptor 1\n")
    return None if pixels is None else obey(pixels)


def out_of_memory(_pixels):
    raise EngineOutOfMemory("the stub wants 99 GiB")


def refuse(_pixels):
    raise RequestRefused("the stub does not like this picture")


def refuse_load():
    raise EngineUnavailable("the stub demands a GPU and there is none")


def fail(_pixels=None):
    raise RuntimeError("the stub\nstumbled")


AT_LOAD = {
    "obey": lambda: None,
    "refuse": refuse_load,
    "raise": fail,
    "exit": exit_process,
    "hang": hang,
    "babble": babble,
    "bear_child": bear_child,
}

BEHAVIOURS = {
    "obey": obey,
    "nap": nap,
    "nobody": nobody,
    "see_small": see_small,
    "hang": hang,
    "hang_deaf": hang_deaf,
    "hang_in_c": hang_in_c,
    "exit": exit_process,
    "segfault": segfault,
    "babble": babble,
    "out_of_memory": out_of_memory,
    "refuse": refuse,
    "raise": fail,
    "wrong_shape": lambda pixels: Answer(pixels[1:, :, 0].copy(), 1, {}),
    "wrong_dtype": lambda pixels: Answer(pixels[:, :, 0].astype(np.float32), 1, {}),
    "wrong_people": lambda pixels: Answer(pixels[:, :, 0].copy(), "many", {}),
    "wrong_facts": lambda pixels: Answer(pixels[:, :, 0].copy(), 1, {"nan": float("nan")}),
    "wrong_doubts": lambda pixels: Answer(pixels[:, :, 0].copy(), 1, {"doubts": {"looks": [1, 2]}}),
    "wrong_faces": lambda pixels: Answer(pixels[:, :, 0].copy(), 1, {"faces": [[0.9, 0.1]]}),
    "faces_of_words": lambda pixels: Answer(pixels[:, :, 0].copy(), 1, {"faces": "two"}),
    "not_an_answer": lambda pixels: pixels,
}
