"""At stake: a value that is wrong and taken, and comes back as a page nobody judges or a date out of range at night."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from delivery_ops import config_values as values
from delivery_ops.urls import page_key


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        (values.SiteUrl, "https://www.acme.example:8443/", "https://www.acme.example:8443/"),
        (values.SiteUrl, "http://bücher.example/", "http://bücher.example/"),
        (values.SiteUrl, "http://[::1]:80/", "http://[::1]:80/"),
        (values.PropertyName, "sc-domain:acme.example", "sc-domain:acme.example"),
        (values.PropertyName, "https://acme.example/shop/", "https://acme.example/shop/"),
        (values.WebAddress, "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (values.Network, "10.0.0.0/8", ip_network("10.0.0.0/8")),
        (values.Network, "::1", ip_network("::1/128")),
        (values.Days, "30", 30),  # text, as a variable gives it
        (values.Days, values.LONGEST_DAYS, 36_525),
        (values.Day, "2028-02-29", date(2028, 2, 29)),
        (values.Day, date(2026, 3, 2), date(2026, 3, 2)),
        (values.Identifier, "0a_.-", "0a_.-"),
        (values.ZoneName, "Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_what_can_be_meant_is_taken(kind: Any, given: object, taken: object) -> None:
    assert TypeAdapter(kind).validate_python(given) == taken


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *(
            (values.SiteUrl, url)
            for url in (
                "http://:80/",
                "http:///",
                "http://./",
                "http://[::zz]/",
                "http://a b.example/",
                "http://a.example:99999/",
                "http://a.example",
                "http://a.example/x",
                "http://a.example?x/",
                "http://a.example#x/",
                "http://me:pw@a.example/",
                "ftp://a.example/",
                "http://a.example/\n",
            )
        ),
        *((values.PropertyName, name) for name in ("acme.example", "sc-domain:", "sc-domain:a/b", "http://:80/")),
        *((values.WebAddress, url) for url in ("localhost:80", "http://:80/")),
        *((values.Network, network) for network in ("localhost", "10.0.0.1/8", "::1/129", 5, None, ["10.0.0.0/8"])),
        *((values.Days, days) for days in (0, -1, 36_526, True, 1.0, "1.5", "many", None)),
        *(
            (values.Day, day)
            for day in ("2026-02-29", "0000-01-01", "99999-01-01", "2026-01-01T00:00", 0, True, "soon")
        ),
        *((values.Identifier, name) for name in ("", "a b", "-a", "ä", "a\n", "a" * 64)),
        *((values.ZoneName, name) for name in ("Berlin", "", "../etc/passwd")),
    ],
)
def test_what_cannot_be_meant_is_refused(kind: Any, given: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)


def test_every_site_that_is_taken_has_a_page_key() -> None:
    assert page_key(TypeAdapter(values.SiteUrl).validate_python("HTTP://A.example/".lower())) == "a.example/"
