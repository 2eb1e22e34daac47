"""Facts beside the photo, for archives whose files stay as they are; other programs read them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from daemon.outputs import sidecar
from daemon.raster import Cutout, Origin
from matting.judgement.flag import Flag

ORIGIN = Origin("Emma & <Ann>.jpg", "ab" * 32, "matted 1.2", "bshm.pb", "tensorflow 1.15.5")


def told(cutout: Cutout) -> Cutout:
    flags = (Flag("many_people", 3.0, None), Flag("soft_edge", 0.5, (1, 2, 3, 4)))
    matte = replace(cutout.matte, flags=flags)
    raster = replace(cutout.raster, warnings=("page 1 of 3 read",))
    return replace(cutout, matte=matte, raster=raster, origin=ORIGIN)


def test_json_tells_all_that_is_known(cutout_of: Callable[..., Cutout], tmp_path: Path) -> None:
    sidecar.write(told(cutout_of()), sidecar.Options(), tmp_path / "a.json")
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["photo"], found["sha256"]) == ("Emma & <Ann>.jpg", "ab" * 32)
    assert (found["engine"], found["model"], found["people"]) == ("test", "bshm.pb", 1)
    assert (found["software"], found["framework"]) == ("matted 1.2", "tensorflow 1.15.5")
    assert [flag["reason"] for flag in found["flags"]] == ["many_people", "soft_edge"]
    assert found["warnings"] == ["page 1 of 3 read"]


def test_xmp_is_well_formed_whatever_a_name_has_in_it(
    cutout_of: Callable[..., Cutout], tmp_path: Path
) -> None:
    odd = replace(told(cutout_of()), origin=replace(ORIGIN, name="a\"\x01<&>'{0}.jpg"))
    sidecar.write(odd, sidecar.Options(format="xmp"), tmp_path / "a.xmp")
    tree = ET.fromstring((tmp_path / "a.xmp").read_text())  # noqa: S314 - made one line above
    (described,) = tree.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    assert described.get(f"{{{sidecar.NAMESPACE}}}Photo") == "a\" <&>'{0}.jpg"


def test_exiftool_reads_the_xmp(cutout_of: Callable[..., Cutout], tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("NOT TESTED: exiftool is not installed, so nobody else read the sidecar")
    sidecar.write(told(cutout_of()), sidecar.Options(format="xmp"), tmp_path / "a.xmp")
    command = ["exiftool", "-json", str(tmp_path / "a.xmp")]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (found,) = json.loads(out)
    assert "Warning" not in found
    assert (found["Sha256"], found["Engine"], found["People"]) == ("ab" * 32, "test", 1)
    assert found["CreatorTool"] == "matted 1.2, engine test"
    assert len(found["Flags"]) == 2
    assert found["Warnings"] == "page 1 of 3 read"
