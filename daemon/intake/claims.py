"""The claims on all watched folders, so that no two daemons watch the same one."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.config.settings import Folder
from daemon.intake.claim import Claim
from daemon.intake.identity import Identities
from daemon.intake.inbox import without_marker

Pair = tuple[str, str]
"""A watched folder and where its results go."""


class Claims:
    """Made for what is watched, released for what is no longer."""

    def __init__(self, identities: Identities, owner: str) -> None:
        """Nothing is claimed yet.

        Args:
            identities: tell a folder from the bare mount point below it.
            owner: what the state directory is known by, to other daemons.
        """
        self._identities = identities
        self._owner = owner
        self._held: dict[Pair, Claim] = {}

    def hold(self, folders: Iterable[Folder]) -> None:
        """Claim these folders and no others.

        Raises:
            InUse: another daemon watches one of them; what was claimed before still is.
        """
        wanted = {_pair(folder): folder for folder in folders}
        fresh: dict[Pair, Claim] = {}
        try:
            for pair in wanted.keys() - self._held.keys():
                claim = fresh[pair] = Claim(*pair, self._owner, absent=self._identities.trouble)
                if self._absent(wanted[pair]) is None:
                    claim.demand()
        except BaseException:
            for claim in fresh.values():
                claim.close()
            raise
        for pair in self._held.keys() - wanted.keys():
            self._held.pop(pair).close()
        self._held |= fresh

    def trouble(self, folder: Folder) -> str | None:
        """Why a folder is not itself, or not ours, at the moment; None if it is."""
        return self._identities.trouble(str(folder.watch)) or self._held[_pair(folder)].trouble()

    def close(self) -> None:
        """Let other daemons watch the folders."""
        for claim in self._held.values():
            claim.close()

    def _absent(self, folder: Folder) -> str | None:
        """Why it is not itself at the moment."""
        return without_marker(folder) or self._identities.trouble(str(folder.watch))


def _pair(folder: Folder) -> Pair:
    return str(folder.watch), str(folder.results)
