"""A learnt refiner: an ONNX network in an engine process of its own, asked tile by tile.

Its file is a program that somebody downloaded. What parses and runs such programs is the engine
process, whose environment is scrubbed and whose end costs one photo its fine edge and no more; a
photo process knows no network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from matting.process.client import Connection, connect
from matting.refiners import Refiner, Tile


def load(options: dict[str, Any]) -> Refiner:
    """Connect to the process.

    Args:
        options: ``socket``, the process's; ``connect_s``, how long to wait for it; ``photo``, the
            photo's id; ``timeout_s`` and ``queue_timeout_s`` for one tile.

    Raises:
        EngineUnavailable: it is not there.
    """
    connection = connect(options["socket"], wait_s=options["connect_s"])
    return RefinerClient(
        connection,
        photo=options["photo"],
        timeout_s=options["timeout_s"],
        queue_timeout_s=options["queue_timeout_s"],
    )


class RefinerClient(Refiner):
    """One photo's conversation with the process; `close` it."""

    overlap = 128

    def __init__(
        self, connection: Connection, *, photo: str, timeout_s: float, queue_timeout_s: float
    ) -> None:
        """Keep the connection; the process has said how large its tiles are.

        Args:
            connection: to the process.
            photo: the photo's id.
            timeout_s: for one tile.
            queue_timeout_s: for the tiles of other photos before it.
        """
        self._connection = connection
        self._photo = photo
        self._timeout_s = timeout_s
        self._queue_timeout_s = queue_timeout_s
        self.side = int(connection.hello["tile"])
        self.overlap = min(self.overlap, self.side // 2)

    def describe(self) -> dict[str, Any]:
        """The network, and where it runs."""
        hello = self._connection.hello
        return {"name": hello["model"], "device": hello["device"]}

    def refine(self, tile: Tile) -> NDArray[np.uint16]:
        """Ask for one tile; see Refiner. A network's answer comes in 8 bits.

        Raises:
            EngineLost: the process ended, hung, or talked nonsense.
        """
        answer = self._connection.matte(
            np.dstack((tile.pixels, tile.trimap, tile.coarse)),
            photo=self._photo,
            timeout_s=self._timeout_s,
            queue_timeout_s=self._queue_timeout_s,
        )
        return answer.alpha.astype(np.uint16) * np.uint16(257)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
