"""Disks that do not take every name, and that take two for one: real ones, where they can be had.

The kernel here may know neither exFAT nor eCryptfs; those are played by ``refusing.c``, which
answers the calls of the real daemon as they do.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from audit import Place, Sent, audit, number_in
from disks import image
from harness import Daemon
from sending import Sending, tool
from summary import Tally

from daemon.config.settings import Folder
from daemon.doctor import folders

Make = Callable[..., Daemon]

HARD = (
    "b Oma: Hochzeit 1950?.png",
    "sub?/aux.png",
    "caf\udce9.png",
    "\u20ac" * 80 + ".png",
    "plain.png",
)
ROOMY = {"limits": {"min_free_mb": 0}}
BAD = b"this is no photo\n" * 50
ALIKE = ("A.png", "a.png", "B/c.png", "b/C.png")


@pytest.fixture
def refusing(tmp_path: Path) -> Path:
    """The library that refuses names."""
    compiler = tool("cc", "gcc")
    made = tmp_path / "refusing.so"
    source = Path(__file__).with_name("refusing.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True)
    return made


def send_all(one: Daemon, sending: Sending, *paths: str) -> None:
    """All end well, and nothing pauses."""
    if one.child is None:
        one.start()
    sending.put(*paths)
    sending.arrive(within_s=40)
    assert not one.said("service.paused")
    assert not one.said("photo.stumbled")
    assert len(one.said("photo.filed")) == len(paths)


def told_by_doctor(results: Path) -> list[tuple[str, str]]:
    """What ``matted doctor`` says of a results folder."""
    folder = Folder(watch=results.parent, results=results)
    return [(one.verdict, one.told) for one in folders.results(folder)]


@pytest.mark.parametrize("refuses", ["long", "exfat"])
def test_a_name_that_the_disk_refuses_is_replaced(
    daemon: Make, tally: Tally, refusing: Path, refuses: str
) -> None:
    one = daemon(**ROOMY)
    one.start(
        prefix=(
            "env",
            f"LD_PRELOAD={refusing}",
            f"REFUSES={refuses}",
            f"REFUSES_BELOW={one.results}",
        )
    )
    sending = Sending(one, tally)
    sending.sent.append(Sent.of("no photo: really?.png", BAD, None))
    (one.inbox / "no photo: really?.png").write_bytes(BAD)
    one.await_("photo.quarantined")
    send_all(one, sending, *HARD)
    wanted = {name for fact in one.said("photo.filed") for name in fact.get("instead_of", ())}
    assert any("Hochzeit 1950?" in name or "\u20ac" * 80 in name for name in wanted), wanted
    assert sending.audit().quarantined == 1


@pytest.mark.parametrize("originals", ["keep", "archive"])
def test_photos_with_hard_names_are_filed_on_ntfs(
    daemon: Make, tally: Tally, tmp_path: Path, originals: str
) -> None:
    one = daemon(folder={"originals": originals, "archive": "results-disk/archive"}, **ROOMY)
    tool("ntfs-3g", "ntfs-3g")
    make = [tool("mkfs.ntfs", "ntfs-3g"), "-q", "-F"]
    options = ("-t", "ntfs-3g", "-o", "loop,windows_names")
    with image(tmp_path / "ntfs", one.root / "results-disk", make=make, options=options) as disk:
        (disk / "results").mkdir()
        (disk / "archive").mkdir()
        found = {told for _, told in told_by_doctor(disk / "results")}
        assert any("Oma: 1950?.png becomes Oma_ 1950_.png" in told for told in found), found
        one.results.symlink_to(disk / "results")
        sending = Sending(one, tally)
        send_all(one, sending, *HARD)
        assert one.stop() == 0
        account = audit(Place.below(one.root, originals, disk / "archive"), sending.sent)
        assert not account.faults, account.faults


def test_names_that_a_folding_disk_takes_for_one_are_numbered(
    daemon: Make, tally: Tally, tmp_path: Path
) -> None:
    one = daemon(workers=2, **ROOMY)
    tool("lowntfs-3g", "ntfs-3g")
    make = [tool("mkfs.ntfs", "ntfs-3g"), "-q", "-F"]
    options = ("-t", "lowntfs-3g", "-o", "loop,ignore_case")
    with image(tmp_path / "ntfs", one.results, make=make, options=options) as disk:
        (disk / "probe").touch()
        if not (disk / "PROBE").exists():
            pytest.skip("NOT TESTED: no file system here folds case")
        (disk / "probe").unlink()
        send_all(one, Sending(one, tally), *ALIKE)
        # The names that it lists are not those that it was given, so that the audit knows none.
        shown = [number_in(one.results / name) for name in one.mattes()]
        assert sorted(shown) == [1, 2, 3, 4]
        assert one.stop() == 0
