"""From a name to an active model: have the file, check it, try it out, activate it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from matting.models.address import shown
from matting.models.adoption import CANDIDATE, Offer, activate, copy
from matting.models.catalog import CATALOG, ByHand, Entry, Hub, Web
from matting.models.content import verify
from matting.models.download import Patience, Watch, discard, download, kept
from matting.models.errors import ModelError, UnknownModel
from matting.models.hub import Client
from matting.models.model import SUFFIX, Model
from matting.models.store import Store
from matting.models.trial import Place

Source = Web | Hub | ByHand | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to install."""

    entry: Entry
    source: Source
    """``entry.source``, or where the user says that the file is."""
    place: Place
    replaces: bool = False
    """Whether it may be another file than the one that is installed under this name."""


def install(store: Store, order: Order, watch: Watch, patience: Patience | None = None) -> Model:
    """Install a model; whatever goes wrong, what was installed before still is.

    A download is kept until the model is active, so that the next try needs none.

    Raises:
        Busy: another process installs the same model.
        UnknownModel: it has to be got by hand.
        NotHad: it cannot be had now.
        ModelError: it is not the published file, or not what it was at first, or no such model;
            or the store cannot be written.
        EngineUnavailable: its engine cannot run there, or refuses the file.
    """
    if isinstance(order.source, ByHand):
        raise UnknownModel(f"{order.entry.name} cannot be downloaded: {order.source.how}")
    with store.installing(order.entry.name) as workplace:
        file = _have(store, order, workplace, watch, patience)
        _check(order, file, workplace)
        candidate = workplace / (CANDIDATE + SUFFIX[order.entry.engine])
        copied = file == candidate
        try:
            return activate(
                store,
                _offer(order),
                file,
                order.place,
                replaces=order.replaces,
                tell=watch.tell,
            )
        finally:
            if copied:
                candidate.unlink(missing_ok=True)


def _offer(order: Order) -> Offer:
    return Offer(
        name=order.entry.name,
        engine=order.entry.engine,
        source=_named(order.source),
        recipe=order.entry.recipe,
        licence=_licence(order),
    )


def _licence(order: Order) -> str:
    """Of the published file, which one from elsewhere need not be."""
    entry = order.entry
    if order.source == entry.source or isinstance(entry.source, Web) or entry.name not in CATALOG:
        return entry.licence
    return f"{entry.licence} if it is the published file"


def _named(source: Source) -> str:
    """A source for people."""
    match source:
        case Web():
            return shown(source.address)
        case Hub():
            return f"ModelScope {source.repository}, {source.file}"
        case _:
            return str(source)


def _have(
    store: Store, order: Order, workplace: Path, watch: Watch, patience: Patience | None
) -> Path:
    """The file, in the workplace."""
    candidate = workplace / (CANDIDATE + SUFFIX[order.entry.engine])
    match order.source:
        case Path() as path:
            copy(path, candidate)
            return candidate
        case Web() as web:
            known = _installed(store, order.entry.name, md5=web.md5)
            part = kept(web.address, workplace)
            if known is None and web.md5 is not None and part.exists() and _md5(part) == web.md5:
                watch.tell("it was downloaded before")
                return part
            if known is None:
                watch.tell(f"downloading {shown(web.address)}")
                return download(web.address, workplace, watch, patience)
        case Hub() as hub:
            client = Client(hub, workplace / "hub")
            listed = client.look()
            known = _installed(store, order.entry.name, sha256=listed.sha256)
            if known is None:
                watch.tell(f"downloading {hub.file} of {hub.repository} from ModelScope")
                return client.fetch(listed, workplace, watch)
        case ByHand():
            raise AssertionError(order.source)
    watch.tell("the published file is installed already")
    copy(known, candidate)
    return candidate


def _installed(
    store: Store, name: str, *, md5: str | None = None, sha256: str | None = None
) -> Path | None:
    """The installed file, if it is the published one and whole."""
    try:
        model = store.find(name)
    except ModelError:
        return None
    if model is None or verify(model) != "OK":
        return None
    same = model.sha256 == sha256 if sha256 else md5 is not None and _md5(model.path) == md5
    return model.path if same else None


def _check(order: Order, file: Path, workplace: Path) -> None:
    """Compare with the checksum that the catalog has, wherever the file came from."""
    published = order.entry.source.md5 if isinstance(order.entry.source, Web) else None
    if published is None or _md5(file) == published:
        return
    got = _md5(file)
    if isinstance(order.source, Web):
        discard(order.source.address, workplace)
    else:
        file.unlink(missing_ok=True)
    raise ModelError(
        f"{_named(order.source)} is not the published {order.entry.name}: its md5 is {got}, and"
        f" {published} was published. A network of your own gets a name of its own, under `models`"
        " in the settings"
    )


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
