"""YAML as nodes and as values, read with limits: a settings file is small, flat and finite.

YAML can name a part and repeat it, so a few lines can mean more than any memory holds, or a list
that contains itself. The limits are far above any real settings file, and each is checked while
the file is read, before what it forbids has cost time or memory.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import yaml

LONGEST_BYTES = 256 << 10
LONGEST_VALUE = 4096
"""Characters; paths are no longer."""
MOST_NODES = 8_000
"""Keys, values, lists and mappings, what aliases repeat included."""
DEEPEST = 40
"""Lists and mappings within each other; settings need eight."""


def read_bounded(path: Path) -> str:
    """The text of a small regular file.

    Raises:
        OSError: it cannot be read, is no regular file or too large; ``strerror`` is for people.
        UnicodeDecodeError: it is not UTF-8.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO must not hang
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        data = file.read(LONGEST_BYTES + 1)
    if len(data) > LONGEST_BYTES:
        raise OSError(errno.EFBIG, f"is larger than {LONGEST_BYTES >> 10} KiB")
    return data.decode("utf-8")


def compose(text: str) -> yaml.Node | None:
    """The nodes of a document, which know their lines; None for an empty one.

    Raises:
        yaml.YAMLError: it is no YAML, or goes beyond a limit.
    """
    return _Bounded(text).get_single_node()


def construct(node: yaml.Node) -> Any:
    """The values of a composed document; what `<<` merges into a mapping is in its nodes then.

    Raises:
        yaml.YAMLError: it holds what no settings file does.
        ValueError: a value cannot be made, e.g. a date of the 99th of a month.
    """
    return yaml.SafeLoader("").construct_document(node)


class _Bounded(yaml.SafeLoader):
    """Counts nodes as if aliases were written out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0
        self._sizes: dict[int, int] = {}
        """Of each whole node by its identity, all nodes in it included."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call] # PyYAML's stubs
        if isinstance(event, yaml.AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._sizes:
                raise _beyond(event, f"*{event.anchor} stands within what it stands for")
            self._count(event, self._sizes[id(node)])
            return node
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_VALUE:
            raise _beyond(event, f"a value of {len(event.value)} characters is no setting")
        before = self._nodes
        self._count(event, 1)
        self._depth += 1
        if self._depth > DEEPEST:
            raise _beyond(event, f"more than {DEEPEST} levels deep")
        node = super().compose_node(parent, index)
        if isinstance(parent, yaml.MappingNode) and index is None:
            _keep_word(node)
        self._depth -= 1
        self._sizes[id(node)] = self._nodes - before
        return node

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise _beyond(event, f"more than {MOST_NODES} entries, what aliases repeat included")


def _keep_word(key: yaml.Node | None) -> None:
    """YAML 1.1 takes a bare ``on`` for true; no setting's name is a truth value."""
    if isinstance(key, yaml.ScalarNode) and key.tag == "tag:yaml.org,2002:bool":
        key.tag = "tag:yaml.org,2002:str"


def _beyond(event: yaml.Event, told: str) -> yaml.MarkedYAMLError:
    mark = event.start_mark
    return yaml.MarkedYAMLError(problem=told, problem_mark=mark)  # type: ignore[arg-type] # the stubs mix in the C parser's marks
