"""Names follow the template, never collide, never leave the result folder."""

from __future__ import annotations

import os
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.filed import Part
from daemon.photo import Photo, Version
from daemon.shelf.names import Known, NamedOutput, choose, numbered
from daemon.shelf.templates import counting, faults

TEMPLATE = "{date:%Y-%m-%d}/{subdir}/{stem}_{output}{ext}"
DAY = date(2026, 3, 1)
MATTE = NamedOutput("matte", ".png")
CUTOUT = NamedOutput("foreground", ".tif")


def photo(path: bytes, folder: str = "/srv/scans/inbox") -> Photo:
    return Photo(12, folder, path, Version(1, 2, 3, 4), attempts=1, first_seen_s=0.0)


def named(path: bytes, template: str = TEMPLATE, number: int = 1) -> bytes:
    (name,) = numbered(template, photo(path), DAY, [MATTE], number=number)
    return name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"IMG_1.jpg", b"2026-03-01/IMG_1_matte.png"),
        (b"a/b/IMG_1.jpg", b"2026-03-01/a/b/IMG_1_matte.png"),
        (b"scan.old.jpg", b"2026-03-01/scan.old_matte.png"),
        (b"caf\xe9.jpg", b"2026-03-01/caf\xe9_matte.png"),
        (b"two\nlines.jpg", b"2026-03-01/two\nlines_matte.png"),
        (b"{stem}{0}%s.jpg", b"2026-03-01/{stem}{0}%s_matte.png"),
        ("全家福.jpg".encode(), "2026-03-01/全家福_matte.png".encode()),
        (b"..jpg", b"2026-03-01/_jpg_matte.png"),
        (b"...", b"2026-03-01/__matte.png"),
    ],
)
def test_a_name_is_the_template_filled_in(path: bytes, name: bytes) -> None:
    assert named(path) == name


def test_every_field_can_be_used() -> None:
    template = "{folder}/{date:%Y}/{date:%m}/{subdir}/{id}-{stem}/{output}{ext}"
    assert named(b"a/b.jpg", template) == b"inbox/2026/03/a/12-b/matte.png"


def test_an_empty_field_leaves_no_empty_folder() -> None:
    assert named(b"b.jpg", "{subdir}/x//{subdir}/{stem}_{output}{ext}") == b"x/b_matte.png"


def test_outputs_come_in_the_order_given() -> None:
    names = numbered(TEMPLATE, photo(b"a.jpg"), DAY, [CUTOUT, MATTE], number=1)
    assert names == (b"2026-03-01/a_foreground.tif", b"2026-03-01/a_matte.png")


def test_a_set_is_numbered_as_one_even_if_only_one_of_it_is_taken() -> None:
    taken = {b"2026-03-01/a_matte.png", b"2026-03-01/a-2_foreground.tif"}
    names = choose(TEMPLATE, photo(b"a.jpg"), DAY, [CUTOUT, MATTE], taken=taken.__contains__)
    assert names == (b"2026-03-01/a-3_foreground.tif", b"2026-03-01/a-3_matte.png")


def test_photos_of_one_name_from_two_folders_do_not_collide() -> None:
    taken: set[bytes] = set()
    for path in (b"a/IMG_1.jpg", b"b/IMG_1.jpg", b"IMG_1.png", b"IMG_1.jpg"):
        names = choose(
            "{stem}_{output}{ext}", photo(path), DAY, [CUTOUT, MATTE], taken=taken.__contains__
        )
        assert not taken & set(names)
        taken |= set(names)
    assert len(taken) == 8


def test_two_outputs_of_one_name_are_a_defect() -> None:
    with pytest.raises(ValueError, match="same name"):
        numbered(TEMPLATE, photo(b"a.jpg"), DAY, [MATTE, NamedOutput("Matte", ".PNG")], number=1)


def test_a_long_name_is_shortened_and_stays_unique() -> None:
    one = named(b"x" * 250 + b"1.jpg")
    other = named(b"x" * 250 + b"2.jpg")
    assert one != other
    for name in (one, other):
        assert len(name.rpartition(b"/")[2]) == 255
        assert name.endswith(b"_matte.png")


def test_a_long_name_is_not_cut_within_a_character() -> None:
    name = named("家".encode() * 83 + b".jpg")
    assert len(name.rpartition(b"/")[2]) <= 255
    name.decode()


def test_a_long_name_keeps_its_number() -> None:
    name = named(b"x" * 251 + b".jpg", number=17)
    assert name.endswith(b"-17_matte.png")
    assert len(name.rpartition(b"/")[2]) <= 255


def test_a_folder_with_a_long_name_fits_too() -> None:
    name = named(b"s" * 255 + b"/a.jpg", "archive of {subdir}/{stem}_{output}{ext}")
    assert max(map(len, name.split(b"/"))) == 255


TEMPLATES = [
    TEMPLATE,
    "{stem}_{output}{ext}",
    "{output}/{stem}{ext}",
    "{stem}/{output}{ext}",
    "{folder}/{id}/{subdir}/{stem}{stem}{output}{ext}",
    "{subdir}{stem}{output}{ext}",
]
COMPONENT = st.binary(min_size=1, max_size=255).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in {b".", b".."}
)


@given(
    template=st.sampled_from(TEMPLATES),
    components=st.lists(COMPONENT, min_size=1, max_size=4),
    number=st.integers(1, 1000),
)
def test_no_name_of_a_source_leads_out_of_the_result_folder_or_hides(
    template: str, components: list[bytes], number: int
) -> None:
    source = photo(b"/".join(components))
    names = numbered(template, source, DAY, [MATTE, CUTOUT], number=number)
    assert len(set(names)) == 2
    for name, output in zip(names, [MATTE, CUTOUT], strict=True):
        parts = name.split(b"/")
        assert all(0 < len(part) <= 255 for part in parts)
        assert not any(part.startswith(b".") for part in parts)
        assert b"\0" not in name
        assert name.endswith(output.ext.encode())


@given(one=COMPONENT, other=COMPONENT, number=st.integers(2, 50))
def test_numbers_tell_sets_apart(one: bytes, other: bytes, number: int) -> None:
    assume(one != other)
    assert named(one) != named(one, number=number)
    assert named(other) != named(other, number=number)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_good_template_has_no_faults(template: str) -> None:
    assert faults(template) == ()


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{stem}{ext}", "must contain {output}, unless no two results have the same extension"),
        ("{stem}_{output}", "must contain {ext}"),
        ("{output}{ext}", "must contain {stem}, {id}, {sha} or {count}"),
        ("{stem}_{outptu}{output}{ext}", "unknown field {outptu}; did you mean {output}?"),
        ("{stem}_{zzz}{output}{ext}", "unknown field {zzz}; there are date"),
        ("{stem}_{}{output}{ext}", "unknown field {}"),
        ("{stem}_{date.year}{output}{ext}", "unknown field {date.year}"),
        ("{stem}_{stem[0]}{output}{ext}", "unknown field {stem[0]}"),
        ("{stem!r}_{output}{ext}", "conversions are not supported"),
        ("{stem:>10}_{output}{ext}", "only {date}, {count} and {sha} take a format"),
        ("{date:{stem}}{stem}{output}{ext}", "not a date format"),
        ("{stem}_{output}{ext", "not a template"),
        ("/srv/{stem}_{output}{ext}", "not absolute"),
        ("../{stem}_{output}{ext}", "must not contain .."),
        ("a/../{stem}_{output}{ext}", "must not contain .."),
        (".hidden/{stem}_{output}{ext}", "would be hidden"),
        ("a\0{stem}_{output}{ext}", "NUL"),
    ],
)
def test_every_fault_of_a_template_is_named(template: str, fault: str) -> None:
    assert any(fault in found for found in faults(template)), faults(template)


def test_all_faults_are_reported_at_once() -> None:
    found = " ".join(faults("/{stme}_{stem:x}"))
    for fault in ("{stme}", "only {date}", "{output}", "{ext}", "not absolute"):
        assert fault in found


def test_a_name_can_really_be_made(tmp_path: os.PathLike[str]) -> None:
    root = os.fsencode(tmp_path)
    for path in (b"x" * 251 + b".jpg", b"caf\xe9\n.jpg", b"....jpg", b"a/" + b"\xff" * 255):
        target = os.path.join(root, named(path))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))


def test_the_photo_s_extension_the_profile_and_the_content_can_be_used() -> None:
    known = Known("web/shop", "ab12" * 16)
    template = "{profile}/{sha:.8}_{stem}.{source_ext}_{output}{ext}"
    (name,) = numbered(template, photo(b"a/B.JPG"), DAY, [MATTE], number=2, known=known)
    assert name == b"web_shop/ab12ab12_B-2.JPG_matte.png"
    (bare,) = numbered("{sha}{ext}", photo(b"a"), DAY, [MATTE], number=2, known=known)
    assert bare == b"ab12" * 16 + b"-2.png"


def test_a_template_that_counts_has_its_number_there_and_nowhere_else() -> None:
    taken = {b"x/0007_foreground.tif"}
    names = choose(
        "x/{count:04d}_{output}{ext}",
        photo(b"a.jpg"),
        DAY,
        [CUTOUT, MATTE],
        taken=taken.__contains__,
        first=7,
    )
    assert names == (b"x/0008_foreground.tif", b"x/0008_matte.png")


@pytest.mark.parametrize(
    ("template", "name", "number"),
    [
        ("{date}/{count:04d}_{stem}{ext}", b"0012_Emma (7).png", b"12"),
        ("{stem}-{count}_{output}{ext}", b"a-1-30_matte.png", b"30"),
        ("{count:03d}/{output}{ext}", b"004", b"004"),
    ],
)
def test_the_number_is_found_again_in_a_name(template: str, name: bytes, number: bytes) -> None:
    where = counting(template)
    assert where is not None
    match = where[2].fullmatch(name)
    assert match is not None
    assert match[1].lstrip(b"0") == number.lstrip(b"0")


@pytest.mark.parametrize(
    ("template", "extensions", "fault"),
    [
        ("{stem}{ext}", (".png", ".tif"), None),
        ("{count:04d}{ext}", (".png",), None),
        ("{sha:.12}{ext}", (".png",), None),
        ("{stem}{ext}", (".png", ".PNG"), "must contain {output}"),
        ("{stem}{ext}", (".psd", ".psb", ".psb"), "must contain {output}"),
        ("{stem}{ext}", (), "must contain {output}"),
        ("{count:x}_{output}{ext}", (), "the format should be a number's, such as 04d"),
        ("{sha:8}_{output}{ext}", (), "the format should be how much of it, such as .8"),
        ("{output}{ext}", (".png",), "must contain {stem}, {id}, {sha} or {count}"),
    ],
)
def test_output_may_be_left_out_where_extensions_tell_results_apart(
    template: str, extensions: tuple[str, ...], fault: str | None
) -> None:
    found = faults(template, extensions)
    assert (not found) if fault is None else any(fault in each for each in found), found


@pytest.mark.parametrize(
    ("template", "part", "name"),
    [
        ("{stem}_{output}{ext}", Part(), b"anna_matte.png"),
        ("{stem}_{output}{ext}", Part(page=3), b"anna_3_matte.png"),
        ("{stem}_{output}{ext}", Part(print=2), b"anna_2_matte.png"),
        ("{stem}_{output}{ext}", Part(page=3, print=2), b"anna_3_2_matte.png"),
        ("{sha:.4}{output}{ext}", Part(print=2), b"ab12_2matte.png"),
        ("{stem}-p{page}_{output}{ext}", Part(page=3, print=2), b"anna_2-p3_matte.png"),
        ("{stem}-p{page}_{output}{ext}", Part(), b"anna-p1_matte.png"),
        ("{id}_{output}{ext}", Part(print=2), b"12_2_matte.png"),
    ],
)
def test_the_photos_in_one_file_are_told_apart(template: str, part: Part, name: bytes) -> None:
    outputs = [NamedOutput("matte", ".png", part=part)]
    known = Known(sha256="ab12" * 16)
    assert numbered(template, photo(b"anna.tif"), DAY, outputs, number=1, known=known) == (name,)


def test_the_photos_in_one_file_are_counted_on() -> None:
    outputs = [NamedOutput("matte", ".png", part=Part(print=n + 1), before=n) for n in range(3)]
    names = choose("{count:03d}{ext}", photo(b"a"), DAY, outputs, taken=lambda _: False, first=7)
    assert names == (b"007.png", b"008.png", b"009.png")


def test_equal_contents_under_a_part_of_their_checksum_are_told_apart() -> None:
    known = Known(sha256="ab12" * 16)
    taken = {b"ab12ab12.png"}.__contains__
    names = choose("{sha:.8}{ext}", photo(b"b"), DAY, [MATTE], taken=taken, known=known)
    assert names == (b"ab12ab12-2.png",)
