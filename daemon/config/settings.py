"""All settings, with their documentation: example file and JSON schema are made from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)

from daemon.config.delivery import HookSettings, MetricsSettings, Webhook
from daemon.config.executor import ExecutorSettings
from daemon.config.locations import InsideName, Interpreter, Location, in_place
from daemon.config.profiles import BUILT_IN, Profile
from daemon.config.reading import Pages, Split, Turn
from daemon.config.state_home import default_state_dir
from daemon.config.stations import Handovers, unsuited
from daemon.config.web import WebSettings
from daemon.options import Options
from matting.engines import ENGINES
from matting.models.errors import UnknownModel
from matting.models.naming import SUFFIXES, demand_name
from matting.networks.recipe import Recipe


def _checked(name: str) -> str:
    try:
        demand_name(name)
    except UnknownModel as error:
        raise ValueError(str(error)) from error
    return name


def _named(model: Path | str, info: ValidationInfo) -> Path | str:
    """A file's place, or a model's name: what has a slash or ends as such files do is a file."""
    text = os.fspath(model)
    if "/" in text or text.endswith(SUFFIXES):
        return in_place(Path(text), info)
    return _checked(text)


ModelOrFile = Annotated[Path | str, AfterValidator(_named), WithJsonSchema({"type": "string"})]


def _own(name: str) -> str:
    from matting.models.catalog import CATALOG, CONVERTED  # noqa: PLC0415 - few have their own

    if name in CATALOG or name == CONVERTED:
        raise ValueError(f"{name} is the name of a published network; choose another")
    return _checked(name)


OwnName = Annotated[str, AfterValidator(_own)]


_DAY_S = 86_400
_WEEK_S = 7 * _DAY_S
_MONTH_S = 30 * _DAY_S
_MOST_MB = 1 << 24
"""16 TiB: more would not fit the numbers that the kernel takes."""
MOST_FOLDERS = 256


if TYPE_CHECKING:
    EngineName = str
else:
    EngineName = Literal["auto", *ENGINES]


class EngineSettings(Options):
    """The engine that makes the mattes."""

    name: EngineName = "auto"
    """people runs a small network for people, bshm frozen graphs by TensorFlow, onnx all other
    networks. auto is the engine of `model`; without one, of the installed model bshm, bshm-onnx or
    selfie, the first one there. The log says which, and why."""
    model: ModelOrFile | None = None
    """The name of an installed model (`matted model list`), or a file: a frozen graph (.pb), one
    that was converted (.onnx), or the network for people (.tflite). None is the installed bshm,
    or bshm-onnx for the engine onnx, or selfie for the engine people."""
    device: Literal["auto", "gpu", "cpu"] = "auto"
    """Where it runs. gpu refuses to run without one; nothing ever falls back silently."""
    python: Interpreter | None = None
    """Interpreter of the engine process, e.g. /opt/matted/tf1/bin/python for tensorflow-gpu 1.15.5;
    a path, or a name on PATH. None is the daemon's own."""
    timeout_s: float = Field(default=120, gt=0, le=_WEEK_S)
    """An engine that works longer than this on one photo is restarted."""
    start_timeout_s: float = Field(default=300, gt=0, le=_WEEK_S)
    """How long it may take to start, a big network to be loaded included."""


class Folder(Options):
    """One watched folder."""

    watch: Location
    """Where photos arrive. A relative path starts at the settings file's folder."""
    results: Location
    """Where results are filed; must not overlap with any watched folder."""
    profile: str = "old-photo"
    """What is done to the photos: a profile from below, or the built-in old-photo or
    studio-portrait."""
    recursive: bool = True
    """Whether sub-folders are watched too; their names are mirrored in the results."""
    settle_s: float = Field(default=2, ge=0.1, le=_DAY_S)
    """A photo is complete when it has not changed for this long."""
    give_up_s: float = Field(default=300, ge=0, le=_MONTH_S)
    """A photo that cannot be decoded is taken for unfinished until it has not changed for this
    long; then it goes to quarantine."""
    scan_s: Annotated[float, Field(ge=0.2, le=_DAY_S)] | Literal["auto"] = "auto"
    """Time between two full looks at the folder. Events of the file system make photos be seen at
    once, and then auto is 10 s; where there are none, on shares and FUSE, it is 2 s. A look that
    takes long is followed by a rest ten times as long."""
    events: Literal["auto", "off"] = "auto"
    """With off the file system is not asked for events; the folder is only scanned."""
    duplicates: Literal["process", "skip"] = "process"
    """Whether a photo whose very content was filed from this folder under another name is filed
    again. Under the same name it never is."""
    pages: Pages = "first"
    """Whether each page of a TIFF is a photo of its own; by default one page is read, and the rest
    is warned of. All pages are filed, or none."""
    split: Split = "none"
    """prints cuts a flatbed's scan into the prints that lay on it, straightened, each a photo of
    its own (name_1, name_2). What is not plainly so goes through whole, flagged, and says why."""
    turn: Turn = "none"
    """auto turns scans that lie sideways or upside down, where two looks at the people in them
    agree. Originals are never rewritten."""
    marker: InsideName | None = Field(default=None, min_length=1)
    """A file in it, e.g. ".scans-here", without which the folder is taken for an absent share."""
    originals: Literal["keep", "archive", "delete"] = "keep"
    """What happens to a photo once its results are safely on disk. delete only takes a photo that
    its results can stand in for: the profile files the original's pixels without loss, somebody
    was found, no page was left out and nothing warned of; else it stays, and the log says why. What
    is behind the people goes with it; archive keeps everything."""
    archive: Location | None = None
    """Where originals: archive moves them, into dated folders."""
    handover: Handovers = ()
    """Where results go next: stations that answer with a picture of their own, which is filed
    beside them by `matted stations`, in a unit of its own."""
    ignore: tuple[str, ...] = ()
    """More file name patterns to leave alone, e.g. "*_draft.*"."""

    @model_validator(mode="after")
    def _archive_named(self) -> Self:
        if self.originals == "archive" and self.archive is None:
            raise ValueError("originals: archive needs `archive`, the folder to move them to")
        return self


class ResourceLimits(Options):
    """When to say no."""

    attempts: int = Field(default=3, ge=1, le=1000)
    """Attempts for a photo that kills its process or the engine; then it goes to quarantine."""
    max_megapixels: float = Field(default=250, gt=0, le=100_000)
    """A photo with more is refused before any memory is taken."""
    photo_timeout_s: float = Field(default=900, gt=0, le=_WEEK_S)
    """A photo process that works longer than this on one photo is killed."""
    photo_memory_mb: Annotated[int, Field(ge=256, le=_MOST_MB)] | Literal["auto"] = "auto"
    """What a photo process may allocate; auto shares four fifths of the machine's memory among
    them. A photo that wants more fails alone; `matted doctor` says how large one may be."""
    max_download_mb: float = Field(default=2048, gt=0, le=_MOST_MB)
    """A photo from an address (`matted process`) that is larger is refused."""
    download_timeout_s: float = Field(default=900, gt=0, le=_WEEK_S)
    """So long the download of one may take, all in all."""
    min_free_mb: int = Field(default=100, ge=0, le=_MOST_MB)
    """With less room than this on the results' or the state directory's disk, everything pauses
    until there is more."""


class Settings(Options):
    """The whole file."""

    state_dir: Location = Field(default_factory=default_state_dir)
    """Where the daemon keeps its ledger: what it has seen, filed and failed at. Without it each
    settings file has its own, below ~/.local/state/matted; one that is renamed keeps it."""
    engine: EngineSettings = EngineSettings()
    """The engine that makes the mattes."""
    workers: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = "auto"
    """How many photos are worked on at once; auto is one per processor core, as long as each has
    memory for 100 megapixels (2.5 GB), and one per two cores at least."""
    limits: ResourceLimits = ResourceLimits()
    """When to say no."""
    executor: ExecutorSettings = ExecutorSettings()
    """Who works on the photos."""
    folders: tuple[Folder, ...] = Field(min_length=1, max_length=MOST_FOLDERS)
    """The watched folders."""
    on: HookSettings = HookSettings()
    """Commands of your own that are run when something has happened."""
    webhooks: tuple[Webhook, ...] = Field(default=(), max_length=16)
    """Addresses that are told, by `matted webhooks`."""
    metrics: MetricsSettings = MetricsSettings()
    """Figures for Prometheus."""
    web: WebSettings | None = None
    """A page to look at what was filed, and the API that it uses; `matted web` serves them, beside
    the daemon. Without it there is neither; `web: {}` is enough."""
    manifest: bool = False
    """Whether manifest.jsonl in each day's folder of the results says what was filed there: a JSON
    object a line, with the SHA-256 of the photo and of each result."""
    keep_days: int | None = Field(default=None, ge=1, le=36_500)
    """The ledger forgets photos that ended longer ago and whose originals are not in the watched
    folder any more; reports of photos that were given up go with them. Without it nothing is
    forgotten."""
    models: dict[OwnName, Recipe] = Field(default_factory=dict)
    """Your own ONNX networks, by name: what each wants to be fed and what its answer means. To be
    installed by `matted model install NAME --config THIS_FILE --from FILE_OR_ADDRESS`."""
    profiles: dict[str, Profile] = Field(default_factory=dict)
    """Ways of treating photos, by name."""
    _file: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _stations_suit(self) -> Self:
        for folder in self.folders:
            known = folder.profile in self.profiles or folder.profile in BUILT_IN
            if not known:
                continue
            profile = self.profile(folder.profile)
            if faults := unsuited(folder.handover, profile, folder.originals):
                raise ValueError(f"handover of {folder.watch}: {'; '.join(faults)}")
        return self

    @property
    def file(self) -> Path | None:
        """The file that they are from, as it was named; None if they are from no file."""
        return self._file

    @property
    def certificates(self) -> Path:
        """The directory of this machine's certificate in a cluster."""
        return self.executor.certificates or self.state_dir / "cluster"

    def of(self, file: Path) -> Self:
        """The same settings, which know the file that they are from."""
        made = self.model_copy()
        made._file = file  # noqa: SLF001 - its own class's
        return made

    def profile(self, name: str) -> Profile:
        """The profile of that name, from the file or built in."""
        return self.profiles[name] if name in self.profiles else BUILT_IN[name]
