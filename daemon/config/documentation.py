"""What the settings classes say of their fields: the docstrings below them, read when asked for.

pydantic can read them as it makes a class (`use_attribute_docstrings`). It looks for the source of
each class in every module then, which took a third of the time in which `matted status` starts.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


@lru_cache(maxsize=64)
def documentation(kind: type) -> Mapping[str, str]:
    """The description of each field of a class of settings, by name, with its line breaks."""
    told: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        module = sys.modules[one.__module__]
        if one.__name__ in getattr(module, "__dict__", {}) and hasattr(module, "__file__"):
            told.update(_below_fields(_body(module, one.__name__)))
    given: Mapping[str, FieldInfo] = getattr(kind, "model_fields", {})
    told.update({name: field.description for name, field in given.items() if field.description})
    return told


class DocumentedSchema(GenerateJsonSchema):
    """A JSON schema whose properties have their descriptions."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of a class of settings."""
        return _described(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """The schema of a dataclass that settings have in them."""
        return _described(super().dataclass_schema(schema), schema["cls"])


def _described(made: JsonSchemaValue, kind: type) -> JsonSchemaValue:
    properties: dict[str, Any] = made.get("properties", {})
    for name, text in documentation(kind).items():
        if name in properties:
            properties[name].setdefault("description", text)
    return made


def _body(module: Any, name: str) -> list[ast.stmt]:
    """The statements of a class; none of one that was made without a source."""
    found = (node for node in _tree(module).body if isinstance(node, ast.ClassDef))
    return next((node.body for node in found if node.name == name), [])


@lru_cache(maxsize=64)
def _tree(module: Any) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _below_fields(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, below in pairwise(body):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=field)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield field, inspect.cleandoc(text)
