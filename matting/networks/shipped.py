"""Networks that come with the program, in matting/weights, as OpenCV reads them."""

from __future__ import annotations

from importlib import resources

import cv2
import numpy as np

from matting.errors import EngineUnavailable

_LITE = ".tflite"


def shipped(file: str) -> cv2.dnn.Net:
    """Read a network.

    Args:
        file: its name there; it ends in .onnx, or .tflite where it is a TensorFlow Lite file.

    Raises:
        EngineUnavailable: it is not there, or damaged.
    """
    try:
        data = resources.files("matting.weights").joinpath(file).read_bytes()
        read = cv2.dnn.readNetFromTFLite if file.endswith(_LITE) else cv2.dnn.readNetFromONNX
        return read(np.frombuffer(data, np.uint8))
    except (OSError, ModuleNotFoundError, cv2.error) as error:
        reason = f"matting/weights/{file} is not as it was installed"
        raise EngineUnavailable(f"{reason}: install matted anew") from error
