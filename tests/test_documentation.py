"""What the documentation tells people to type exists: verbs, options, make's targets, modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from daemon.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXAMPLES = ("card.py", "sepia.py", "test_card.py", "test_sepia.py")
"""Files that pages have the reader write."""
COMMAND = re.compile(r"^(?:\$ |sudo |[A-Z_]+=\S+ )*(?:\S*/)?(matted|make|python3?)(?: +(.*))?$")
FENCE = re.compile(r"^```(?:sh|shell|console|text)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
OTHER_FENCE = re.compile(r"^ *```\w+\n.*?^ *```", re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """Programs and what follows them, from blocks of code and from words set as code."""
    text = page.read_text()
    text = FENCE.sub(lambda block: re.sub("^", "    ", block[1], flags=re.MULTILINE), text)
    text = OTHER_FENCE.sub("", text).replace("\\\n", " ")
    lines = re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE)
    for one in [*lines, *(" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text))]:
        typed = re.split(r" [#|>&] ?| && |;", one)[0].strip()
        if found := COMMAND.match(typed):
            yield found[1], found[2] or ""


@cache
def verbs() -> dict[str, Any]:
    """Each command of the command line by its words, e.g. "model list"."""
    group: Any = typer.main.get_command(app())
    found = dict(group.commands)
    for verb in ("cluster", "model"):
        found.update({f"{verb} {name}": one for name, one in found[verb].commands.items()})
    return {"": group, **found}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def faults_of_matted(rest: str) -> Iterator[str]:
    words = rest.split()
    while words and not (" ".join(words[:2]) in verbs() or words[0] in verbs()):
        if words[0] in ("-h", "--help", "--version", "...", "VERB"):
            return
        yield f"there is no `matted {words[0]}`"
        return
    name = next((n for n in (" ".join(words[:2]), *words[:1]) if n in verbs()), "")
    known = {option for each in verbs()[name].params for option in (*each.opts, "-h", "--help")}
    for word in words:
        option = re.match(r"--?[a-z][a-z-]*", word)
        if option and option[0] not in known:
            yield f"`matted {name}` has no {option[0]}"


def faults_of_make(rest: str) -> Iterator[str]:
    for word in rest.split():
        if re.fullmatch(r"[A-Z_0-9]+=.*|-.*", word):
            continue
        if not re.fullmatch(r"[a-z0-9-]+", word):
            return  # the sentence around it goes on
        if word not in targets():
            yield f"make makes no {word}"


def faults_of_python(rest: str) -> Iterator[str]:
    if module := re.match(r"-m ((?:tests|daemon|matting)[\w.]*)", rest):
        path = ROOT / module[1].replace(".", "/")
        if not (path.with_suffix(".py").exists() or (path / "__main__.py").exists()):
            yield f"there is no module {module[1]}"
    for path_text in re.findall(r"\btests/[\w/.-]+", rest):
        if not (ROOT / path_text).exists():
            yield f"there is no {path_text}"


CHECKS = {
    "matted": faults_of_matted,
    "make": faults_of_make,
    "python": faults_of_python,
    "python3": faults_of_python,
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_tells_people_to_type_exists(page: Path) -> None:
    wrong = [f for program, rest in commands(page) for f in CHECKS[program](rest)]
    assert wrong == []


def test_the_pages_are_read_at_all() -> None:
    told = [one for page in PAGES for one in commands(page)]
    assert ("make", "test") in told
    assert len({rest for program, rest in told if program == "matted"}) > 20
    assert list(faults_of_matted("proces a.jpg")) == ["there is no `matted proces`"]
    assert list(faults_of_matted("process a.jpg --to b")) == ["`matted process` has no --to"]
    assert list(faults_of_matted("model convert bshm --nonsense"))
    assert list(faults_of_make("demos PHOTOS=x")) == ["make makes no demos"]
    assert list(faults_of_python("-m tests.nowhere")) == ["there is no module tests.nowhere"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_leads_to_is_there(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
    # Modules and folders of ours that are named by their path.
    for path_text in re.findall(r"`((?:daemon|matting|tests|systemd|config|docs)/[\w./-]+)`", text):
        if page.name != "CHANGELOG.md" and Path(path_text).name not in EXAMPLES:
            assert (ROOT / path_text).exists(), path_text
