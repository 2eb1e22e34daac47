"""What every kind of output promises, those to come included."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from output_kinds import in_all_formats
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import Resource
from pydantic import ValidationError

from daemon.config.documentation import documentation
from daemon.errors import ResultsTrouble
from daemon.outputs import OUTPUTS
from daemon.outputs.output import Output
from daemon.raster import Cutout

WORDS = {".json", ".xmp"}
EXTENSIONS = {"PNG": ".png", "TIFF": ".tif", "JPEG": ".jpg", "WEBP": ".webp", "AVIF": ".avif"}


@pytest.fixture(params=OUTPUTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def output(kind: str) -> Output:
    return OUTPUTS[kind]


@pytest.mark.parametrize(("kind", "given"), in_all_formats())
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_it_writes_one_file_in_the_photo_s_size_and_resolution(
    kind: str,
    given: dict[str, Any],
    dtype: type,
    cutout_of: Callable[..., Cutout],
    tmp_path: Path,
) -> None:
    output = OUTPUTS[kind]
    options = output.Options.model_validate(given)
    path = tmp_path / "any name.part"
    output.write(cutout_of(dtype), options, path)
    assert list(tmp_path.iterdir()) == [path]
    if output.extension(options) in WORDS:
        assert "160" in path.read_text()
        return
    if output.extension(options) == ".psd":
        document = PSDImage.open(path)
        shown = document.image_resources.get_data(Resource.RESOLUTION_INFO)
        assert document.size == (160, 200)
        assert (shown.horizontal / 65536, shown.vertical / 65536) == (300, 240)
        return
    if dtype is np.uint16 and output.extension(options) == ".tif":
        assert tifffile.imread(path).shape[:2] == (200, 160)
        return  # Pillow does not read it
    with Image.open(path) as image:
        image.load()
        assert image.size == (160, 200)
        exif = image.getexif()  # WebP and AVIF tell it by Exif alone
        shown_dpi = image.info.get("dpi") or (float(exif[282]), float(exif[283]))
        assert shown_dpi == pytest.approx((300, 240), abs=0.05)
        assert EXTENSIONS[str(image.format)] == output.extension(options)


def test_colours_carry_the_photo_s_profile_and_grey_carries_none(
    output: Output, cutout_of: Callable[..., Cutout], wide_gamut: bytes, tmp_path: Path
) -> None:
    if output.extension(output.Options()) in WORDS:
        pytest.skip("it has no pixels whose colours a profile could describe")
    output.write(cutout_of(), output.Options(), tmp_path / "out")
    with Image.open(tmp_path / "out") as image:
        expected = None if image.mode == "L" else wide_gamut
        assert image.info.get("icc_profile") == expected


def test_it_leaves_the_cutout_as_it_was(
    output: Output, cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    cutout, same = cutout_of(), cutout_of()
    output.write(cutout, output.Options(), tmp_path / "out")
    assert (cutout.raster.pixels == same.raster.pixels).all()
    assert (cutout.matte.alpha == same.matte.alpha).all()
    assert cutout.foreground is not None
    assert same.foreground is not None
    assert (cutout.foreground == same.foreground).all()


def test_it_writes_the_same_bytes_twice(
    output: Output, cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    for name in "ab":
        output.write(cutout_of(), output.Options(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_it_does_without_foreground_colours_where_it_says_so(
    output: Output, cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    if output.needs_foreground(output.Options()):
        pytest.skip("this output needs foreground colours; there is no doing without to test")
    cutout = cutout_of()
    bare = Cutout(cutout.raster, cutout.matte, None)
    output.write(bare, output.Options(), tmp_path / "out")
    assert (tmp_path / "out").stat().st_size > 0


def test_a_full_disk_is_trouble_with_the_results(
    output: Output, cutout_of: Callable[..., Cutout]
) -> None:
    with pytest.raises(ResultsTrouble, match="No space left on device"):
        output.write(cutout_of(), output.Options(), Path("/dev/full"))


def test_a_folder_that_went_away_is_trouble_with_the_results(
    output: Output, cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    with pytest.raises(ResultsTrouble, match="No such file or directory"):
        output.write(cutout_of(), output.Options(), tmp_path / "gone" / "out")


def test_every_option_is_described_and_has_a_default(output: Output) -> None:
    for name, field in output.Options.model_fields.items():
        assert documentation(output.Options).get(name), name
        assert not field.is_required(), name
    json.dumps(output.Options.model_json_schema())


def test_its_name_is_its_kind_unless_given(kind: str, output: Output) -> None:
    options: Any = output.Options()
    assert options.name == kind


@pytest.mark.parametrize(
    "name", ["a/b", "", ".hidden", "..", "a\nb", "a\0b", " a", "x" * 65, "a\\b"]
)
def test_a_name_that_is_unsafe_in_a_path_is_refused(output: Output, name: str) -> None:
    with pytest.raises(ValidationError):
        output.Options.model_validate({"name": name})


@pytest.mark.parametrize("name", ["matte_16", "Maske-1.5", "fond+blanc", "背景", "on white"])
def test_other_names_are_taken(output: Output, name: str) -> None:
    options: Any = output.Options.model_validate({"name": name})
    assert options.name == name


def test_its_options_travel_to_another_process(output: Output) -> None:
    options = output.Options()
    assert pickle.loads(pickle.dumps(options)) == options  # noqa: S301 - made one line above
