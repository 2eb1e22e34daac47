"""From a name to an active model: have the file, check it, try it out, activate it."""

from __future__ import annotations

from dataclasses import dataclass

from matting.models.adoption import Offer, activate
from matting.models.catalog import CATALOG, CatalogEntry
from matting.models.download import Listener, RetryLimits
from matting.models.model import Model
from matting.models.sources import Source, Supply, named
from matting.models.store import Store
from matting.models.trial import TrialSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to install."""

    entry: CatalogEntry
    place: TrialSettings
    source: Source | None = None
    """Where the user says that the file is; None: where the entry says."""
    replaces: bool = False
    """Whether it may be another file than the one that is installed under this name. The published
    one may replace any, where its checksum is known."""


def install(
    store: Store, order: Order, watch: Listener, patience: RetryLimits | None = None
) -> Model:
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
    entry = order.entry
    sources = entry.sources if order.source is None else (order.source,)
    with store.installing(entry.name) as workplace:
        supply = Supply(store, entry, workplace, watch, patience)
        with supply.first(sources) as had:
            return activate(
                store,
                Offer(
                    name=entry.name,
                    engine=entry.engine,
                    source=named(had.source),
                    recipe=entry.recipe,
                    licence=_licence(order),
                ),
                had.file,
                order.place,
                replaces=order.replaces or entry.checksum is not None,
                tell=watch.tell,
            )


def _licence(order: Order) -> str:
    """Of the published file, which one from elsewhere need not be."""
    entry = order.entry
    if order.source is None or entry.checksum is not None or entry.name not in CATALOG:
        return entry.licence
    return f"{entry.licence} if it is the published file"
