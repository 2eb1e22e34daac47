"""BSHM's published frozen graph, unmodified, through TensorFlow's v1 interface.

The same source runs under tensorflow-gpu 1.15.5 (Python 3.7) and current TensorFlow 2. One graph
per process: two imported into one share names, and the second one's answers come from the first.
"""

from __future__ import annotations

from typing import Any, Dict, NoReturn, Optional, Tuple

import numpy as np

from matting.engines import Answer, Engine, accelerator, cuda, obstacles
from matting.errors import EngineOutOfMemory, EngineUnavailable, RequestRefused, one_line
from matting.framework import Framework
from matting.networks import graph

OPAQUE = 254
"""The published networks' outputs hardly ever reach 255: they cut off where they should round."""
RESCALED = np.minimum(255, np.rint(np.arange(256) * 255 / OPAQUE)).astype(np.uint8)
"""Alpha by the network's alpha."""
WARM_UP = (48, 64)


def load(options: Dict[str, Any]) -> Engine:
    """Load the model and run it once.

    Args:
        options: ``model``, the path of a frozen graph; ``name``, what to call it, if not by its
            file's name; ``device``, one of accelerator.DEVICES.

    Raises:
        EngineUnavailable: no TensorFlow, no usable model, or no GPU where one is demanded.
    """
    device = accelerator.wanted(options.get("device", "auto"))
    if not options.get("model"):
        raise EngineUnavailable("engine.model names no file; it has to be a frozen graph (.pb)")
    framework = Framework.load()
    return TensorFlowEngine(framework, options["model"], device, options.get("name"))


class TensorFlowEngine(Engine):
    """A frozen graph in a graph and a session of its own."""

    def __init__(
        self, framework: Framework, model: str, device: str, called: Optional[str] = None
    ) -> None:
        """Load the model and run it once.

        Args:
            framework: TensorFlow.
            model: path of a frozen graph.
            device: one of accelerator.DEVICES.
            called: what to call the model; None: as its file.

        Raises:
            EngineUnavailable: no usable model, or no GPU where one is demanded.
        """
        self._tf = framework.tf
        self._framework = framework
        self._model = graph.load(model, self._tf.GraphDef(), called)
        imported = self._import()
        self._gpu, obstacle = self._open(imported, device)
        accelerator.demand(device, obstacle)
        self._placed = self._warm_up()
        accelerator.give_back()
        if self._gpu and not any("GPU" in place for place in self._placed):
            raise EngineUnavailable(f"TensorFlow put nothing on the GPU, but on {self._placed}")
        self._reason = accelerator.choice(self._device, device, obstacle)

    def _open(self, imported: Any, device: str) -> Tuple[Optional[cuda.Gpu], str]:
        """Open the session; on a GPU if one is asked for and can be used.

        Returns:
            The GPU, or why it is none.
        """
        found = cuda.Gpus((), "") if device == "cpu" else cuda.look()
        obstacle = accelerator.UNWANTED
        if device != "cpu":
            obstacle = obstacles.first(self._framework, found)
        if device == "gpu" and obstacle:
            return (
                None,
                obstacle,
            )  # TensorFlow 1.15 may abort the process if it is tried all the same
        self._session = self._tf.Session(graph=imported, config=self._config(gpu=not obstacle))
        if obstacle:
            return None, obstacle
        if not self._lists_gpu():
            return None, obstacles.missing(self._framework) or obstacles.UNEXPLAINED
        return found.gpus[0], ""

    def describe(self) -> Dict[str, Any]:
        """Facts for the hello; ``nodes`` counts what the first run computed on which device."""
        facts: Dict[str, Any] = {
            "model": self._model.name,
            "framework": f"tensorflow {self._framework.version}",
            "device": self._device,
            "device_reason": self._reason,
            "nodes": self._placed,
        }
        if self._gpu:
            facts["compute_capability"] = "{}.{}".format(*self._gpu.capability)
            facts["memory_bytes"] = self._gpu.memory_bytes
            facts["cuda"] = self._framework.cuda_version
        return facts

    def matte(self, pixels: np.ndarray) -> Answer:
        """Matte one picture; see Engine. People are not counted."""
        try:
            rgba = self._run(pixels)
        except self._tf.errors.OpError as error:
            _translate(error, pixels, self._tf)
        return Answer(RESCALED[rgba[:, :, 3]], None, {"warnings": list(self._model.warnings)})

    @property
    def _device(self) -> str:
        return self._gpu.name if self._gpu else "cpu"

    def _import(self) -> Any:
        """A graph of its own; the model's bytes are not kept beside it."""
        imported = self._tf.Graph()
        try:
            with imported.as_default():
                self._tf.import_graph_def(self._model.graph_def, name="")
            output = imported.get_tensor_by_name(graph.OUTPUT + ":0")
        except (ValueError, KeyError) as error:
            reason = one_line(error)
            raise EngineUnavailable(
                f"the model {self._model.name} is not for TensorFlow "
                f"{self._framework.version}: {reason}"
            ) from error
        shape = [] if output.shape.dims is None else output.shape.as_list()
        fault = graph.output_fault(output.dtype.name, shape)
        if fault:
            raise EngineUnavailable(f"the model {self._model.name} cannot be used: {fault}")
        self._model = self._model._replace(graph_def=None)
        return imported

    def _config(self, *, gpu: bool) -> Any:
        config = self._tf.ConfigProto(allow_soft_placement=True)
        config.gpu_options.allow_growth = True
        if gpu:
            config.gpu_options.visible_device_list = "0"  # or it would hold memory on every GPU
        else:
            config.device_count["GPU"] = 0  # with a list as well, 1.15 aborts
        return config

    def _lists_gpu(self) -> bool:
        return any(device.device_type == "GPU" for device in self._session.list_devices())

    def _run(self, pixels: np.ndarray, **how: Any) -> np.ndarray:
        feed = {graph.INPUT + ":0": pixels.astype(np.float32)}
        answer: np.ndarray = self._session.run(graph.OUTPUT + ":0", feed, **how)
        return answer

    def _warm_up(self) -> Dict[str, int]:
        """Run once: does the graph keep its contract, and where does it really run?

        Returns:
            Number of operations by the device that computed them, e.g. {"GPU:0": 210, "CPU:0": 9}.
        """
        # Only software tracing: to see the kernels too it would need CUPTI.
        options = self._tf.RunOptions(trace_level=self._tf.RunOptions.SOFTWARE_TRACE)
        seen = self._tf.RunMetadata()
        pixels = np.zeros((*WARM_UP, 3), np.uint8)
        pixels[:, :, 0] = np.arange(WARM_UP[1])
        try:
            answer = self._run(pixels, options=options, run_metadata=seen)
        except self._tf.errors.OpError as error:
            reason = one_line(error)
            raise EngineUnavailable(f"the model {self._model.name} fails: {reason}") from error
        if answer.shape != (*WARM_UP, 4):
            raise EngineUnavailable(
                f"the model {self._model.name} cannot be used: it answers {answer.shape} to "
                f"{pixels.shape}"
            )
        places = [(one.device.rpartition("device:")[2], one) for one in seen.step_stats.dev_stats]
        return {place: len(one.node_stats) for place, one in places if ":" in place}


def _translate(error: Any, pixels: np.ndarray, tf: Any) -> NoReturn:
    """Raise what the error means for this picture and for this process."""
    text = one_line(error)
    size = f"{pixels.shape[1]}x{pixels.shape[0]}"
    full = isinstance(error, tf.errors.ResourceExhaustedError)
    if full or accelerator.is_out_of_memory(text):
        raise EngineOutOfMemory(f"out of memory at {size}: {text}") from error
    accelerator.end_if_broken(text)
    if isinstance(error, tf.errors.InvalidArgumentError):
        raise RequestRefused(f"the network cannot take {size}: {text}") from error
    raise error
