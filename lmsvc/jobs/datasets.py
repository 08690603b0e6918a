"""Site datasets: named, versioned data that the site keeps once."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lmsvc.jobs.faults import DocumentError
from lmsvc.jobs.shape import faults_of

Text = Annotated[str, Field(min_length=1, max_length=2000)]
DatasetName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class DatasetFile(BaseModel):
    """One layer (file) of a dataset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: Annotated[str, Field(min_length=1, max_length=64)]
    path: Annotated[str, Field(min_length=1, description="below the dataset's directory, or absolute")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, description="bytes")]


class Dataset(BaseModel):
    """A dataset: what it is, whose it is, and its files with checksums."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: DatasetName
    version: Text
    title: Text
    licence: Text
    citation: Text
    files: Annotated[tuple[DatasetFile, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _layers_differ(self) -> "Dataset":
        if len({file.layer for file in self.files}) < len(self.files):
            raise ValueError("two files have the same layer name")
        return self

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of all layers, in the order of the description."""
        return tuple(file.layer for file in self.files)

    def file(self, layer: str) -> DatasetFile:
        """Return the file of a layer.

        Raises:
            KeyError: there is no such layer.
        """
        for file in self.files:
            if file.layer == layer:
                return file
        raise KeyError(layer)


def parse_dataset(description: Mapping[str, Any]) -> Dataset:
    """Read a dataset's description.

    Raises:
        DocumentError: with every fault of it.
    """
    try:
        return Dataset.model_validate(description)
    except ValidationError as error:
        raise DocumentError(faults_of(error)) from error
