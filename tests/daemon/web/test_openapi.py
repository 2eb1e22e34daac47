"""docs/openapi.yaml describes what is there, all of it and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from site_stub import HAIR, Site
from starlette.routing import Route

from daemon.config.settings import Folder, Settings
from daemon.log import events
from daemon.web.access import Access
from daemon.web.application import routes
from daemon.web.place import Place
from matting.judgement.told import TOLD

DOCUMENT = yaml.safe_load((Path(__file__).parents[3] / "docs" / "openapi.yaml").read_text())
TEXTS = Path(__file__).parents[3] / "daemon" / "web" / "static" / "texts"
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def test_every_route_is_described_and_every_description_has_a_route(site: Site) -> None:
    folder = Folder(watch=site.inbox, results=site.results)
    place = Place(Settings(folders=(folder,)), site.ledger.path)
    stand_in: Any = Anything()
    found = routes(place, Access("x" * 20), stand_in, stand_in, stand_in, events.silent())
    served = {
        (route.path.replace(":path", ""), method.lower())
        for route in found
        if isinstance(route, Route) and route.path != "/"
        for method in set(route.methods or ()) - {"HEAD"}
    }
    described = {
        (path, method)
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert served == described


class Anything:
    """Whose every method is there."""

    def __getattr__(self, _: str) -> Any:
        return lambda _: None


def faults(value: Any, schema: dict[str, Any], at: str) -> Iterator[str]:
    """Where a value is not as a schema says."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from faults(value, DOCUMENT["components"]["schemas"][name], at)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, KINDS[kind]) for kind in kinds):
        yield f"{at}: {value!r} is no {kinds}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{at}: no {name}" for name in schema.get("required", ()) if name not in value)
        yield from (
            f"{at}: {name} is not described" for name in value if known and name not in known
        )
        for name in value.keys() & known.keys():
            yield from faults(value[name], known[name], f"{at}.{name}")
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], f"{at}[{number}]")


def test_answers_are_as_they_are_described(site: Site) -> None:
    photo = site.file("described.png", flags=(HAIR,))
    site.post(f"/api/photos/{photo}/decisions", {"decision": "approve"})
    told = site.get(f"/api/photos/{photo}")
    pictures = f"/api/photos/{photo}/pictures/{told['edition']}"
    for path, described in {
        "/healthz": "/healthz",
        "/api/session": "/api/session",
        "/api/photos?show=all": "/api/photos",
        f"/api/photos/{photo}": "/api/photos/{photo}",
        pictures: "/api/photos/{photo}/pictures/{edition}",
        f"{pictures}/matte": "/api/photos/{photo}/pictures/{edition}/{layer}",
        "/api/inboxes": "/api/inboxes",
    }.items():
        answer = DOCUMENT["paths"][described]["get"]["responses"]["200"]
        if "$ref" in answer:
            answer = DOCUMENT["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        schema = answer["content"]["application/json"]["schema"]
        assert list(faults(site.get(path), schema, path)) == []
    status, _, body = site.ask("GET", "/api/photos/77777")
    assert list(faults(json.loads(body), {"$ref": "x/Error"}, "error")) == []
    assert str(status) in DOCUMENT["paths"]["/api/photos/{photo}"]["get"]["responses"]


def test_the_three_languages_say_the_same_things() -> None:
    texts = {path.stem: json.loads(path.read_text()) for path in TEXTS.glob("*.json")}
    assert set(texts) == {"de", "en", "zh"}
    assert texts["de"].keys() == texts["en"].keys() == texts["zh"].keys()
    assert {f"flag.{reason}" for reason in TOLD} <= texts["en"].keys()
    for key, text in texts["en"].items():
        blanks = {word for word in text.split() if word.startswith("{")}
        for other in texts.values():
            assert all(blank.strip(",.:") in other[key] for blank in blanks), key
