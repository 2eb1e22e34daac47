"""The commented example file and the JSON schema, both made from the settings classes."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import yaml

from daemon.config.delivery import HookSettings, MetricsSettings, Webhook
from daemon.config.documentation import DocumentedSchema, documentation
from daemon.config.executor import ExecutorSettings
from daemon.config.profiles import BUILT_IN, Choice, Output, Profile, Step
from daemon.config.settings import EngineSettings, Folder, ResourceLimits, Settings
from daemon.config.web import WebSettings
from daemon.options import Options
from matting.networks.recipe import Recipe

_WIDTH = 96


def commented_yaml(*, watch: str = "inbox", results: str = "results") -> str:
    """A settings file that says everything there is to say.

    What has a default stands there as a comment, so that a later default is not pinned by a file
    somebody wrote years before.

    Args:
        watch: the folder where photos arrive.
        results: the folder where results are filed.
    """
    lines = [
        "# Settings of matted. Only `folders` is needed; a commented line shows a default.",
        "# After a change: `matted check FILE`, then send the daemon a SIGHUP.",
        "",
        *_commented(_fields(Settings, only=("state_dir",))),
        "",
        *_section("engine", EngineSettings),
        *_commented(_fields(Settings, only=("workers",))),
        "",
        *_section("limits", ResourceLimits),
        *_section("executor", ExecutorSettings),
        "folders:",
        *_folder({"watch": watch, "results": results}),
        "",
        *_section("on", HookSettings),
        *_describe(documentation(Settings)["webhooks"], ""),
        *_commented(["webhooks:", *_indented(_webhook())]),
        "",
        *_section("metrics", MetricsSettings),
        *_describe(documentation(Settings)["web"], ""),
        *_section("web", WebSettings),
        *_commented(_fields(Settings, only=("manifest", "keep_days"))),
        "",
        *_describe(documentation(Settings)["models"], ""),
        *_commented(["models:", "  my_net:", *_indented(_indented(_recipe()))]),
        "",
        *_describe(documentation(Settings)["profiles"], ""),
        "# These two are built in; one of the same name here replaces it.",
        "profiles:",
        *_profile("old-photo", BUILT_IN["old-photo"]),
        *_profile("studio-portrait", BUILT_IN["studio-portrait"]),
        "",
        "# All steps that `preprocess` can name, with their defaults:",
        *_commented(_plugins(Step)),
        "",
        "# All outputs, with their defaults:",
        *_commented(_plugins(Output)),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def json_schema() -> str:
    """The schema that editors check and complete a settings file with."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return (
        json.dumps(schema | Settings.model_json_schema(schema_generator=DocumentedSchema), indent=2)
        + "\n"
    )


def _section(name: str, options: type[Options]) -> Iterator[str]:
    yield from _commented([f"{name}:", *_indented(_fields(options))])
    yield ""


def _folder(given: Mapping[str, str]) -> Iterator[str]:
    bullet = "  - "
    for name, field in Folder.model_fields.items():
        yield from _describe(documentation(Folder)[name], "    ")
        if name in given:
            yield f"{bullet}{name}: {_inline(given[name])}"
            bullet = "    "
        else:
            yield f"    # {name}: {_inline(field.get_default(call_default_factory=True))}"


def _profile(name: str, profile: Profile) -> Iterator[str]:
    yield f"  {name}:"
    for key, value in _as_written(profile).items():
        yield from _describe(documentation(Profile)[key], "    ")
        if isinstance(value, list) and value:
            yield f"    {key}:"
            yield from (f"      - {_entry(item)}" for item in value)
        else:
            yield f"    {key}: {_inline(value)}"


def _as_written(profile: Profile) -> dict[str, Any]:
    """What a person would write to get this profile."""
    return {
        "preprocess": [_choice(step) for step in profile.preprocess],
        "matting": profile.matting.model_dump(mode="json"),
        "outputs": [_choice(output) for output in profile.outputs],
        "foreground_from": profile.foreground_from,
        "metadata": profile.metadata,
        "file_as": profile.file_as,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {choice.name: choice.options.model_dump(mode="json", exclude_unset=True)}


def _entry(item: Mapping[str, Any]) -> str:
    """`denoise: {strength: 4}`, or just `denoise` where nothing is set."""
    ((name, options),) = item.items()
    return f"{name}: {_inline(options)}" if options else name


def _plugins(choice: type[Choice]) -> Iterator[str]:
    for name, field in choice.model_fields.items():
        options = next(kind for kind in field.annotation.__args__ if kind is not type(None))  # type: ignore[union-attr] # always `Options | None`
        yield from textwrap.wrap(f"# {field.description}", _WIDTH, subsequent_indent="# ")
        yield f"- {name}:"
        yield from (f"    {line}" for line in _fields(options))


def _fields(options: type[Options], only: Iterable[str] = ()) -> Iterator[str]:
    for name, field in options.model_fields.items():
        if only and name not in only:
            continue
        yield from _describe(documentation(options)[name], "")
        if field.is_required() or name == "state_dir":
            yield f"{name}: {'~/.local/state/matted/NAME' if name == 'state_dir' else '...'}"
        else:
            default = field.get_default(call_default_factory=True)
            yield f"{name}: {_inline(default)}"


def _webhook() -> Iterator[str]:
    bullet = "- "
    for name, field in Webhook.model_fields.items():
        yield from _describe(documentation(Webhook)[name], "  ")
        default = "https://station.example/matted" if field.is_required() else field.default
        yield f"{bullet}{name}: {_inline(default)}"
        bullet = "  "


def _recipe() -> Iterator[str]:
    """The fields of a network's description, which is no Options: engines have no pydantic."""
    for field in fields(Recipe):
        yield from _describe(documentation(Recipe)[field.name], "")
        yield f"{field.name}: {_inline(field.default)}"


def _describe(told: str, indent: str) -> Iterator[str]:
    text = " ".join(told.split())
    lines = textwrap.wrap(text, _WIDTH - len(indent), break_on_hyphens=False)
    return (f"{indent}# {line}" for line in lines)


def _commented(lines: Iterable[str]) -> Iterator[str]:
    """Comment out a block; a comment at its margin is one already."""
    return (f"# {line}" if line and not line.startswith("#") else line for line in lines)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _inline(value: Any) -> str:
    """One value in YAML's flow style, without the document end that a lone scalar gets."""
    if isinstance(value, tuple):
        value = list(value)
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    return text.removesuffix("...\n").strip()
