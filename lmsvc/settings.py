"""All configuration of the service in one typed class: ``LMSVC_*`` variables over a TOML file over defaults."""

import json
import os
import socket
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from lmsvc.paths import DataPaths

PoolName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$", max_length=20)]
HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=63)]


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0))


class SlotBounds(BaseModel):
    """How many slots a pool has, on all its hosts together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: int = Field(default=0, ge=0, description="kept alive even without work")
    max: int = Field(ge=0, description="never more, however much work waits")

    @model_validator(mode="before")
    @classmethod
    def _one_number_is_both(cls, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"min": value, "max": value}
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


def _slots_of_this_machine() -> SlotBounds:
    return SlotBounds.model_validate(_usable_cores())


class PoolSettings(BaseModel):
    """One pool of slots: which categories it serves, what each slot offers, and how many there are."""

    categories: list[str] = Field(default=["*"], description="categories of tools it serves; `*` is all of them")
    image: str = Field(default="", description="worker image with the programs of its tools; empty: the site's own")
    slots: SlotBounds = Field(
        default_factory=_slots_of_this_machine,
        description='slots on all hosts together: `{"min": 2, "max": 12}`, or one number for both',
    )
    cores: int = Field(default=1, ge=1, description="cores per slot")
    memory_mb: int = Field(default=2000, ge=1, description="memory per slot, MB")
    disk_mb: int = Field(default=10000, ge=1, description="disk per slot, MB")
    gpus: int = Field(default=0, ge=0, description="GPUs per slot")
    hosts: list[HostName] | None = Field(default=None, description="hosts that may have its slots; default: all")
    backend: Literal["factory", "slurm"] = Field(
        default="factory", description="what starts its slots: factories on its hosts, or the site's batch system"
    )

    @model_validator(mode="after")
    def _has_no_hosts_of_slurm(self) -> Self:
        if self.backend == "slurm" and self.hosts is not None:
            raise ValueError("a pool of backend slurm has no hosts: the batch system chooses the nodes")
        return self


class Limits(BaseModel):
    """Bounds on what one request or job may ask for."""

    document_bytes: int = Field(default=2_000_000, description="largest job document")
    upload_bytes: int = Field(default=4_000_000_000, description="largest upload")
    items_per_job: int = Field(default=200_000, description="scatter items of one job, where known beforehand")
    steps_per_job: int = Field(default=200, description="steps of one job")
    reserve_mb: int = Field(default=200, ge=0, description="free disk below which new work is refused, MB")


class Settings(BaseSettings):
    """The configuration of one lmsvc process."""

    model_config = SettingsConfigDict(env_prefix="LMSVC_", env_nested_delimiter="__", extra="forbid")

    data_dir: Path = Field(default=Path("data"), description="everything the service writes is below this directory")
    password_dir: Path | None = Field(
        default=None, description="pool passwords, `lmsvc-pool-<pool>`; default: `run/<pool>.password` in data_dir"
    )
    token_file: Path | None = Field(default=None, description="file with the token that the web service asks for")
    accel_prefix: str = Field(default="", description="files are left to a proxy by X-Accel-Redirect, below this path")
    database_url: str = Field(default="", description="sqlite:///PATH or postgresql://...; default: SQLite in data_dir")
    host: str = Field(default="127.0.0.1", description="address the web service listens on")
    port: int = Field(default=8080, ge=1, le=65535, description="port the web service listens on")
    catalog_host: str = Field(default="127.0.0.1", description="address of the catalog server")
    catalog_port: int = Field(
        default=9097, ge=1, le=65534, description="HTTP and UDP; the port above it takes TCP updates"
    )
    manager_ports: tuple[int, int] = Field(default=(9200, 9399), description="range of ports for makeflow managers")
    controllers: list[str] = Field(default=["127.0.0.1"], description="addresses whose catalog records slots believe")
    host_name: HostName = Field(default_factory=socket.gethostname, description="this host's name in records and pages")
    pools: dict[PoolName, PoolSettings] = Field(
        default_factory=lambda: {"default": PoolSettings()}, description="pools by name; one machine needs only one"
    )
    pools_file: Path | None = Field(
        default=None, description="JSON file with the pools, read again when it changes; default: `pools`"
    )
    tool_dirs: list[Path] = Field(default=[], description="directories of the site's own tool descriptions")
    dataset_dirs: list[Path] = Field(default=[], description="directories of site dataset descriptions")
    tool_path: str = Field(default="", description="PATH of tasks; default: this process's PATH")
    max_running_jobs: int = Field(default=8, ge=1, description="jobs at work at a time; one small one more")
    batch_seconds: float = Field(default=4.0, gt=0, description="predicted seconds of work put into one task")
    max_rules: int = Field(default=400, ge=1, description="rules of one Makeflow before a scatter is cut into shards")
    lease_seconds: float = Field(default=30.0, gt=0, description="a controller's claim on a job, unless renewed")
    no_worker_seconds: float = Field(default=5.0, gt=0, description="a job says so when its pool has no slot this long")
    user: str = Field(default="local", description="owner of jobs where no token is asked for")
    limits: Limits = Field(default=Limits(), description="bounds on requests and jobs")

    @field_validator("password_dir", "token_file", "pools_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        self.data_dir = self.data_dir.absolute()
        self.password_dir = self.password_dir and self.password_dir.absolute()
        self.token_file = self.token_file and self.token_file.absolute()
        self.pools_file = self.pools_file and self.pools_file.absolute()
        self.database_url = self.database_url or f"sqlite:///{self.data_dir}/lmsvc.sqlite3"
        self.tool_path = self.tool_path or os.environ.get("PATH", os.defpath)
        return self

    def password_file(self, pool: str) -> Path:
        """Return the file with the Work Queue password of a pool."""
        if self.password_dir is None:
            return DataPaths(self.data_dir).password(pool)
        return self.password_dir / f"lmsvc-pool-{pool}"

    def previous_password_file(self, pool: str) -> Path:
        """Return the file with the password a pool had before, which is there only while managers may still use it."""
        path = self.password_file(pool)
        return path.with_name(f"{path.stem}-previous{path.suffix}")

    def environment(self) -> dict[str, str]:
        """Return the ``LMSVC_*`` variables that give another process these settings."""
        values = self.model_dump(mode="json")
        return {
            f"LMSVC_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in values.items()
            if value is not None
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file named by ``LMSVC_CONFIG``."""
        del dotenv_settings, file_secret_settings
        file = TomlConfigSettingsSource(settings_cls, os.environ.get("LMSVC_CONFIG"))
        return init_settings, env_settings, file
