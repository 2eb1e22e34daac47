"""What lies staged for a photo that is filed goes, at once or when its disk is back."""

from __future__ import annotations

import pytest
from house import House

from daemon.filing.queue import Rhythm
from daemon.ledger import State


def staged(house: House) -> list[str]:
    return [path.name for path in (house.results / ".matted-staging").iterdir()]


def test_a_disk_that_goes_before_all_is_tidied_up_is_tidied_when_it_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty mount point was taken for a folder in which nothing is staged any more."""
    house.rhythm = Rhythm(pause=house.rhythm.pause, dispose_s=0)  # at every turn
    house.start()
    away = house.root / "away"

    def unmount(*_: object) -> None:
        house.results.rename(away)
        house.results.mkdir()

    photo = house.put("a.png")
    house.turn()
    with monkeypatch.context() as broken:
        broken.setattr("daemon.filing.publishing.Publishing._tell", unmount)
        house.turn()
    assert house.entry(photo).state is State.FILED
    house.results.rmdir()
    away.rename(house.results)
    assert staged(house)
    house.turn()
    assert not staged(house)
