"""Each settings file has its own state, and finds it again after it was renamed or updated."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.load import load
from daemon.errors import SettingsError
from daemon.ledger import Ledger
from daemon.photo import Sighting, Version


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    return tmp_path / "home" / "matted"


def settings_file(folder: Path, name: str, inbox: str = "inbox") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"folders: [{{watch: {inbox}, results: results-{inbox}}}]\n")
    return path


def known(state_dir: Path, folder: Path) -> None:
    """A daemon has run there and seen a photo in the folder."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with Ledger.open(state_dir / "ledger.sqlite") as ledger:
        ledger.notice(Sighting(str(folder), b"a.jpg", Version(1, 2, 3, 4), 0.0), 1.0)


def test_two_settings_files_share_no_state(home: Path, tmp_path: Path) -> None:
    one = load(settings_file(tmp_path / "one", "matted.yaml")).state_dir
    other = load(settings_file(tmp_path / "other", "matted.yaml")).state_dir
    third = load(settings_file(tmp_path / "one", "studio.yaml", "more")).state_dir
    assert len({one, other, third}) == 3
    assert {path.parent for path in (one, other, third)} == {home}
    assert third.name.startswith("studio-")
    assert load(tmp_path / "one" / "matted.yaml").state_dir == one, "the same at every start"


def test_an_installation_from_before_goes_on_with_its_ledger(home: Path, tmp_path: Path) -> None:
    """All settings files shared one place once; nothing there may be filed twice."""
    config = settings_file(tmp_path / "one", "matted.yaml")
    known(home, tmp_path / "one" / "inbox")
    assert load(config).state_dir == home
    other = settings_file(tmp_path / "other", "matted.yaml")
    assert load(other).state_dir.parent == home, "which is not another file's business"


def test_a_settings_file_that_is_renamed_keeps_its_state(home: Path, tmp_path: Path) -> None:
    config = settings_file(tmp_path / "one", "matted.yaml")
    before = load(config).state_dir
    assert before.parent == home
    known(before, tmp_path / "one" / "inbox")
    assert load(config.rename(config.with_name("studio.yaml"))).state_dir == before


def test_a_shared_ledger_that_cannot_be_read_is_not_passed_over(home: Path, tmp_path: Path) -> None:
    home.mkdir(parents=True)
    (home / "ledger.sqlite").write_bytes(b"damaged" * 1000)
    assert load(settings_file(tmp_path / "one", "matted.yaml")).state_dir == home


def test_models_installed_before_the_first_run_are_found(home: Path, tmp_path: Path) -> None:
    (home / "models").mkdir(parents=True)
    config = settings_file(tmp_path / "one", "matted.yaml")
    assert load(config).state_dir == home


def test_systemd_s_directory_is_taken_as_it_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "var"))
    assert load(settings_file(tmp_path / "one", "matted.yaml")).state_dir == tmp_path / "var"
    assert not home.exists()


def test_who_has_no_home_is_told_to_name_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_STATE_HOME", "STATE_DIRECTORY", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 54321)  # nobody's
    with pytest.raises(SettingsError, match="state_dir has to be set"):
        load(settings_file(tmp_path / "one", "matted.yaml"))
