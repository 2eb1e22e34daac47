"""New settings are taken over whole or not at all, whatever they set off."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.settings import Settings
from daemon.errors import InUse, MattedError, NoEngine
from daemon.log import events
from daemon.service.reloading import Reloading, SettingsFile

FOLDER = "folders: [{{watch: {0}, results: out-{0}}}]\n"


class Served:
    """What is in effect, and what is wrong with some of it."""

    def __init__(self) -> None:
        self.folders: list[str] = []
        self.faults: dict[str, Exception] = {}
        self.making: dict[str, Exception] = {}

    def make(self, settings: Settings) -> None:
        self._do(settings, self.making)

    def serve(self, settings: Settings) -> None:
        self.folders = [one.watch.name for one in settings.folders]  # half of it is done by now
        self._do(settings, self.faults)

    def _do(self, settings: Settings, faults: dict[str, Exception]) -> None:
        for folder in settings.folders:
            if folder.watch.name in faults:
                raise faults[folder.watch.name]


class Reloaded:
    """A settings file, and a daemon that has read it."""

    def __init__(self, root: Path) -> None:
        self.config = root / "matted.yaml"
        self.write("one")
        self.served = Served()
        first = SettingsFile.parse(self.config.read_text(), self.config)
        self.served.serve(first.settings)
        self.reloading = Reloading(
            self.config,
            first,
            self.served,  # type: ignore[arg-type] # quacks like it
            events.silent(),
        )

    def write(self, name: str, more: str = "") -> None:
        self.config.write_text(f"state_dir: state\n{FOLDER.format(name)}{more}")

    def reload(self) -> str | None:
        self.reloading.reload()
        return self.reloading.refused


@pytest.fixture
def reloaded(tmp_path: Path) -> Reloaded:
    return Reloaded(tmp_path)


def test_good_settings_are_taken_over(reloaded: Reloaded) -> None:
    reloaded.write("two")
    assert reloaded.reload() is None
    assert reloaded.served.folders == ["two"]


@pytest.mark.parametrize("text", ["folders: [", "folders: []\n", "nonsense: true\n"])
def test_a_bad_file_changes_nothing_and_says_why(reloaded: Reloaded, text: str) -> None:
    reloaded.config.write_text(text)
    assert reloaded.reload()
    assert reloaded.served.folders == ["one"]
    reloaded.write("one")
    assert reloaded.reload() is None, "mended"


def test_a_file_that_is_gone_changes_nothing(reloaded: Reloaded) -> None:
    reloaded.config.unlink()
    assert "cannot be read" in (reloaded.reload() or "")
    assert reloaded.served.folders == ["one"]


@pytest.mark.parametrize(
    "error", [InUse("another matted watches it"), NoEngine("no such refiner"), ZeroDivisionError()]
)
def test_what_half_took_effect_is_taken_back(reloaded: Reloaded, error: Exception) -> None:
    reloaded.write("two")
    reloaded.served.faults["two"] = error
    refused = reloaded.reload()
    assert reloaded.served.folders == ["one"]
    assert refused
    assert ("a fault in matted itself" in refused) is not isinstance(error, MattedError)
    del reloaded.served.faults["two"]
    assert reloaded.reload() is None
    assert reloaded.served.folders == ["two"]


def test_folders_that_cannot_be_made_keep_the_old_ones(reloaded: Reloaded) -> None:
    reloaded.write("two")
    reloaded.served.making["two"] = MattedError("out-two cannot be made")
    assert reloaded.reload() == "out-two cannot be made"
    assert reloaded.served.folders == ["one"]


def test_old_settings_that_do_not_work_any_more_either_end_nothing(reloaded: Reloaded) -> None:
    reloaded.write("two")
    reloaded.served.faults |= {"two": InUse("taken"), "one": InUse("taken too, meanwhile")}
    assert reloaded.reload() == "taken too, meanwhile"


def test_a_link_that_leads_elsewhere_is_followed_and_told_once(
    tmp_path: Path, reloaded: Reloaded
) -> None:
    for name in ("may", "june"):
        (tmp_path / name).mkdir()
    link = tmp_path / "now"
    link.symlink_to("may")
    reloaded.write("now")
    reloaded.reload()
    assert reloaded.served.folders == ["may"]
    assert reloaded.reloading.links_are_due
    assert not reloaded.reloading.moved_links()
    assert not reloaded.reloading.links_are_due, "not at every turn"
    link.unlink()
    link.symlink_to("june")
    assert reloaded.reloading.moved_links()
    reloaded.reloading.follow_links()
    assert reloaded.served.folders == ["june"]
    assert not reloaded.reloading.moved_links()
    link.unlink()
    link.symlink_to("july")
    assert not reloaded.reloading.moved_links(), "no folder is there to be led to"
    assert reloaded.served.folders == ["june"]
