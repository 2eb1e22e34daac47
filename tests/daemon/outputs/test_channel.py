"""The photo comes back as it was, with the matte as a channel that has a name."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from daemon.imaging.resources import ALPHA_NAMES_UNICODE, parsed
from daemon.outputs import channel
from daemon.raster import Cutout


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_photo_and_matte_come_back_exactly_and_the_channel_has_its_name(
    cutout_of: Callable[..., Cutout], dtype: type, tmp_path: Path
) -> None:
    cutout, path = cutout_of(dtype), tmp_path / "channel.tif"
    channel.write(cutout, channel.Options(channel="人物"), path)
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        assert page.tags["ExtraSamples"].value == (2,), "unassociated: a channel to Photoshop"
        back = page.asarray()
        named = dict(parsed(bytes(page.tags[34377].value)))[ALPHA_NAMES_UNICODE]
    assert (back[:, :, :3] == cutout.raster.pixels).all()
    rounded = np.rint(cutout.matte.alpha / 257) if dtype is np.uint8 else cutout.matte.alpha
    assert (back[:, :, 3] == rounded).all()
    assert named[4:].decode("utf-16-be") == "人物\0"


def test_exiftool_reads_the_channel_s_name(
    cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("NOT TESTED: exiftool is not installed, so nobody else read the channel's name")
    path = tmp_path / "channel.tif"
    channel.write(cutout_of(), channel.Options(), path)
    command = ["exiftool", "-s3", "-AlphaChannelsNames", "-UnicodeAlphaNames", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Person" in told
