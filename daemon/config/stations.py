"""Settings of the next stations: programs that get a photo's results, and answer with a picture."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from daemon.config.delivery import Address, Command
from daemon.config.locations import Location
from daemon.config.profiles import Choice, Profile
from daemon.options import Options
from daemon.outputs.output import Name

_DAY_S = 86_400

MOST_STATIONS = 16
_NO_PICTURES = ("sidecar", "photoshop")
PHOTO = "photo"
"""What is sent, if not an output."""


class Station(Options):
    """What all stations have in common."""

    name: Name
    """The answer is filed beside the photo's other results, and called so where they have the
    output's name: IMG_1_restored.png."""
    send: str = PHOTO
    """What it gets: photo, upright and in 8 bits; or one of the profile's outputs, by its name."""
    blend: Literal["none", "person", "background"] = "none"
    """none files the answer as it is. person takes the people from it and the rest from what was
    sent; background keeps the people as they are, and takes the rest from it. Both through the
    matte, which has to be among the profile's outputs."""
    size: Literal["same", "any"] = "same"
    """Whether an answer of another size than what was sent is refused."""
    timeout_s: float = Field(default=600, gt=0, le=_DAY_S)
    """So long it may take to answer."""
    attempts: int = Field(default=3, ge=1, le=100)
    """How often it may answer with what is no picture, or too late, before a photo is given up."""
    give_up_s: float = Field(default=7 * _DAY_S, gt=0, le=365 * _DAY_S)
    """For so long it is asked again where it is not there at all."""

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        if self.blend != "none" and self.size == "any":
            raise ValueError("blend needs an answer of the same size")
        return self


class HotFolder(Station):
    """Another program's watched folder: a picture and a JSON file go in, a picture comes out."""

    to: Location
    """Where it takes pictures from."""
    back: Location
    """Where it puts its answers: a picture of the same name, whatever its extension."""
    settle_s: float = Field(default=2, ge=0.1, le=_DAY_S)
    """An answer is complete when it has not changed for this long."""


class Program(Station):
    """A command that gets a picture and answers with one."""

    command: Command
    """Program and arguments, as a list. No shell. {picture}, {matte} and {answer} in them become
    the names of files: what is sent, the matte (a grey PNG), and what it is to write."""


class Gpen(Station):
    """GPEN, GFPGAN, CodeFormer and what else takes a folder of pictures and fills another."""

    command: Command
    """Program and arguments up to the folders, as a list: [python, face_enhancement.py, ...]."""
    flags: tuple[str, str] = ("--indir", "--outdir")
    """How it is told both folders; GFPGAN and CodeFormer want ["-i", "-o"]."""


class ComfyUi(Station):
    """ComfyUI, over HTTP, with a workflow of your own."""

    address: Address = "http://127.0.0.1:8188"
    """Where it listens."""
    workflow: Location
    """A file as ComfyUI exports it for its API. In it, {picture} and {mask} become the names of
    what was uploaded, and {seed} a number of the photo's own. The mask is white where it paints:
    255 - matte."""
    poll_s: float = Field(default=1, ge=0.1, le=60)
    """How often it is asked whether it is done."""


class Handover(Choice):
    """One station that results go to."""

    folder: HotFolder | None = Field(default=None, description=HotFolder.__doc__)
    command: Program | None = Field(default=None, description=Program.__doc__)
    gpen: Gpen | None = Field(default=None, description=Gpen.__doc__)
    comfyui: ComfyUi | None = Field(default=None, description=ComfyUi.__doc__)


def _differ(given: tuple[Handover, ...]) -> tuple[Handover, ...]:
    names = [one.options.name.casefold() for one in given]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"two stations are named {', '.join(doubled)}; give one another name")
    return given


Handovers = Annotated[
    tuple[Handover, ...], Field(max_length=MOST_STATIONS), AfterValidator(_differ)
]


def unsuited(handovers: tuple[Handover, ...], profile: Profile, originals: str) -> list[str]:
    """What stations want of a folder that it does not have for them, one line each.

    Args:
        handovers: the folder's.
        profile: likewise.
        originals: what happens to its photos once they are filed.
    """
    outputs: dict[str, Any] = {each.options.name: each for each in profile.outputs}
    kinds = {each.name for each in profile.outputs}
    found = []
    for one in handovers:
        options = one.options
        if options.name in outputs:
            found.append(f"{options.name} is the name of an output; give the station another")
        if options.send != PHOTO and options.send not in outputs:
            known = ", ".join((PHOTO, *outputs))
            found.append(f"{options.name}: there is no output {options.send!r}; there are {known}")
        if options.send in outputs and outputs[options.send].name in _NO_PICTURES:
            found.append(f"{options.name}: {options.send} is no picture that it could work on")
        if options.send == PHOTO and originals != "keep":
            found.append(
                f"{options.name}: originals: {originals} takes the photo away; send an output"
            )
        if options.blend != "none" and "matte" not in kinds:
            found.append(f"{options.name}: blend needs the output matte")
        if options.blend == "background" and "foreground" not in kinds:
            found.append(f"{options.name}: blend: background needs the output foreground")
    return found
