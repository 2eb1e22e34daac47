"""``python -m matting.training``: prepare, coarse, average, fine, evaluate; see docs/weights.md."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def main() -> int:
    """Do one step of the way from photos to weights."""
    options = _parser().parse_args()
    _STEPS[options.step](options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="matting.training", description=__doc__)
    parser.add_argument("step", choices=tuple(_STEPS))
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the photos")
    parser.add_argument("--networks", type=Path, required=True, help="where the two files lie")
    parser.add_argument("--work", type=Path, default=Path(".train"), help="packs, checkpoints")
    parser.add_argument("--composed", type=Path, help="what compose_truth.py wrote, to evaluate on")
    parser.add_argument("--model", type=Path, help="what to evaluate")
    parser.add_argument(
        "--start", type=Path, help="weights to go on from: coarse.pt, or an ONNX file"
    )
    parser.add_argument(
        "--sitting", default="", help="a name, where several from one start are to be averaged"
    )
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the sittings' mean, the rest is the start's"
    )
    parser.add_argument("--side", type=int, default=320)
    parser.add_argument("--mirrored", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minutes", type=float)
    return parser


def _prepare(options: argparse.Namespace) -> None:
    from matting.training import prepare

    labels, training = options.work / "opinions", options.shared / "training"
    prepare.ask(prepare.Sources(training, labels, options.work / "pack"), options.networks)
    prepare.write(prepare.Sources(training, labels, options.work / "pack"))
    prepare.write_fine(prepare.Sources(training, labels, options.work / "pack-fine"))


def _coarse(options: argparse.Namespace) -> None:
    from matting.training import export, learn_coarse
    from matting.training.coarse import SIDE

    device = _device()
    recipe = learn_coarse.CoarseRecipe(seed=options.seed, minutes=options.minutes)
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    out = options.work / options.sitting
    answering = learn_coarse.train(
        options.work / "pack", options.networks, out, recipe, device, options.start
    )
    export.write(answering, (1, 3, SIDE, SIDE), out / "coarse.onnx")


def _average(options: argparse.Namespace) -> None:
    from matting.training import export
    from matting.training.average import Sittings, average
    from matting.training.coarse import SIDE

    folders = tuple(sorted(path.parent for path in options.work.glob("*/coarse.pt")))
    if not folders:
        sys.exit(f"there are no sittings in {options.work}: see `coarse --sitting NAME`")
    sittings = Sittings(folders, options.start, options.share)
    answering = average(sittings, options.work / "pack", options.networks, _device())
    export.write(answering, (1, 3, SIDE, SIDE), options.work / "coarse.onnx")


def _fine(options: argparse.Namespace) -> None:
    from matting.training import export, fine_scenes, learn_fine
    from matting.training.fine import Refining

    device = _device()
    recipe = learn_fine.FineRecipe(seed=options.seed, minutes=options.minutes)
    if options.steps:
        recipe = replace(recipe, steps=options.steps)
    pack = options.work / "pack-fine"
    fine_scenes.write(pack, options.networks / "selfie_segmentation.tflite", recipe.scenes)
    network = learn_fine.train(pack, options.work, recipe, device)
    export.write(Refining(network), (1, 6, 512, 512), options.work / "fine.onnx", any_size=True)


def _evaluate(options: argparse.Namespace) -> None:
    from matting.training import evaluate

    look = evaluate.coarse(options.model, options.side, mirrored=options.mirrored)
    for line in evaluate.report(look, options.shared, options.composed):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _device() -> torch.device:
    import torch

    if torch.cuda.is_available():
        torch.backends.cudnn.benchmark = True
        return torch.device("cuda")
    return torch.device("cpu")


_STEPS = {
    "prepare": _prepare,
    "coarse": _coarse,
    "average": _average,
    "fine": _fine,
    "evaluate": _evaluate,
}


if __name__ == "__main__":
    sys.exit(main())
