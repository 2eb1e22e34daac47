"""A process that has TensorFlow, doing what a test asks: the other half of ``Laboratory``.

``laboratory.py`` is also its program. One process serves many tests, because TensorFlow takes
seconds to import. Runs on Python 3.7 too.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def interpreter(name):
    """The python of the environment that ``make engine-<name>`` makes; None if it is not there."""
    venv = os.path.join(ROOT, ".venv-" + name)
    whole = os.path.exists(os.path.join(venv, ".ready"))
    return os.path.join(venv, "bin", "python") if whole else None


class Laboratory:
    """The test's half."""

    def __init__(self, name, python, folder, **environ):
        self.name = name
        self.python = python
        self.folder = folder
        os.makedirs(os.path.join(folder, "path"))
        os.symlink(os.path.join(ROOT, "matting"), os.path.join(folder, "path", "matting"))
        self._stderr = open(os.path.join(folder, "stderr"), "wb")  # noqa: SIM115 - until close()
        self._child = subprocess.Popen(
            [python, "-s", os.path.abspath(__file__)],
            env=dict(os.environ, PYTHONPATH=os.path.join(folder, "path"), **environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )

    def ask(self, what, **arguments):
        """Have one of REQUESTS done."""
        self._child.stdin.write(json.dumps([what, arguments]).encode() + b"\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        assert line, f"{self.name} ended: {self.stderr()[-2000:]}"
        return json.loads(line)

    def graph(self, kind):
        """The path of a graph of a kind; made when it is first asked for."""
        path = os.path.join(self.folder, kind.replace(" ", "-") + ".pb")
        if not os.path.exists(path):
            self.ask("make", kind=kind, path=path)
        return path

    def matte(self, model, pixels):
        """The alpha; or a string that says which error it was."""
        source, target = (os.path.join(self.folder, each) for each in ("in.npy", "out.npy"))
        np.save(source, pixels)
        error = self.ask("matte", model=model, source=source, target=target)
        return error or np.load(target)

    def exit_code(self):
        """Wait for its end."""
        return self._child.wait(20)

    def stderr(self):
        with open(self._stderr.name, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.wait(20)
        self._child.stdout.close()
        self._stderr.close()


def _serve():
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    requests: Any = REQUESTS
    for line in sys.stdin:
        what, arguments = json.loads(line)
        out.write(json.dumps(requests[what](**arguments)) + "\n")
        out.flush()


ENGINES = {}


def _make(kind, path):
    import graphs  # noqa: PLC0415 - beside this program

    graphs.make(_tf(), kind, path)


def _tf():
    from matting.framework import Framework  # noqa: PLC0415 - only in the child

    return Framework.load().tf


def _load(model, **options):
    """Load an engine beside those there are; its hello, or why it cannot be had."""
    from matting.engines import tensorflow  # noqa: PLC0415 - only in the child
    from matting.errors import EngineUnavailable  # noqa: PLC0415 - likewise

    try:
        ENGINES[model] = tensorflow.load(dict(options, model=model))
    except EngineUnavailable as error:
        return {"unavailable": str(error)}
    return ENGINES[model].describe()


def _matte(model, source, target):
    from matting.errors import EngineError  # noqa: PLC0415 - only in the child

    if model not in ENGINES:
        said = _load(model, device="cpu")
        if "unavailable" in said:
            return said["unavailable"]
    try:
        answer = ENGINES[model].matte(np.load(source))
    except EngineError as error:
        return f"{type(error).__name__}: {error}"
    assert answer.people is None
    np.save(target, answer.alpha)
    return None


def _fail(model, source, message):
    """Let the session fail as a GPU does, with TensorFlow's own error class."""
    engine = ENGINES[model]
    tf = engine._tf

    class Broken:
        def run(self, *_args, **_named):
            raise tf.errors.InternalError(None, None, message)

    engine._session = Broken()
    return _matte(model, source, source)


def _freeze(path, width, seed, coarse):
    from matting.networks.bshm import freeze  # noqa: PLC0415 - only in the child
    from matting.networks.bshm.network import Architecture  # noqa: PLC0415 - likewise
    from matting.small_file import replace_file  # noqa: PLC0415 - likewise

    data, parameters = freeze.freeze(_tf(), Architecture(width, tuple(coarse)), seed)
    replace_file(path, data)
    return parameters


def _convert(source, target):
    """Turn a graph into an ONNX network; what it cannot be turned into for, if so."""
    from matting.errors import EngineUnavailable  # noqa: PLC0415 - likewise
    from matting.networks.bshm import convert  # noqa: PLC0415 - only in the child
    from matting.small_file import replace_file  # noqa: PLC0415 - likewise

    try:
        replace_file(target, convert.convert(source)[0])
    except EngineUnavailable as error:
        return str(error)
    return None


def _shapes(model, names, size):
    """The shapes of tensors when a picture of (height, width) is matted."""
    engine = ENGINES[model]
    tensors = [engine._session.graph.get_tensor_by_name(name) for name in names]
    pixels = np.zeros((*size, 3), np.float32)
    values = engine._session.run(tensors, {"input_image:0": pixels})
    return [list(value.shape) for value in values]


def _set(name, value):
    os.environ[name] = value


REQUESTS = {
    "convert": _convert,
    "fail": _fail,
    "freeze": _freeze,
    "load": _load,
    "make": _make,
    "matte": _matte,
    "set": _set,
    "shapes": _shapes,
}

if __name__ == "__main__":
    _serve()
