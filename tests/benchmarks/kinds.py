"""Every kind of result from three photos, and what other programs say of each.

    make kinds                      into kinds-out
    python -m tests.benchmarks.kinds FOLDER

The photos (8 bits in Display P3, 16 bits, and grey of 16 bits, with resolution and Exif) are made
of scikit-image's astronaut, so nothing is downloaded. GIMP, ImageMagick and exiftool are asked
where they are installed, and named where they are not; psd-tools always is. Look at the pictures.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips
import skimage.data
import tifffile
from PIL import Image
from psd_tools import PSDImage

from daemon import api
from daemon.config.profiles import Profile

GIMP = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{path}" "x")))
       (layers (vector->list (cadr (gimp-image-get-layers image)))))
  (gimp-message (string-append "SAYS precision "
      (number->string (car (gimp-image-get-precision image)))
      ", profile of " (number->string (car (gimp-image-get-color-profile image))) " bytes"))
  (for-each (lambda (layer) (gimp-message (string-append "SAYS layer "
      (car (gimp-item-get-name layer)) (if (> (car (gimp-layer-get-mask layer)) 0)
      ", with a mask" "")))) layers)
  (gimp-quit 0))
"""
EXIFTOOL = (
    "-Artist", "-Make", "-DateTimeOriginal", "-Copyright", "-Software", "-Orientation",
    "-XResolution", "-ProfileDescription", "-GPSPosition", "-ThumbnailImage",
)  # fmt: skip


def profile(background: Path) -> Profile:
    """All kinds at once."""
    scene = {"background": str(background), "blend": "seamless"}
    outputs: list[Any] = [
        {"photoshop": {}},
        {"photoshop": {"name": "on_white", "background": "white"}},
        {"channel": {}},
        {"matte": {"bits": 16}},
        {"foreground": {}},
        {"foreground": {"name": "shop", "format": "webp", "trim": 0.05, "size": 400}},
        {"composition": {"format": "jpeg", "trim": 0.1, "size": [400, 400]}},
        {"composition": {"name": "web", "format": "avif", "background": "blur"}},
        {"composition": {"name": "scene", **scene, "place": [0.35, 0.6], "scale": 0.8}},
        {"composition": {"name": "plain", "background": str(background)}},
        {"sidecar": {"format": "xmp"}},
        {"sidecar": {"name": "facts"}},
    ]
    steps = {"preprocess": ["focus_person"], "outputs": outputs}
    return Profile.model_validate({**steps, "file_as": "{stem}/{stem}_{output}{ext}"})


def make_photos(folder: Path) -> list[Path]:
    """Three photos as scanners and cameras leave them."""
    picture = skimage.data.astronaut()
    exif = Image.Exif()
    exif[271], exif[274], exif[315], exif[33432] = "Camera", 6, "Ann", "(c) Ann"
    exif.get_ifd(34665)[36867] = "2020:01:02 03:04:05"
    exif.get_ifd(34853).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 21.0, 0.0)})
    p3 = pyvips.Operation.call("profile_load", "p3")
    eight, sixteen, grey = (folder / name for name in ("eight.jpg", "sixteen.tif", "grey.png"))
    lying = Image.fromarray(np.rot90(picture, 1))  # which orientation 6 puts upright
    lying.save(eight, exif=exif, icc_profile=p3, dpi=(300, 300), quality=95)
    deep = picture.astype(np.uint16) * np.uint16(257)
    extra = [(315, 2, 0, "Ann", True), (33432, 2, 0, "(c) Ann", True)]
    tifffile.imwrite(
        sixteen, deep, photometric="rgb", resolution=(600, 600), resolutionunit=2, extratags=extra
    )
    cv2.imwrite(str(grey), cv2.cvtColor(deep, cv2.COLOR_RGB2GRAY))
    return [eight, sixteen, grey]


def main() -> None:
    """Make the folder, and print what is said of what is in it."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "kinds-out")
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        photos = make_photos(folder)
        background = folder / "background.png"
        Image.fromarray(skimage.data.coffee()).save(background)
        results = api.process(photos, out, profile=profile(background))
    for result in results:
        print(f"\n=== {result.source}: {result.error or f'{result.people} people'}")  # noqa: T201 - what it is for
        for path in result.files.values():
            _tell(path)


def _tell(path: Path) -> None:
    print(f"\n{path.name}  {path.stat().st_size:,} bytes")  # noqa: T201 - what it is for
    said = [*_psd_tools(path), *_exiftool(path), *_imagemagick(path), *_gimp(path)]
    print("\n".join(f"    {line}" for line in said))  # noqa: T201 - likewise


def _psd_tools(path: Path) -> list[str]:
    if path.suffix not in {".psd", ".psb"}:
        return []
    document = PSDImage.open(path)
    layers = ", ".join(
        f"{each.name}{' (hidden)' if not each.visible else ''}{' with a mask' if each.mask else ''}"
        for each in document
    )
    size = f"{document.width} x {document.height}"
    return [f"psd-tools: {size}, {document.color_mode.name} of {document.depth} bits; {layers}"]


def _exiftool(path: Path) -> list[str]:
    ran = _ran("exiftool", "-json", *EXIFTOOL, str(path))
    if ran is None:
        return ["exiftool is not installed, and was not asked"]
    (found,) = json.loads(ran)
    del found["SourceFile"]
    return ["exiftool: " + ", ".join(f"{key} {value}" for key, value in found.items())]


def _imagemagick(path: Path) -> list[str]:
    if path.suffix in {".json", ".xmp"}:
        return []
    ran = _ran("identify", "-format", "%m %wx%h, %z bits, %[channels] [%l]\n", str(path))
    if ran is None:
        return ["ImageMagick is not installed, or cannot read it"]
    return [f"ImageMagick: {line}" for line in ran.splitlines()]


def _gimp(path: Path) -> list[str]:
    if path.suffix not in {".psd", ".psb", ".tif"}:
        return []
    command = ("-i", "-d", "-f", "-b", GIMP.format(path=path.resolve()))
    ran = _ran("gimp-console", *command) or _ran("gimp", *command)
    if ran is None:
        return ["GIMP is not installed, and was not asked"]
    lines = [line.partition("SAYS ")[2] for line in ran.splitlines() if "SAYS " in line]
    return [f"GIMP: {line}" for line in lines] or ["GIMP did not open it"]


def _ran(*command: str) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    if ran.returncode and not ran.stdout:
        return None
    return ran.stdout if "SAYS " not in ran.stderr else ran.stderr  # where GIMP puts its messages


if __name__ == "__main__":
    main()
