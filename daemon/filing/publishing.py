"""The last steps of a photo: its results' publication, and what is left to be tidied up."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, replace
from pathlib import Path

from daemon.errors import Interrupted, NameTaken, ResultsTrouble
from daemon.filed import Filed
from daemon.filing import documents
from daemon.filing.destinations import Destination, Destinations
from daemon.filing.disposing import Disposing
from daemon.filing.facts import photo_facts
from daemon.filing.naming import Naming
from daemon.ledger import Ledger
from daemon.log.events import Event, Log, facts
from daemon.photo import Photo
from daemon.plan import Plan
from daemon.shelf import staging
from daemon.shelf.publish import publish


class Publishing:
    """Carries out plans, in the one order that loses nothing; see ARCHITECTURE.md."""

    def __init__(
        self,
        ledger: Ledger,
        destinations: Destinations,
        naming: Naming,
        disposing: Disposing,
        log: Log,
    ) -> None:
        self._ledger = ledger
        self._destinations = destinations
        self._naming = naming
        self._disposing = disposing
        self._log = log
        self._untidy: dict[int, Path] = {}
        """Result folders by the photos of which something may still be staged there."""

    def publish(self, photo: Photo, plan: Plan, filed: Filed) -> None:
        """Give the staged results their names, note that, then see to the original.

        The plan is in the ledger already, so this can be cut short anywhere and called again.

        Raises:
            ResultsTrouble: call again when the result folder can be written.
            PlanBroken: what was staged is lost; the photo has to be done again.
        """
        began_s = time.monotonic()
        destination = self._destinations.find(photo)
        while True:
            try:
                publish(plan)
                break
            except NameTaken:
                if destination is None:
                    raise
                photo, plan = self.renamed(photo, plan, filed, aside=False)
        took_s = filed.took_s | {"publish": round(time.monotonic() - began_s, 4)}
        filed = replace(filed, names=tuple(move.final for move in plan.moves), took_s=took_s)
        now_s = time.time()
        outputs = [file.name for file in destination.profile.files] if destination else []
        told = documents.filed(photo, plan, filed, now_s=now_s, outputs=outputs)
        dispose = _is_disposed(destination)
        self._ledger.filed(photo.id, filed, dispose=dispose, now_s=now_s, told=told)
        self._tell(photo, plan, filed)
        self._tidy_up(photo, destination)

    def renamed(self, photo: Photo, plan: Plan, filed: Filed, *, aside: bool) -> tuple[Photo, Plan]:
        """Choose other names for results of which none is published, and plan anew.

        Raises:
            ResultsTrouble: the result folder cannot be read.
        """
        destination = self._destinations[photo]
        photo = self._naming.named_anew(photo, destination, parts=filed.parts, aside=aside)
        plan = plan.renamed(photo.names)
        self._ledger.plan(photo.id, plan.moves, filed, now_s=time.time())
        return photo, plan

    def named(self, photo: Photo, plan: Plan, filed: Filed) -> tuple[Photo, Plan]:
        """Reserve names for a file that held another number of photos than was reserved for.

        Raises:
            ResultsTrouble: the result folder cannot be read.
            Interrupted: nobody can say where its results go.
        """
        if len(photo.names) != len(plan.moves):
            destination = self._destinations.find(photo)
            if destination is None:
                raise Interrupted("its folder is not worked for any more")
            photo = self._naming.named_anew(photo, destination, parts=filed.parts, first=True)
        return photo, plan if plan.is_named else plan.renamed(photo.names)

    def unchanged(self, photo: Photo, sha256: str) -> None:
        """The content was filed before; only the original is left to be seen to."""
        destination = self._destinations.find(photo)
        dispose = _is_disposed(destination)
        self._ledger.same_as_filed(photo.id, sha256, dispose=dispose, now_s=time.time())
        self._log.info(Event.PHOTO_UNCHANGED, **photo_facts(photo))
        self._tidy_up(photo, destination)

    def tidy_left(self) -> None:
        """Remove what was staged for filed photos and could not be removed at the time."""
        for photo_id, results in tuple(self._untidy.items()):
            with contextlib.suppress(ResultsTrouble):  # then once more later
                staging.discard(results, photo_id)
                del self._untidy[photo_id]

    def _tidy_up(self, photo: Photo, destination: Destination | None) -> None:
        if destination is None:
            return
        try:
            staging.discard(destination.results, photo.id)
        except ResultsTrouble as error:  # the photo is filed all the same
            self._log.warning(Event.STAGING_LEFT, **photo_facts(photo), reason=error.reason)
            self._untidy[photo.id] = destination.results
        if _is_disposed(destination):
            self._disposing.dispose(photo)

    def _tell(self, photo: Photo, plan: Plan, filed: Filed) -> None:
        self._log.info(
            Event.PHOTO_FILED,
            **photo_facts(photo),
            results=plan.results,
            names=filed.names,
            size=filed.size,
            engine=filed.engine,
            device=filed.device,
            **facts(
                worker=filed.worker or None,
                people=filed.people,
                warnings=filed.warnings or None,
                flags=[asdict(flag) for flag in filed.flags] or None,
                # Not among the warnings: nothing of the photo is lost by that.
                instead_of=self._naming.respelled(photo.id),
            ),
            **facts(refiner=filed.refiner, tiles=filed.tiles or None),
            took_s=round(sum(filed.took_s.values()), 3),
            stages_s=filed.took_s,
        )


def _is_disposed(destination: Destination | None) -> bool:
    """Whether originals of photos that are filed there are archived or deleted."""
    return destination is not None and destination.originals != "keep"
