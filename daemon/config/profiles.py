"""Profiles: what is done to a photo, from the first step to the names of its results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from daemon.options import Options
from daemon.outputs import OUTPUTS
from daemon.outputs.output import variants
from daemon.shelf import names, templates
from daemon.steps import STEPS, chooses_view, finds_people
from matting.models.errors import UnknownModel
from matting.models.naming import demand_name

AUTO, NONE = "auto", "none"
"""What settings can say instead of a refiner's name."""


class _Plugin(Protocol):
    """What a registry holds: a module with its own Options and a docstring."""

    Options: type[Options]
    __doc__: str | None


class Choice(Options):
    """One entry of a registry with its options, written in YAML as ``name: {option: value}``."""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        """Accept ``- denoise`` and ``- denoise:`` for ``- denoise: {}``."""
        if isinstance(value, str):
            return {value: {}}
        if isinstance(value, Mapping):
            return {key: {} if options is None else options for key, options in value.items()}
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("should be exactly one name with its options")
        return self

    @property
    def name(self) -> str:
        """The registry's key."""
        return next(iter(self.model_fields_set))

    @property
    def options(self) -> Any:
        """The options of the class that the registry's module declares."""
        return getattr(self, self.name)


def _choice_of(title: str, registry: Mapping[str, _Plugin]) -> type[Choice]:
    fields: dict[str, Any] = {
        name: (plugin.Options | None, Field(default=None, description=_summary(plugin)))
        for name, plugin in registry.items()
    }
    # __module__ makes the class picklable: profiles travel to the photo processes.
    return create_model(title, __base__=Choice, __module__=__name__, **fields)


def _summary(plugin: _Plugin) -> str:
    return (plugin.__doc__ or "").strip().partition("\n")[0]


if TYPE_CHECKING:  # a checker cannot follow classes made from a registry
    Step = Choice
    Output = Choice
else:
    Step = _choice_of("Step", STEPS)
    Output = _choice_of("Output", OUTPUTS)


class Matting(Options):
    """What the network gets to see."""

    long_side: int = Field(default=1536, ge=64, le=8192)
    """Longer side in pixels of the picture the network sees. The matte that is filed always has
    the photo's own size."""
    refiner: str = AUTO
    """What solves the edge at the photo's own size: closed-form; the name of an installed network
    that refines (`matted model list`); none, which only enlarges the matte along the photo's edges.
    auto is closed-form after a network that saw the photo at 700 pixels or fewer, and none after
    one that draws hair itself. A trimap beside the photo (photo.trimap.png) has the last word on
    where the edge is."""

    @field_validator("refiner")
    @classmethod
    def _a_name(cls, value: str) -> str:
        try:
            demand_name(value)
        except UnknownModel as error:
            raise ValueError(str(error)) from error
        return value


def _file(output: Choice) -> names.NamedOutput:
    module = OUTPUTS[output.name]
    ext, others = module.extension(output.options), variants(module, output.options)
    return names.NamedOutput(output.options.name, ext, others)


class Profile(Options):
    """One way of treating photos."""

    preprocess: tuple[Step, ...] = ()
    """Steps in the order in which they are applied to what the network sees."""
    matting: Matting = Matting()
    """What the network gets to see."""
    outputs: tuple[Output, ...] = Field(
        default=(
            Output.model_validate("foreground"),
            Output.model_validate("matte"),
            Output.model_validate("composition"),
        ),
        min_length=1,
    )
    """What is filed for each photo."""
    foreground_from: Literal["original", "preprocessed"] = "original"
    """Whether foreground and composition show the photo's own pixels or the preprocessed ones."""
    metadata: Literal["all", "safe", "none"] = "safe"
    """What results tell of the photo, and of what made them: all that its file tells of it (camera,
    date, artist, copyright, words); safe, the same without where it was taken; or none."""
    file_as: str = "{date:%Y-%m-%d}/{subdir}/{stem}_{output}{ext}"
    """Name of each result inside the results folder. Fields: date (of the first attempt), subdir
    (below the watched folder), stem, source_ext (the photo's own, without its dot), output (the
    output's name; may be left out where no two results have the same extension), ext, folder,
    profile, id, sha (of the photo's content, e.g. {sha:.8}), count (a running number in the folder
    where it stands, e.g. {count:04d}) and page (1, but with `pages: all`)."""

    @field_validator("file_as")
    @classmethod
    def _template(cls, value: str, info: ValidationInfo) -> str:
        extensions = tuple(
            ext
            for each in info.data.get("outputs", ())  # absent where they have faults of their own
            for ext in (_file(each).ext, *_file(each).variants)
        )
        if faults := templates.faults(value, extensions):
            raise ValueError("; ".join(faults))
        return value

    @field_validator("preprocess")
    @classmethod
    def _view_first(cls, value: tuple[Choice, ...]) -> tuple[Choice, ...]:
        for step in value[1:]:
            if chooses_view(step.name):
                raise ValueError(f"{step.name} chooses what the later steps see, so it comes first")
        return value

    @field_validator("outputs")
    @classmethod
    def _names_differ(cls, value: tuple[Choice, ...]) -> tuple[Choice, ...]:
        given = [output.options.name for output in value]
        keys = [names.key(name) for name in given]  # as a disk that folds case compares them
        doubled = [name for name, key in zip(given, keys, strict=True) if keys.count(key) > 1]
        if doubled:
            told = ", ".join(sorted(set(doubled)))
            raise ValueError(f"two outputs are named {told}; give one a `name`")
        return value

    @property
    def only_toning(self) -> Profile:
        """The same with the steps alone that change how things look, not what is looked at."""
        toning = tuple(step for step in self.preprocess if not chooses_view(step.name))
        return self.model_copy(update={"preprocess": toning})

    @property
    def searching(self) -> tuple[str, ...]:
        """The names of the steps that search for people, and need the network that finds them."""
        return tuple(step.name for step in self.preprocess if finds_people(step.name))

    @property
    def holds_photo(self) -> bool:
        """Whether one of its results has the photo's own pixels where the matte is opaque."""
        return self.foreground_from == "original" and any(
            OUTPUTS[each.name].holds_photo(each.options) for each in self.outputs
        )

    @property
    def files(self) -> tuple[names.NamedOutput, ...]:
        """What is filed for each photo: the outputs' names and their files' extensions."""
        return tuple(map(_file, self.outputs))

    def without(self, kind: str) -> Profile:
        """The same profile less the outputs of one kind."""
        kept = tuple(output for output in self.outputs if output.name != kind)
        return Profile.model_validate({**dict(self), "outputs": kept})


BUILT_IN: Mapping[str, Profile] = {
    # Measured with the people network on 54 composed prints (mean IoU of damaged and sepia ones):
    # descratch 0.87 and 0.91; neutralize after it 0.88 and 0.90; denoise after it 0.83 and 0.92;
    # neutralize, lift_shadows and denoise after it 0.81 and 0.93. On twelve photos all are alike.
    # The network tones what it sees by itself (matting/people/looks.py).
    "old-photo": Profile.model_validate(
        {
            "preprocess": [
                {"focus_person": {}},
                {"descratch": {}},
            ]
        }
    ),
    "studio-portrait": Profile(),
}
"""Always there; a profile of the same name in the settings replaces one."""
