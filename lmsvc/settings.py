"""All configuration of the service in one typed class: ``LMSVC_*`` variables over a TOML file over defaults."""

import json
import os
import socket
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from lmsvc.paths import DataPaths

PoolName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$", max_length=20)]
AbsolutePath = Annotated[Path, AfterValidator(Path.absolute)]
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


class PoolSettings(BaseModel):
    """One pool of slots: which categories it serves, what each slot offers, and how many there are."""

    categories: list[str] = Field(default=["*"], description="categories of tools it serves; `*` is all of them")
    image: str = Field(default="", description="worker image with the programs of its tools; empty: the site's own")
    slots: SlotBounds = Field(
        default_factory=lambda: SlotBounds.model_validate(_usable_cores()),
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
    def _asks_slurm_for_what_it_can(self) -> Self:
        if self.backend == "slurm" and self.hosts is not None:
            raise ValueError("a pool of backend slurm has no hosts: the batch system chooses the nodes")
        if self.backend == "slurm" and self.gpus:
            raise ValueError("a pool of backend slurm has no GPUs: its jobs ask for cores and memory only")
        return self


class Limits(BaseModel):
    """Bounds on what one request or job may ask for."""

    document_bytes: int = Field(default=2_000_000, description="largest job document")
    upload_bytes: int = Field(default=4_000_000_000, description="largest upload")
    unfinished_hours: float = Field(
        default=24.0, gt=0, description="an upload in parts is forgotten when nothing of it has come for this long"
    )
    items_per_job: int = Field(default=200_000, description="scatter items of one job, where known beforehand")
    steps_per_job: int = Field(default=200, description="steps of one job")
    reserve_mb: int = Field(default=200, ge=0, description="free disk below which new work is refused, MB")


class MailSettings(BaseModel):
    """The mail server that takes notices."""

    server: str = Field(default="", description="host name of the mail server; empty: no mail is sent")
    port: int = Field(default=587, ge=1, le=65535, description="its port")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how the connection is secured; `none` only to a relay on a network of your own"
    )
    user: str = Field(default="", description="name to sign in with; empty: without signing in")
    password_file: AbsolutePath | None = Field(default=None, description="file with the password to sign in with")
    sender: str = Field(default="", description="address that mails come from; needed with `server`")
    per_hour: int = Field(default=100, ge=1, description="mails to one address in an hour; more of them wait")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.server and not self.sender:
            raise ValueError("a mail server needs a sender")
        return self


class NoticeSettings(BaseModel):
    """Whether the service tells people by itself that a job is over or that its results go soon."""

    webhooks: bool = Field(default=False, description="jobs may name an address that is told by HTTP")
    private_addresses: bool = Field(
        default=False,
        description="webhooks may also go to this machine and to private networks: to every service there",
    )
    key_file: AbsolutePath | None = Field(
        default=None, description="file with the key to signing secrets; default: `run/notices.key`, made in data_dir"
    )
    mail: MailSettings = Field(default=MailSettings(), description="mail server")
    timeout_seconds: float = Field(default=10.0, gt=0, description="how long a receiver may take to answer")
    first_pause_seconds: float = Field(
        default=5.0, gt=0, description="pause before a notice is tried again; each is three times the one before"
    )
    give_up_hours: float = Field(default=24.0, gt=0, description="a notice is no longer tried after this time")

    @property
    def channels(self) -> frozenset[str]:
        """By what people are told: `webhook`, `email`, both or nothing."""
        there = {"webhook": self.webhooks, "email": bool(self.mail.server)}
        return frozenset(name for name, is_there in there.items() if is_there)


class QuotaSettings(BaseModel):
    """How much a user may have who has no bounds of his own and is no administrator; 0: no bound."""

    jobs: int = Field(default=1000, ge=0, description="jobs of a user that wait or run at one time; 0: any number")
    tasks: int = Field(default=0, ge=0, description="tasks of one job; 0: any number")
    bytes: int = Field(default=0, ge=0, description="uploads and packages of a user together; 0: any number")
    days_kept: int = Field(
        default=0, ge=0, description="days that results and unused uploads are kept, administrators' too; 0: for ever"
    )


class RateSettings(BaseModel):
    """How fast requests may come on a service with users; 0: as fast as they like."""

    user_per_second: float = Field(default=100.0, ge=0, description="requests of one user who is no administrator")
    user_burst: int = Field(default=1000, ge=1, description="requests of one user that may come at once")
    address_per_second: float = Field(default=5.0, ge=0, description="requests of one address that name no user")
    address_burst: int = Field(default=100, ge=1, description="such requests that may come at once")
    failures_per_minute: float = Field(default=6.0, ge=0, description="wrong tokens from one address")
    failures_burst: int = Field(default=20, ge=1, description="wrong tokens that may come at once")


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
    host_gpus: int = Field(default=0, ge=0, description="GPUs of this host that the slots of its pools may use")
    pools: dict[PoolName, PoolSettings] = Field(
        default_factory=lambda: {"default": PoolSettings()}, description="pools by name; one machine needs only one"
    )
    pools_file: Path | None = Field(
        default=None, description="JSON file with the pools, read again when it changes; default: `pools`"
    )
    tool_dirs: list[Path] = Field(default=[], description="directories of the site's own tool descriptions")
    dataset_dirs: list[Path] = Field(default=[], description="directories of site dataset descriptions")
    workflow_dirs: list[Path] = Field(default=[], description="directories of the site's own workflow templates")
    tool_path: str = Field(default="", description="PATH of tasks; default: this process's PATH")
    max_running_jobs: int = Field(default=8, ge=1, description="jobs at work at a time; one small one more")
    batch_seconds: float = Field(default=4.0, gt=0, description="predicted seconds of work put into one task")
    max_rules: int = Field(default=400, ge=1, description="rules of one Makeflow before a scatter is cut into shards")
    lease_seconds: float = Field(default=30.0, gt=0, description="a controller's claim on a job, unless renewed")
    no_worker_seconds: float = Field(default=5.0, gt=0, description="a job says so when its pool has no slot this long")
    user: str = Field(default="local", description="owner of jobs where no token is asked for")
    limits: Limits = Field(default=Limits(), description="bounds on requests and jobs")
    quota: QuotaSettings = Field(default=QuotaSettings(), description="what a user may have, unless told otherwise")
    rates: RateSettings = Field(default=RateSettings(), description="how fast requests may come")
    session_days: float = Field(default=14.0, gt=0, description="a browser stays signed in this long")
    share_days: float = Field(default=30.0, gt=0, description="a link to a shared job is good this long")
    server_names: list[str] = Field(default=[], description="names of a service without a token, beside `localhost`")
    public_url: str = Field(default="", description="address at which people reach the service, for links in notices")
    notices: NoticeSettings = Field(default=NoticeSettings(), description="webhooks and mail about jobs")
    expiry_warning_days: float = Field(
        default=7.0, gt=0, description="so long before results expire their owner is warned; they are kept that long"
    )

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
