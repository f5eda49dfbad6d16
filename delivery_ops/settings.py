"""What an operation is configured to be: one typed ``Settings`` object, read once.

Belongs here: the shape of ``delivery_ops.yaml``, its defaults, and the environment variables. This module and
``config_file`` are the only readers of either. Does not belong here: opening anything that the settings name
(the composition root, ``operation.py``, does that), and secrets in files: they come from the environment, or
from the file that ``<NAME>_FILE`` points at.
"""

from __future__ import annotations

import os
from datetime import date
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, SecretStr, model_validator

from delivery_ops.config_file import ConfigFile
from delivery_ops.errors import BadUsage

CONFIG_VARIABLE = "DELIVERY_OPS_CONFIG"
DATABASE_URL_VARIABLE = "DELIVERY_OPS_DATABASE_URL"
GOOGLE_CREDENTIALS_VARIABLE = "DELIVERY_OPS_GOOGLE_CREDENTIALS"
REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_CONFIG = REPOSITORY / "data" / "demo"

SourceKind = Literal["deliverables", "touches", "deals", "revenue", "costs"]
ModelName = Literal["first", "last", "linear"]
GateName = Literal["schemaCheck", "seoTagsPresent"]
GateMode = Literal["enforce", "monitor"]


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        msg = f"{name!r} is no IANA time zone, such as Europe/Berlin or UTC"
        raise ValueError(msg)
    return name


ZoneName = Annotated[str, AfterValidator(_known_zone)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Simulated(_Section):
    """Present only in a simulated operation: its truth comes from ``seed``, its clock may be frozen."""

    seed: int


class Client(_Section):
    """Somebody the agency delivers for; ``tier`` is the service level bought."""

    id: Identifier
    name: str
    tier: Identifier


class Site(_Section):
    """A website that deliverables are published on. The page fetcher may reach its host, and besides the
    public internet only the networks listed in ``allow_networks`` (CIDR)."""

    url: str = Field(pattern=r"^https?://[^/]+/$")
    client: Identifier
    allow_networks: tuple[IPv4Network | IPv6Network, ...] = ()


class RegistrationRule(_Section):
    """Deliverables whose id starts with ``id_prefix`` ("" = all) belong to ``client`` and are of ``type``."""

    id_prefix: str
    client: Identifier
    type: Identifier


class Registration(_Section):
    """What becomes of a deliverable_id nobody registered: the first rule that matches registers it, else the
    event or row is a stored rejection."""

    rules: tuple[RegistrationRule, ...] = ()


class FileSource(_Section):
    """Rows of another system in a CSV or Parquet file.

    ``columns`` maps our field to the file's column, or to several that are joined by ``:``; ``constants`` gives
    fields no column holds. A field ``amount`` is a decimal in ``currency`` and is turned into minor units;
    ``amount_minor`` is taken as it is. Instants without an offset are read in ``zone``.
    """

    name: Identifier
    kind: SourceKind
    path: str
    columns: dict[str, str | tuple[str, ...]]
    constants: dict[str, str] = {}
    zone: ZoneName = "UTC"


class SearchProperty(_Section):
    """A Search Console property: ``sc-domain:example.com`` or a URL prefix with its trailing slash."""

    property: str = Field(pattern=r"^(sc-domain:[^/\s]+|https?://\S+/)$")
    client: Identifier


class SearchConsole(_Section):
    """The daily export. ``start`` is the first Pacific day ever wanted; ``endpoint`` replaces Google's root."""

    start: date
    trailing_days: PositiveInt = 10
    properties: tuple[SearchProperty, ...] = ()
    endpoint: str | None = None


class Attribution(_Section):
    """The look-back window, in days of 86,400 s, and the models the marts carry."""

    window_days: PositiveInt = 30
    models: tuple[ModelName, ...] = ("first", "last", "linear")


class Mismatch(_Section):
    """A deliverable that was seen and left no touch: at least ``min_impressions`` in ``window_days`` after
    publication, judged once ``search_lag_days`` more have passed."""

    min_impressions: PositiveInt = 10
    window_days: PositiveInt = 30
    search_lag_days: PositiveInt = 3


class Settings(_Section):
    """One operation, as configured. Paths inside it are absolute."""

    operation: Identifier
    zone: ZoneName
    state_dir: Path
    simulated: Simulated | None = None
    clients: tuple[Client, ...] = Field(min_length=1)
    deliverable_types: tuple[Identifier, ...] = Field(min_length=1)
    sites: tuple[Site, ...] = ()
    registration: Registration = Registration()
    sources: tuple[FileSource, ...] = ()
    search_console: SearchConsole | None = None
    attribution: Attribution = Attribution()
    mismatch: Mismatch = Mismatch()
    gates: dict[GateName, GateMode] = {"schemaCheck": "enforce", "seoTagsPresent": "enforce"}
    config_dir: Path
    database_url: SecretStr | None = None
    google_credentials: SecretStr | None = None

    @cached_property
    def tzinfo(self) -> ZoneInfo:
        """The operation's zone, in which "today" and the date of a run are read."""
        return ZoneInfo(self.zone)

    @cached_property
    def client_by_id(self) -> dict[str, Client]:
        """Every client, by id."""
        return {client.id: client for client in self.clients}

    @property
    def _properties(self) -> tuple[SearchProperty, ...]:
        return self.search_console.properties if self.search_console else ()

    @model_validator(mode="after")
    def _names_agree(self) -> Settings:
        known = {client.id for client in self.clients}
        named = [("sites", s.client) for s in self.sites] + [
            ("registration.rules", r.client) for r in self.registration.rules
        ]
        named += [("search_console.properties", each.client) for each in self._properties]
        for where, client in named:
            if client not in known:
                msg = f"{where} names the client {client!r}; configured are {', '.join(sorted(known))}"
                raise ValueError(msg)
        for rule in self.registration.rules:
            if rule.type not in self.deliverable_types:
                msg = (
                    f"registration.rules names the type {rule.type!r}; "
                    f"deliverable_types has {', '.join(self.deliverable_types)}"
                )
                raise ValueError(msg)
        for what, ids in (
            ("clients", [client.id for client in self.clients]),
            ("sources", [source.name for source in self.sources]),
            ("sites", [site.url for site in self.sites]),
            ("search_console.properties", [each.property for each in self._properties]),
        ):
            for name in ids:
                if ids.count(name) > 1:
                    msg = f"{what} has {name!r} more than once"
                    raise ValueError(msg)
        return self


def config_dir() -> Path:
    """The config directory in force: ``DELIVERY_OPS_CONFIG``, else the demo's."""
    return Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG).resolve()


def load(directory: Path | None = None) -> Settings:
    """Read ``delivery_ops.yaml`` of ``directory`` (default: ``config_dir()``) and the environment.

    Raises:
        BadUsage: naming file, line, key, what was found and what is allowed.
    """
    directory = (directory or config_dir()).resolve()
    file = ConfigFile.read(directory / "delivery_ops.yaml", variables=os.environ)
    # A key whose value is all commented out reads as null: it is as if it were not there.
    values = {key: value for key, value in file.values.items() if value is not None}
    for reserved in ("config_dir", "database_url", "google_credentials"):
        if reserved in values:
            raise file.error((reserved,), "is not set here: it comes from the environment or the command line")
    state_dir = values.get("state_dir", "state")
    if isinstance(state_dir, str):
        values["state_dir"] = (directory / state_dir).resolve()
    values["config_dir"] = directory
    values["database_url"] = _secret(DATABASE_URL_VARIABLE)
    values["google_credentials"] = _secret(GOOGLE_CREDENTIALS_VARIABLE)
    return file.validate(Settings, values)


def source_path(settings: Settings, source: FileSource) -> Path:
    """Where a file source lies: ``${state_dir}`` is replaced, a relative path starts at the config directory."""
    return settings.config_dir / source.path.replace("${state_dir}", str(settings.state_dir))


def _secret(name: str) -> str | None:
    """A secret from the environment, or from the file that ``<NAME>_FILE`` names."""
    if value := os.environ.get(name):
        return value
    if not (named := os.environ.get(f"{name}_FILE")):
        return None
    try:
        return Path(named).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadUsage(
            "reading a secret",
            subject=f"{name}_FILE={named}",
            cause=str(error),
            remedy=f"Point {name}_FILE at a readable text file, or set {name} itself.",
        ) from error
