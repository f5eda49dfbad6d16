"""What an operation is configured to be: one typed ``Settings`` object, read once.

Belongs here: the shape of ``delivery_ops.yaml``, its defaults, and the environment variables. This module and
``config_file`` are the only readers of either. Does not belong here: opening anything that the settings name
(the composition root, ``operation.py``, does that), and secrets in files: they come from the environment, or
from the file that ``<NAME>_FILE`` points at.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator

from delivery_ops.config_file import ConfigFile
from delivery_ops.config_values import (
    Count,
    Day,
    Days,
    Identifier,
    Network,
    PropertyName,
    Section,
    SiteUrl,
    WebAddress,
    WholeNumber,
    ZoneName,
)
from delivery_ops.config_words import Key, WrongKey
from delivery_ops.errors import BadUsage
from delivery_ops.file_source import FileSource

CONFIG_VARIABLE = "DELIVERY_OPS_CONFIG"
DATABASE_URL_VARIABLE = "DELIVERY_OPS_DATABASE_URL"
GOOGLE_CREDENTIALS_VARIABLE = "DELIVERY_OPS_GOOGLE_CREDENTIALS"
REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_CONFIG = REPOSITORY / "data" / "demo"
_NOT_IN_THE_FILE = ("config_dir", "database_url", "google_credentials")

ModelName = Literal["first", "last", "linear"]
GateName = Literal["schemaCheck", "seoTagsPresent"]
GateMode = Literal["enforce", "monitor"]


class Simulated(Section):
    """Present only in a simulated operation: its truth comes from ``seed``, its clock may be frozen."""

    seed: WholeNumber


class Client(Section):
    """Somebody the agency delivers for; ``tier`` is the service level bought."""

    id: Identifier
    name: str
    tier: Identifier


class Site(Section):
    """A website that deliverables are published on; pages at its host are judged. Besides the public internet the page
    fetcher reaches this host, and no other one, in the networks listed in ``allow_networks`` (CIDR)."""

    url: SiteUrl
    client: Identifier
    allow_networks: tuple[Network, ...] = ()


class RegistrationRule(Section):
    """Deliverables whose id starts with ``id_prefix`` ("" = all) belong to ``client`` and are of ``type``."""

    id_prefix: str
    client: Identifier
    type: Identifier


class Registration(Section):
    """What becomes of a deliverable_id nobody registered: the first rule that matches registers it, else the
    event or row is a stored rejection."""

    rules: tuple[RegistrationRule, ...] = ()


class SearchProperty(Section):
    """A Search Console property: ``sc-domain:example.com`` or a URL prefix with its trailing slash."""

    property: PropertyName
    client: Identifier


class SearchConsole(Section):
    """The daily export. ``start`` is the first Pacific day ever wanted; ``endpoint`` replaces Google's root."""

    start: Day
    trailing_days: Days = 10
    properties: tuple[SearchProperty, ...] = ()
    endpoint: WebAddress | None = None


class Attribution(Section):
    """The look-back window, in days of 86,400 s, and the models the marts carry."""

    window_days: Days = 30
    models: tuple[ModelName, ...] = Field(default=("first", "last", "linear"), min_length=1)


class Mismatch(Section):
    """A deliverable that was seen and left no touch: at least ``min_impressions`` in ``window_days`` after
    publication, judged once ``search_lag_days`` more have passed."""

    min_impressions: Count = 10
    window_days: Days = 30
    search_lag_days: Days = 3


class Settings(Section):
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
    gates: dict[GateName, GateMode] = Field(default={"schemaCheck": "enforce", "seoTagsPresent": "enforce"})
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

    @model_validator(mode="after")
    def _names_agree(self) -> Settings:
        for key, client in self._clients_named():
            if client not in self.client_by_id:
                raise WrongKey(key, f"no client {client!r} is configured; there are {', '.join(self.client_by_id)}")
        for at, rule in enumerate(self.registration.rules):
            if rule.type not in self.deliverable_types:
                cause = f"deliverable_types has no {rule.type!r}; it has {', '.join(self.deliverable_types)}"
                raise WrongKey(("registration", "rules", at, "type"), cause)
        for above, inside, names in self._names():
            for at, name in enumerate(names):
                if name in names[:at]:
                    raise WrongKey((*above, at, *inside), f"{name!r} stands there more than once")
        return self

    def _clients_named(self) -> Iterator[tuple[Key, str]]:
        """Every mention of a client, with its key."""
        properties = self.search_console.properties if self.search_console else ()
        sections: tuple[tuple[Key, Sequence[Site | FileSource | RegistrationRule | SearchProperty]], ...] = (
            (("sites",), self.sites),
            (("sources",), self.sources),
            (("registration", "rules"), self.registration.rules),
            (("search_console", "properties"), properties),
        )
        for above, section in sections:
            for at, one in enumerate(section):
                if one.client is not None:
                    yield (*above, at, "client"), one.client

    def _names(self) -> Iterator[tuple[Key, Key, list[str]]]:
        """What must not be named twice: where the list stands, where in its items the name does, and the names."""
        properties = self.search_console.properties if self.search_console else ()
        yield ("clients",), ("id",), [client.id for client in self.clients]
        yield ("sources",), ("name",), [source.name for source in self.sources]
        yield ("sites",), ("url",), [site.url for site in self.sites]
        yield ("search_console", "properties"), ("property",), [each.property for each in properties]
        yield ("attribution", "models"), (), list(self.attribution.models)


def config_dir() -> Path:
    """The config directory in force: ``DELIVERY_OPS_CONFIG``, else the demo's."""
    return Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG).resolve()


def option_of(directory: Path) -> str:
    """What names the config ``directory`` on a command line that a person may copy; nothing where it is the default."""
    return "" if directory.resolve() == DEFAULT_CONFIG else f" --config {shlex.quote(str(directory))}"


def load(directory: Path | None = None) -> Settings:
    """Read ``delivery_ops.yaml`` of ``directory`` (default: ``config_dir()``) and the environment.

    Raises:
        BadUsage: naming file, line, key, what was found and what is allowed.
    """
    directory = (directory or config_dir()).resolve()
    if directory.is_file():
        raise BadUsage(
            "reading the configuration",
            subject=str(directory),
            cause="it is a file; a configuration is named by its directory",
            remedy=f"Name {directory.parent}.",
        )
    file = ConfigFile.read(directory / "delivery_ops.yaml", variables=os.environ)
    # A key whose value is all commented out reads as null: it is as if it were not there.
    values = {key: value for key, value in file.values.items() if value is not None}
    for reserved in _NOT_IN_THE_FILE:
        if reserved in values:
            raise file.error((reserved,), "is not set here: it comes from the environment or the command line")
    state_dir = values.get("state_dir", "state")
    if isinstance(state_dir, str):
        values["state_dir"] = (directory / state_dir).resolve()
    values["config_dir"] = directory
    values["database_url"] = _secret(DATABASE_URL_VARIABLE)
    values["google_credentials"] = _secret(GOOGLE_CREDENTIALS_VARIABLE)
    return file.validate(Settings, values, not_keys=_NOT_IN_THE_FILE)


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
