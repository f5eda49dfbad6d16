"""What every section of a configuration is made of: its strict base, and the values that several sections have.

Belongs here: ``Section``, and each kind of value with the sentence that refuses a wrong one. Does not belong here: any
section (``settings`` and the files it is made of), and reading a file (``config_file``). A number and a date are taken
as what they are or from the text of a variable, and from nothing else: ``true`` is no 1, and 20260302 no date.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from delivery_ops.config_words import kind
from delivery_ops.urls import page_key

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_SITE = re.compile(r"https?://[^/\\?#@\s]+/")
_DOMAIN_PROPERTY = re.compile(r"sc-domain:([^/\\?#@:\s]+)")
_PREFIX_PROPERTY = re.compile(r"https?://\S+/")
LONGEST_DAYS = 36_525
"""A century; longer ones leave the range of instants."""


def _identifier(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        msg = f"{name!r} is no name: 1 to 63 letters, digits, '_', '.' and '-', beginning with a letter or digit"
        raise ValueError(msg)
    return name


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        msg = f"{name!r} is no IANA time zone, such as Europe/Berlin or UTC"
        raise ValueError(msg)
    return name


def _site(url: str) -> str:
    if not _SITE.fullmatch(url) or page_key(url) is None:
        msg = f"{url!r} is no site: http:// or https://, a host, and / at the end, such as https://www.example.com/"
        raise ValueError(msg)
    return url


def _web_address(url: str) -> str:
    if page_key(url) is None:
        msg = f"{url!r} is no web address: http:// or https:// and a host"
        raise ValueError(msg)
    return url


def _search_property(name: str) -> str:
    domain = _DOMAIN_PROPERTY.fullmatch(name)
    url = f"http://{domain[1]}/" if domain else name
    if not _PREFIX_PROPERTY.fullmatch(url) or page_key(url) is None:
        msg = f"{name!r} is no property: sc-domain:example.com, or an address that ends in /"
        raise ValueError(msg)
    return name


def _network(value: object) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    why = f" (found {kind(value)})"
    if isinstance(value, str):
        try:
            return ip_network(value)
        except ValueError as error:
            why = f": {error}"
    msg = f"a network is wanted, such as 10.0.0.0/8{why}"
    raise ValueError(msg)


def _number_from_text(value: object) -> object:
    if isinstance(value, str):
        with suppress(ValueError):
            return int(value)
    return value


def _date_from_text(value: object) -> object:
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
ZoneName = Annotated[str, AfterValidator(_known_zone)]
SiteUrl = Annotated[str, AfterValidator(_site)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
PropertyName = Annotated[str, AfterValidator(_search_property)]
Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]
WholeNumber = Annotated[int, Field(strict=True), BeforeValidator(_number_from_text)]
Count = Annotated[WholeNumber, Field(ge=1, le=10**9)]
Days = Annotated[WholeNumber, Field(ge=1, le=LONGEST_DAYS)]
Day = Annotated[date, Field(strict=True), BeforeValidator(_date_from_text)]
FilePath = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """Keys with values; a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
