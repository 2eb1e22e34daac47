"""Why prints are not cut out is told in words, whatever the reason."""

from __future__ import annotations

import pytest

from daemon.prints.doubt import Doubt, Kind
from daemon.prints.told import TOLD, tell


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_doubt_has_words_of_its_own(kind: Kind) -> None:
    words = tell(Doubt(kind, amount=4.26))
    assert "\n" not in words
    assert "{" not in words
    assert list(TOLD.values()).count(TOLD[kind]) == 1


def test_a_doubt_names_its_print_and_how_much_is_too_much() -> None:
    assert tell(Doubt(Kind.LONG, 3, 4.26)) == "print 3 is 4.3 times as long as it is wide"
    assert tell(Doubt(Kind.ASKEW, 1, 24.9)) == "print 1 lies 25 degrees askew"
    told = "41 prints on it, more than anybody lays on a platen"
    assert tell(Doubt(Kind.MANY_PRINTS, amount=41)) == told
