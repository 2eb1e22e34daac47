"""Any matting network that was exported to ONNX, through ONNX Runtime.

``recipe`` says how the network is fed and what its answer means (matting/networks/recipe.py). On a
GPU it is ONNX Runtime's CUDA provider that runs it. TensorRT is used only if it is asked for: it
compiles a network for minutes when the engine starts, and again for every new size of picture.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from matting.engines import REFINED, Answer, Engine, accelerator, cuda
from matting.engines.onnx import feed, ports, program, reading, runtime
from matting.errors import EngineOutOfMemory, EngineUnavailable, RequestRefused, one_line
from matting.networks import graph
from matting.networks.recipe import Recipe

WARM_UP = (48, 64)
TILE = 1024
"""Side of a refiner's tiles, where its network leaves it open: what peers shrink photos to."""


def load(options: dict[str, Any]) -> Engine:
    """Load the model and run it once.

    Args:
        options: ``model``, the path of an ONNX file; ``name``, what to call it, if not by its
            file's name; ``device``, one of accelerator.DEVICES; ``recipe``, as Recipe.to_json()
            gives it, which BSHM needs none of; ``tensorrt``, whether to use it (false).

    Raises:
        EngineUnavailable: no ONNX Runtime, no usable model, or no GPU where one is demanded.
    """
    device = accelerator.wanted(options.get("device", "auto"))
    if not options.get("model"):
        raise EngineUnavailable("engine.model names no file; it has to be an ONNX network (.onnx)")
    try:
        recipe = None if options.get("recipe") is None else Recipe.from_json(options["recipe"])
    except ValueError as error:
        raise EngineUnavailable(f"the recipe of {options['model']}: {error}") from error
    loaded = program.load(options["model"])
    kind = OnnxRefinerEngine if recipe is not None and recipe.refines else OnnxEngine
    return kind(
        runtime.Runtime.load(),
        loaded,
        options.get("name") or loaded.name,
        recipe,
        device,
        tensorrt=bool(options.get("tensorrt")),
    )


class OnnxEngine(Engine):
    """An ONNX network in a session of its own."""

    def __init__(
        self,
        installed: runtime.Runtime,
        model: program.Program,
        name: str,
        recipe: Recipe | None,
        device: str,
        *,
        tensorrt: bool = False,
    ) -> None:
        """Load the model and run it once.

        Args:
            installed: ONNX Runtime.
            model: the network.
            name: what to call it.
            recipe: how it is fed; none: it is BSHM.
            device: one of accelerator.DEVICES.
            tensorrt: whether to use TensorRT on the GPU.

        Raises:
            EngineUnavailable: no usable model, or no GPU where one is demanded.
        """
        self._installed = installed
        self._name = f"{name} {model.sha256[:12]}"
        self._gpu: cuda.Gpu | None = None
        self._given = recipe
        obstacle = accelerator.UNWANTED
        if device != "cpu":
            obstacle = self._open_on_gpu(model, tensorrt=tensorrt)
        accelerator.demand(device, obstacle)
        if obstacle:
            self._open(model, gpu=False)
        accelerator.give_back()
        self._reason = accelerator.choice(self._device, device, obstacle)

    def _open_on_gpu(self, model: program.Program, *, tensorrt: bool) -> str:
        """Open the session on the GPU, and see that it works there.

        Returns:
            Why it cannot be; empty if it is.
        """
        found = cuda.look()
        obstacle = runtime.obstacle(self._installed, found)
        if not obstacle and tensorrt:
            obstacle = runtime.without_tensorrt(self._installed)
        if obstacle:
            return obstacle
        self._gpu = found.gpus[0]
        self._installed.module.preload_dlls()  # the CUDA libraries that are installed as wheels
        try:
            self._open(model, gpu=True, tensorrt=tensorrt)
        except runtime.FellBack:
            obstacle = runtime.UNEXPLAINED
        except EngineUnavailable as error:
            said = one_line(error.__cause__ or "")
            obstacle = runtime.explained(said, self._gpu, self._installed)
            if not obstacle:
                raise  # it is the model
        if obstacle:
            self._gpu = None
        return obstacle

    def _open(self, model: program.Program, *, gpu: bool, tensorrt: bool = False) -> None:
        """Open the session, find the tensors, and run once.

        Raises:
            EngineUnavailable: it is the model that cannot be used, or this device.
        """
        changing = self._given is None or self._given.size is None
        try:
            self._session = self._installed.open(
                model.data, gpu=gpu, tensorrt=tensorrt, changing=changing
            )
            if gpu:
                runtime.check_kept(self._session, tensorrt=tensorrt)
            self._run_settings = self._installed.run_settings(gpu=gpu)
            self._nodes = runtime.nodes(self._session)
            self._recipe = self._recipe_of(model)
            self._ports = ports.find(self._session, self._recipe)
            self._warm_up()
        except self._installed.errors as error:
            raise EngineUnavailable(
                f"the model {model.name} cannot be used: {one_line(error)}"
            ) from error
        self._labels = self._label()

    def _recipe_of(self, model: program.Program) -> Recipe:
        recipe = self._given or ports.recognised(self._session)
        if recipe is None:
            raise EngineUnavailable(
                f"nothing says how the model {model.name} is fed, and it is not BSHM; describe it "
                "under `models` in the settings, then `matted model install` it"
            )
        return recipe

    def _label(self) -> tuple[str, ...]:
        """What the file says of where its weights come from."""
        said = self._session.get_modelmeta().custom_metadata_map.get(graph.PROVENANCE)
        return () if not said else (said,)

    def _warm_up(self) -> None:
        pixels = np.zeros((*WARM_UP, self.planes), np.uint8)
        pixels[:, :, 0] = np.arange(WARM_UP[1])
        pixels = feed.padded(pixels, self._recipe) if self._recipe.refines else pixels
        fed = feed.feed(pixels, self._recipe, self._ports.dtype)
        answer = self._run(fed)
        planes = reading.channels_first(answer, self._recipe)
        _check_shape(fed, planes, self._recipe)
        if self._recipe.channel >= len(planes):
            raise ValueError(f"its answer is {answer.shape}: no channel {self._recipe.channel}")

    def describe(self) -> dict[str, Any]:
        """Facts for the hello; ``nodes`` counts the operations by the provider that has them."""
        facts: dict[str, Any] = {
            "model": " ".join([self._name, *(f"({label})" for label in self._labels)]),
            "framework": f"onnxruntime {self._installed.version}",
            "device": self._device,
            "device_reason": self._reason,
            "nodes": self._nodes,
        }
        if self._gpu:
            facts["compute_capability"] = "{}.{}".format(*self._gpu.capability)
            facts["memory_bytes"] = self._gpu.memory_bytes
            facts["cuda"] = self._installed.cuda_version
        return facts

    def matte(self, pixels: NDArray[np.uint8]) -> Answer:
        """Matte one picture; see Engine. People are counted only where there are none."""
        height, width = pixels.shape[:2]
        try:
            raw = self._run(feed.feed(pixels, self._recipe, self._ports.dtype))
            read = reading.read(raw, self._recipe, height, width)
        except self._installed.errors as error:
            _translate(error, f"{width}x{height}")
        finally:
            accelerator.give_back()
        warnings = [*self._warnings, *read.warnings]
        facts = {"warnings": warnings, "surest": round(read.surest, 4), "seen": list(read.seen)}
        return Answer(read.alpha, read.people, facts)

    @property
    def _device(self) -> str:
        return self._gpu.name if self._gpu else "cpu"

    @property
    def _warnings(self) -> list[str]:
        return [
            f"the model is not trained, its mattes mean nothing ({label})"
            for label in self._labels
            if label.startswith(graph.UNTRAINED)
        ]

    def _run(self, fed: NDArray[Any]) -> NDArray[Any]:
        names, feeds = [self._ports.output], {self._ports.input: fed}
        answer: NDArray[Any] = self._session.run(names, feeds, self._run_settings)[0]
        return answer


class OnnxRefinerEngine(OnnxEngine):
    """A refiner's network (matting/refiners): it is shown tiles with trimap and coarse alpha.

    It stands here and not in a photo process, since it is a program that somebody downloaded.
    """

    planes = REFINED

    def describe(self) -> dict[str, Any]:
        """As an engine, and ``tile``: the side of its tiles."""
        return {**super().describe(), "tile": self._side}

    @property
    def _side(self) -> int:
        recipe = self._recipe
        return (
            min(recipe.size)
            if recipe.size
            else max(1, TILE // recipe.multiple_of) * recipe.multiple_of
        )

    def matte(self, pixels: NDArray[np.uint8]) -> Answer:
        """Solve one tile; see Engine. Nobody is counted."""
        height, width = pixels.shape[:2]
        try:
            whole = feed.padded(pixels, self._recipe)
            raw = self._run(feed.feed(whole, self._recipe, self._ports.dtype))
            alpha = reading.read(raw, self._recipe, *whole.shape[:2]).alpha[:height, :width]
        except self._installed.errors as error:
            _translate(error, f"{width}x{height}")
        finally:
            accelerator.give_back()
        return Answer(alpha, None, {"warnings": self._warnings})


def _check_shape(fed: NDArray[Any], planes: NDArray[Any], recipe: Recipe) -> None:
    """An answer may be smaller than what was fed, but not of another shape."""
    first = 2 if recipe.layout == "nchw" else len(recipe.layout) - 3
    high, wide = fed.shape[first : first + 2]
    rows, columns = planes.shape[1:]
    if abs(columns - rows * wide / high) > 1 and abs(rows - columns * high / wide) > 1:
        raise ValueError(f"it answers {rows} rows of {columns} to {high} rows of {wide}")


def _translate(error: Exception, size: str) -> NoReturn:
    """Raise what the error means for this picture and for this process."""
    text = one_line(error)
    if accelerator.is_out_of_memory(text):
        raise EngineOutOfMemory(f"out of memory at {size}: {text}") from error
    accelerator.end_if_broken(text)
    raise RequestRefused(f"the network cannot take {size}: {text}") from error
