"""The last steps of a photo: its names, its results' publication, its original's end."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from daemon.config.profiles import Profile
from daemon.errors import LedgerTrouble, NameTaken, ResultsTrouble, SourceTrouble
from daemon.filing.originals import irreplaceable
from daemon.filing.policy import Patience
from daemon.ledger import Entry, Ledger, State
from daemon.log.events import Event, Log, facts
from daemon.outputs import OUTPUTS
from daemon.photo import Filed, Photo
from daemon.plan import Plan
from daemon.shelf import below, names, roots, staging
from daemon.shelf.disposal import Disposed, Originals, dispose
from daemon.shelf.durable import results_trouble
from daemon.shelf.publish import publish
from daemon.shelf.quarantine import given_up, quarantine
from daemon.shelf.spelling import fitted


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the photos of one folder go, and how they are treated."""

    results: Path
    profile: Profile
    limits: Patience
    originals: Originals = "keep"
    archive: Path | None = None
    duplicates: bool = True
    """Whether a content that was filed from this folder under another name is filed again."""
    reports: bool = True
    """Whether a photo that is given up leaves a report among the results."""


def photo_facts(photo: Photo) -> dict[str, object]:
    """What every event about a photo carries."""
    return {"photo": photo.id, "folder": photo.folder, "path": photo.shown}


class Publishing:
    """Carries out plans, in the one order that loses nothing; see ARCHITECTURE.md."""

    def __init__(self, ledger: Ledger, log: Log) -> None:
        self.destinations: Mapping[str, Destination] = {}
        """By watched folder."""
        self._untidy: dict[int, Path] = {}
        """Result folders by the photos of which something may still be staged there."""
        self._respelled: dict[int, tuple[bytes, ...]] = {}
        """Names that the profile wants and that were of no use, by photo."""
        self._ledger = ledger
        self._log = log

    def named(
        self, photo: Photo, destination: Destination, *, anew: bool = False, aside: bool = False
    ) -> Photo:
        """Decide date and names, once.

        Args:
            photo: the photo.
            destination: where it goes.
            anew: because somebody took one of the names meanwhile, or they are of no use.
            aside: whether to go round sub-folders that are of no use.

        Raises:
            ResultsTrouble: the result folder cannot be read.
        """
        outputs = tuple(
            names.NamedOutput(choice.options.name, OUTPUTS[choice.name].extension(choice.options))
            for choice in destination.profile.outputs
        )
        if len(photo.names) == len(outputs) and not anew:
            return photo
        day = photo.filed_on or date.today()  # noqa: DTZ011 - people look for the local date

        what = "names cannot be chosen"
        with results_trouble(what), roots.opened(destination.results) as (root, inside):

            def taken(name: bytes) -> bool:
                if below.look_up(root, name) is not None:
                    return True
                ours = aside and name in photo.names  # of a set, only some are of no use
                return not ours and self._ledger.reserved(destination.results, name)

            def fit(name: bytes) -> bytes:
                usable[name] = fitted(root, inside, name, aside=aside, without=without)
                return usable[name]

            usable: dict[bytes, bytes] = {}
            without: frozenset[bytes] = frozenset()
            file_as = destination.profile.file_as
            chosen = names.choose(file_as, photo, day, outputs, taken=taken, fitted=fit)
            if aside and (without := _of_no_use(photo.names, chosen)):
                chosen = names.choose(file_as, photo, day, outputs, taken=taken, fitted=fit)
        self._note_respelled(photo, [old for old, new in usable.items() if old != new in chosen])
        return self._ledger.fix(photo.id, day, destination.results, chosen)

    def _note_respelled(self, photo: Photo, wanted: Sequence[bytes]) -> None:
        self._respelled.pop(photo.id, None)
        if wanted:
            self._respelled[photo.id] = tuple(wanted)

    def demand_folders(self, photo: Photo, destination: Destination) -> None:
        """Make sure that the sub-folders of a photo's names can be used, before it is begun.

        Raises:
            ResultsTrouble: one cannot: it is a link or a file, or closed to us.
        """
        what = "results cannot be filed there"
        with results_trouble(what), roots.opened(destination.results) as (root, _):
            for above in _folders(photo.names):
                parts = below.parts(above)
                index = below.hindrance(root, parts)
                if index is not None:
                    folder = os.path.join(*parts[: index + 1])
                    reason = "not a folder, or not one that may be written to"
                    raise OSError(errno.EACCES, reason, folder)

    def publish(self, photo: Photo, plan: Plan, filed: Filed) -> None:
        """Give the staged results their names, note that, then see to the original.

        The plan is in the ledger already, so this can be cut short anywhere and called again.

        Raises:
            ResultsTrouble: call again when the result folder can be written.
            PlanBroken: what was staged is lost; the photo has to be done again.
        """
        began_s = time.monotonic()
        destination = self.destinations.get(photo.folder)
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
        keep = destination is None or destination.originals == "keep"
        self._ledger.filed(photo.id, filed, dispose=not keep, now_s=time.time())
        self._tell(photo, plan, filed)
        self._tidy_up(photo, destination)

    def renamed(self, photo: Photo, plan: Plan, filed: Filed, *, aside: bool) -> tuple[Photo, Plan]:
        """Choose other names for results of which none is published, and plan anew.

        Raises:
            ResultsTrouble: the result folder cannot be read.
        """
        destination = self.destinations[photo.folder]
        photo = self.named(photo, destination, anew=True, aside=aside)
        plan = plan.renamed(photo.names)
        self._ledger.plan(photo.id, plan.moves, filed, now_s=time.time())
        return photo, plan

    def unchanged(self, photo: Photo, sha256: str) -> None:
        """The content was filed before; only the original is left to be seen to."""
        destination = self.destinations.get(photo.folder)
        keep = destination is None or destination.originals == "keep"
        self._ledger.same_as_filed(photo.id, sha256, dispose=not keep, now_s=time.time())
        self._log.info(Event.PHOTO_UNCHANGED, **photo_facts(photo))
        self._tidy_up(photo, destination)

    def dispose(self, photo: Photo) -> None:
        """Archive or delete the original; if that fails, it is tried again later."""
        destination = self.destinations.get(photo.folder)
        entry = self._ledger.entry(photo.id)
        if destination is None or entry is None:
            return
        if entry.state is State.FAILED:
            self._follow(photo)
            return
        kept = self._irreplaceable(entry) if destination.originals == "delete" else None
        try:
            ended = dispose(
                photo,
                destination.originals if kept is None else "keep",
                archive=destination.archive,
                day=entry.photo.filed_on or date.fromtimestamp(entry.changed_s),  # noqa: DTZ012 - as above
                sha256=entry.sha256 or "",
            )
        except LedgerTrouble:
            raise
        except (SourceTrouble, ResultsTrouble) as error:
            self._log.warning(Event.SOURCE_KEPT, **photo_facts(photo), reason=error.reason)
            return
        except Exception as error:  # noqa: BLE001 - the per-photo boundary; the photo itself is filed
            self._log.error(
                Event.SOURCE_KEPT, **photo_facts(photo), reason=str(error), exc_info=error
            )
            return
        self._ledger.disposed(photo.id, kept=kept and f"the original was not deleted: {kept}")
        stays = kept is not None or ended is Disposed.CHANGED
        event = Event.SOURCE_KEPT if stays else Event.SOURCE_DISPOSED
        self._log.info(event, **photo_facts(photo), original=str(ended), **facts(reason=kept))

    def _irreplaceable(self, entry: Entry) -> str | None:
        """Why the original must not be deleted; a content filed before lies under older names."""
        filed, outputs = self._ledger.filing_of(entry.photo.folder, entry.sha256 or "")
        missing = tuple(path for path in outputs if not _is_file(path))
        return irreplaceable(filed, outputs, missing)

    def given_up(self, photo: Photo) -> str | None:
        """Why the photo was given up before a crash; None if it was not."""
        destination = self.destinations.get(photo.folder)
        return given_up(destination.results, photo) if destination else None

    def quarantine(self, photo: Photo, report: Mapping[str, object]) -> bool:
        """Write the report on a photo that is given up; move the original if that is allowed.

        Returns:
            Whether the original should have followed and could not.

        Raises:
            ResultsTrouble: the report cannot be written.
        """
        destination = self.destinations.get(photo.folder)
        if destination is None or not destination.reports:
            return False
        move = destination.originals != "keep"
        try:
            quarantine(destination.results, photo, report, move_original=move)
        except SourceTrouble as error:
            self._log.warning(Event.SOURCE_KEPT, **photo_facts(photo), reason=error.reason)
            return True
        return False

    def _follow(self, photo: Photo) -> None:
        """Let an original that could not follow its photo into quarantine do so now."""
        try:
            left = self.quarantine(photo, {})
        except ResultsTrouble as error:
            self._log.warning(Event.SOURCE_KEPT, **photo_facts(photo), reason=error.reason)
            return
        except Exception as error:  # noqa: BLE001 - the per-photo boundary, as above
            self._log.error(
                Event.SOURCE_KEPT, **photo_facts(photo), reason=str(error), exc_info=error
            )
            return
        if not left:
            self._ledger.disposed(photo.id)

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
        if destination.originals != "keep":
            self.dispose(photo)

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
                people=filed.people,
                warnings=filed.warnings or None,
                # Not among the warnings: nothing of the photo is lost by that.
                instead_of=self._respelled.pop(photo.id, None),
            ),
            **facts(refiner=filed.refiner, tiles=filed.tiles or None),
            took_s=round(sum(filed.took_s.values()), 3),
            stages_s=filed.took_s,
        )


def _of_no_use(old: Sequence[bytes], new: Sequence[bytes]) -> frozenset[bytes]:
    """Which folders still have to be gone round.

    One that somebody exchanges again and again is in order whenever it is looked at, for some names
    or for all.
    """
    pairs = [
        (os.path.dirname(one), os.path.dirname(other)) for one, other in zip(old, new, strict=False)
    ]
    gone_round = frozenset(one for one, other in pairs if one != other)
    return (gone_round or _folders(old)) & _folders(new)


def _folders(names: Sequence[bytes]) -> frozenset[bytes]:
    return frozenset(map(os.path.dirname, names))


def _is_file(path: Path) -> bool:
    """Whether a file with something in it is there; a link is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0
