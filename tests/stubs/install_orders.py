"""Networks ordered from a server, and what is left of a download."""

from __future__ import annotations

from pathlib import Path

from model_server import ModelServer
from package_orders import ON_CPU

from matting.models.catalog import CatalogEntry, Web
from matting.models.install import Order
from matting.models.store import Store
from matting.networks.recipe import Recipe


def order(server: ModelServer, checksum: str | None = None, *, replaces: bool = False) -> Order:
    web = Web(server.address, checksum)
    entry = CatalogEntry("net", "onnx", "whatever is red", "CC0", (web,), Recipe())
    return Order(entry=entry, place=ON_CPU, replaces=replaces)


def parts(store: Store) -> list[Path]:
    return list((store.directory / ".partial").glob("net/*"))
