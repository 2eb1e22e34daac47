"""What the page asks, programs can ask: lists, files, pictures, decisions, redo."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
from site_stub import HAIR, Site

from daemon.filed import Part
from daemon.ledger.gallery import Gallery


def names(site: Site, query: str) -> list[str]:
    return [photo["name"] for photo in site.get(f"/api/photos?{query}")["photos"]]


def test_a_list_has_what_is_to_be_looked_at_first_and_goes_on_where_it_ended(site: Site) -> None:
    for number in range(4):
        site.file(f"list/{number}.png", flags=(HAIR,) if number == 1 else (), pictures=False)
    first = site.get("/api/photos?show=today&limit=2")
    assert [one["name"] for one in first["photos"]] == ["list/1.png", "list/3.png"]
    rest = site.get(f"/api/photos?show=today&limit=2&after={first['after']}")
    assert [one["name"] for one in rest["photos"]] == ["list/2.png", "list/0.png"]
    assert names(site, "show=look") == ["list/1.png"]
    assert first["numbers"]["look"] == 1
    assert first["photos"][0]["flags"] == [
        {"reason": "hair", "value": 0.5, "place": [20, 10, 24, 16]}
    ]


def test_a_decision_is_in_the_ledger_and_can_be_undone(site: Site) -> None:
    photo = site.file("decide.png", flags=(HAIR,))
    status, told = site.post(f"/api/photos/{photo}/decisions", {"decision": "approve"})
    assert (status, told["decided"]) == (200, "approved")
    assert "decide.png" not in names(site, "show=look")
    assert "decide.png" in names(site, "show=approved")
    with Gallery.open(site.ledger.path, read_only=True) as gallery:
        (one,) = gallery.decisions(photo)
    assert (one.who, one.verdict) == ("api", "approved")
    status, told = site.post(f"/api/photos/{photo}/decisions", {"decision": "undo"})
    assert (status, told["decided"]) == (200, None)
    assert "decide.png" in names(site, "show=look")
    status, told = site.post(f"/api/photos/{photo}/decisions", {"decision": "undo"})
    assert (status, told["error"]) == (409, "nothing was decided that could be undone")


def test_a_redo_is_what_the_command_asks_for_and_can_be_undone(site: Site) -> None:
    photo = site.file("redo.png")
    status, told = site.post(f"/api/photos/{photo}/redo", {"profile": "studio-portrait"})
    assert (status, told["state"], told["redoing"]) == (200, "waiting", True)
    entry = site.ledger.entry(photo)
    assert entry.photo.redo.profile == "studio-portrait"
    assert entry.photo.redo.source == bytes(site.inbox / "redo.png")
    assert site.post(f"/api/photos/{photo}/redo", {})[0] == 409
    status, told = site.post(f"/api/photos/{photo}/decisions", {"decision": "undo"})
    assert (status, told["state"]) == (200, "filed")
    status, told = site.post(f"/api/photos/{photo}/redo", {"profile": "none"})
    assert status == 400
    assert "there are old-photo, studio-portrait" in told["error"]


def test_strokes_of_the_brush_go_to_the_photos_redoing(site: Site) -> None:
    photo = site.file("brush.png")
    stroke = {"mark": "person", "width": 12, "points": [[3, 4], [5.25, 6]]}
    status, _ = site.post(f"/api/photos/{photo}/redo", {"strokes": [stroke]})
    assert status == 200
    touchup = site.ledger.entry(photo).photo.redo.touchup
    assert touchup.strokes[0].points == ((3.0, 4.0), (5.2, 6.0))
    assert touchup.results == tuple(
        str(site.results / f"brush_{name}.png") for name in ("matte", "foreground")
    )
    for bad in (
        [],
        [{**stroke, "mark": "cat"}],
        [{**stroke, "width": 1e9}],
        [{**stroke, "points": []}],
        [{**stroke, "points": [[1, "x"]]}],
        [stroke] * 501,
        "strokes",
        [3],
    ):
        status, told = site.post(f"/api/photos/{photo}/redo", {"strokes": bad})
        assert status == 400, bad
        assert "\n" not in told["error"]
    infinite = b'{"strokes": [{"mark": "person", "width": Infinity, "points": [[1, 2]]}]}'
    sent = {"Content-Type": "application/json"}
    assert site.ask("POST", f"/api/photos/{photo}/redo", infinite, sent)[0] == 400


def test_files_are_had_by_number_as_they_lie_there(site: Site) -> None:
    photo = site.file("fi les\u00e9.png")
    known = site.get(f"/api/photos/{photo}")["files"]
    assert [one["name"] for one in known] == [
        "fi les\u00e9_matte.png",
        "fi les\u00e9_foreground.png",
    ]
    status, headers, body = site.ask("GET", f"/api/photos/{photo}/files/1")
    assert status == 200
    assert body == (site.results / "fi les\u00e9_foreground.png").read_bytes()
    assert headers["Content-Disposition"].startswith("attachment; ")
    assert "fi%20les%C3%A9_foreground.png" in headers["Content-Disposition"]
    _, _, body = site.ask("GET", f"/api/photos/{photo}/original")
    assert body == (site.inbox / "fi les\u00e9.png").read_bytes()
    assert site.ask("GET", f"/api/photos/{photo}/files/2")[0] == 404


def test_a_result_that_became_a_link_is_not_followed(site: Site) -> None:
    """Others may write into the results; the page must not read for them what they cannot."""
    photo = site.file("link.png")
    secret = site.root / "state" / "web" / "token"
    result = site.results / "link_matte.png"
    result.unlink()
    result.symlink_to(secret)
    status, _, body = site.ask("GET", f"/api/photos/{photo}/files/0")
    assert status == 404
    assert site.token.encode() not in body


def test_pictures_are_made_small_and_in_tiles(site: Site) -> None:
    photo = site.file("deep.png", size=(1300, 700))
    edition = site.get(f"/api/photos/{photo}")["edition"]
    base = f"/api/photos/{photo}/pictures/{edition}"
    assert site.get(base)["layers"] == ["original", "cutout", "matte"]
    status, headers, thumb = site.ask("GET", f"{base}/small/thumb.webp")
    assert (status, headers["Content-Type"]) == (200, "image/webp")
    assert "immutable" in headers["Cache-Control"]
    pixels = cv2.imdecode(np.frombuffer(thumb, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (215, 400, 4)
    assert pixels[0, 0, 3] == 0
    for layer, planes in (("original", 3), ("cutout", 4), ("matte", 1)):
        told = site.get(f"{base}/{layer}")
        assert (told["width"], told["height"]) == (1300, 700)
        status, _, tile = site.ask("GET", f"{base}/{layer}/11/2_1.{told['extension'][1:]}")
        assert status == 200
        pixels = cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_UNCHANGED)
        assert pixels.shape[:2] == (700 - 510 + 1, 1300 - 1020 + 1)
        assert (pixels.ndim == 2 and 1) or pixels.shape[2] == planes
    assert site.ask("GET", f"{base}/original/11/9_9.jpg")[0] == 404
    assert site.ask("GET", f"{base}/nothing")[0] == 404
    assert site.ask("GET", f"/api/photos/{photo}/pictures/abc")[0] == 404


def test_a_result_that_is_no_picture_harms_nobody(site: Site) -> None:
    photo = site.file("poison.png")
    for path in site.results.glob("poison_*"):
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    edition = site.get(f"/api/photos/{photo}")["edition"]
    told = site.get(f"/api/photos/{photo}/pictures/{edition}")
    assert told["layers"] == ["original"]
    assert site.ask("GET", f"/api/photos/{photo}/pictures/{edition}/cutout")[0] == 404


@pytest.mark.parametrize(
    "path",
    ["/api/photos/99", "/api/photos/1e3", "/api/photos/%2e%2e", "/api/photos/99999999999999999999"],
)
def test_a_photo_that_is_none_is_told_in_one_line(site: Site, path: str) -> None:
    status, _, body = site.ask("GET", path)
    assert (status, json.loads(body)) == (404, {"error": "there is no such photo"})


def test_a_photo_that_is_redone_was_filed_once_until_it_is_filed_again(site: Site) -> None:
    photo = site.file("count.png")
    assert site.get(f"/api/photos/{photo}")["filings"] == 1
    _, told = site.post(f"/api/photos/{photo}/redo", {})
    assert told["filings"] == 1
    site.post(f"/api/photos/{photo}/decisions", {"decision": "undo"})


def test_a_result_that_was_framed_is_shown_by_itself_and_not_over_the_photo(site: Site) -> None:
    photo = site.file("framed.png")
    smaller = cv2.imencode(".png", np.zeros((40, 40, 4), np.uint8))[1].tobytes()
    (site.results / "framed_foreground.png").write_bytes(smaller)
    edition = site.get(f"/api/photos/{photo}")["edition"]
    told = site.get(f"/api/photos/{photo}/pictures/{edition}")
    assert told["kinds"] == ["matte", "framed"]
    assert told["layers"] == ["original", "cutout", "matte", "picture"]
    assert told["after"] == "cutout", "made of the photo and its matte"
    assert site.get(f"/api/photos/{photo}/pictures/{edition}/cutout")["width"] == 96
    assert site.get(f"/api/photos/{photo}/pictures/{edition}/picture")["width"] == 40


def test_a_file_with_several_photos_is_not_mended_with_the_brush(site: Site) -> None:
    photo = site.file("prints.png")
    filed = site.ledger.entry(photo).filed
    several = replace(filed, parts=(Part(print=1), Part(print=2)))
    site.ledger.filed(photo, several, dispose=False, now_s=time.time())
    assert [part["files"] for part in site.get(f"/api/photos/{photo}")["parts"]] == [[0], [1]]
    stroke = {"mark": "person", "width": 12, "points": [[3, 4]]}
    status, told = site.post(f"/api/photos/{photo}/redo", {"strokes": [stroke]})
    assert (status, told["error"].startswith("the file holds several")) == (409, True)
