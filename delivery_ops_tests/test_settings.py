"""The settings of an operation: what the demo's file means, and how a wrong one is refused."""

from __future__ import annotations

import copy
import functools
import operator
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from delivery_ops import settings as settings_module
from delivery_ops.config_words import Key
from delivery_ops.errors import BadUsage

MINIMAL = """\
operation: test
zone: Europe/Berlin
clients:
  - {id: acme, name: Acme, tier: gold}
deliverable_types: [article]
"""
TOUCHES = "{name: a, kind: touches, path: x, columns: {touch_id: i, contact_id: c, touched_at: t}}"


def load(directory: Path, text: str = MINIMAL) -> settings_module.Settings:
    (directory / "delivery_ops.yaml").write_text(text, encoding="utf-8")
    return settings_module.load(directory)


def test_the_smallest_file_has_defaults_and_absolute_paths(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.state_dir == tmp_path.resolve() / "state"
    assert settings.attribution.window_days == 30
    assert settings.search_console is None
    assert settings.client_by_id["acme"].tier == "gold"


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        (
            "sites:\n  - {url: 'http://a.example/', client: other}\n",
            r"line 7, key sites.0.client: no client 'other' is configured; there are acme",
        ),
        ("sites:\n  - {url: 'a.example', client: acme}\n", r"line 7, key sites.0.url"),
        ("zonee: x\n", r"key zonee: no such key; allowed are operation, zone"),
        (
            "registration: {rules: [{id_prefix: '', client: acme, type: x}]}\n",
            r"line 6, key registration.rules.0.type: deliverable_types has no 'x'; it has article",
        ),
        (
            "sources:\n  - {name: a, kind: clicks, path: x, columns: {}}\n",
            r"'deliverables', 'touches', 'deals', 'revenue' or 'costs'",
        ),
        ("database_url: x\n", r"key database_url: is not set here"),
        ("search_console: {start: 2026-13-01}\n", r"line 6, key search_console.start"),
        (
            "sites:\n  - {url: 'http://a.example/', client: acme, allow_networks: [localhost]}\n",
            r"allow_networks.0",
        ),
        (
            "search_console: {start: 2026-01-01, properties: [{property: 'sc-domain:a.example', client: acme}, "
            "{property: 'sc-domain:a.example', client: acme}]}\n",
            r"line 6, key search_console.properties.1.property: 'sc-domain:a.example' stands there more than once",
        ),
        ("gates: {schemaCheck: strict}\n", r"'enforce' or 'monitor'"),
        ("attribution:\n  models: []\n", r"line 7, key attribution.models: "),
        (
            "attribution:\n  models:\n    - first\n    - first\n",
            r"line 9, key attribution.models.1: 'first' stands there more than once",
        ),
        (
            f"sources:\n  - {TOUCHES}\n  - {TOUCHES}\n",
            r"line 8, key sources.1.name: 'a' stands there more than once",
        ),
        (
            "sources:\n  - " + TOUCHES.replace("}}", "}, client: who}") + "\n",
            r"line 7, key sources.0.client: no client 'who' is configured",
        ),
        (
            "sources:\n  - " + TOUCHES.replace("at: t", "moment: t") + "\n",
            r"line 7, key sources.0.columns.touched_moment: touches have no field .touched_moment.; allowed",
        ),
    ],
)
def test_a_wrong_setting_is_refused_with_its_place(tmp_path: Path, addition: str, expected: str) -> None:
    with pytest.raises(BadUsage, match=expected):
        load(tmp_path, MINIMAL + addition)


EVERYTHING: dict[str, Any] = {
    "operation": "test",
    "zone": "Europe/Berlin",
    "state_dir": "state",
    "simulated": {"seed": 7},
    "clients": [{"id": "acme", "name": "Acme", "tier": "gold"}],
    "deliverable_types": ["article"],
    "sites": [{"url": "http://a.example/", "client": "acme", "allow_networks": ["10.0.0.0/8"]}],
    "registration": {"rules": [{"id_prefix": "", "client": "acme", "type": "article"}]},
    "sources": [
        {
            "name": "crm",
            "kind": "touches",
            "path": "x.csv",
            "columns": {"touch_id": "id", "contact_id": ["a", "b"], "touched_at": "at", "channel": "by"},
            "constants": {"touch_type": "mql"},
            "values": {"channel": {"theirs": "ours"}},
            "client": "acme",
            "zone": "UTC",
        }
    ],
    "search_console": {
        "start": "2026-03-02",
        "trailing_days": 10,
        "properties": [{"property": "sc-domain:a.example", "client": "acme"}],
        "endpoint": "http://127.0.0.1:8080",
    },
    "attribution": {"window_days": 30, "models": ["first", "last"]},
    "mismatch": {"min_impressions": 10, "window_days": 30, "search_lag_days": 3},
    "gates": {"schemaCheck": "enforce"},
}
WRONG: list[Any] = [None, True, -5, 1.5, "", "no such thing", "a\0", [], [5], [[]], {}, {"a": 5}, {"a": None}, 10**18]
JARGON = re.compile(r"(?i:input|valid|instance|dictionary|tuple|\bdict\b|\bstr|parse|field req|<class|\[key|lax)|None")


def refusal(directory: Path, text: str) -> BadUsage | None:
    try:
        load(directory, text)
    except BadUsage as refused:
        return refused
    return None


def places(value: Any, key: Key = ()) -> Iterator[Key]:
    """Every key below ``value``."""
    for part, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield (*key, part)
        yield from places(inner, (*key, part))


def keys_named(model: type[BaseModel]) -> set[str]:
    """Every key that a file may have for ``model`` and the sections inside it."""
    inside = [a for field in model.model_fields.values() for a in models_of(field.annotation)]
    return {*model.model_fields}.union(*map(keys_named, inside))


def models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_of(argument)


def test_the_walk_below_visits_every_key_there_is() -> None:
    named = keys_named(settings_module.Settings) - {"config_dir", "database_url", "google_credentials"}
    assert {part for key in places(EVERYTHING) for part in key if isinstance(part, str)} >= named


@pytest.mark.parametrize("key", list(places(EVERYTHING)), ids=lambda key: ".".join(map(str, key)))
def test_a_wrong_shape_at_any_key_is_told_in_peoples_words_at_its_line(tmp_path: Path, key: Key) -> None:
    for wrong in WRONG:
        whole = copy.deepcopy(EVERYTHING)
        functools.reduce(operator.getitem, key[:-1], whole)[key[-1]] = wrong
        text = yaml.safe_dump(whole, sort_keys=False)
        refused = refusal(tmp_path, text)
        if refused is None:  # it may be so: text where text is wanted
            continue
        assert not JARGON.search(refused.cause), (wrong, refused.cause)
        named = re.search(r"delivery_ops\.yaml, line (\d+), key (\S+)$", refused.subject)
        assert named, (wrong, refused.subject)
        line, last = text.splitlines()[int(named[1]) - 1], named[2].rpartition(".")[2]
        # An item of a list is told at its dash, and a key that is missing at what it is missing from.
        assert ("- " if last.isdigit() else last) in line or "must be given" in refused.cause, refused.subject


@pytest.mark.parametrize("url", ["http://:80/", "http://[::zz]/", "http://a b.example/", "http://./"])
def test_a_site_whose_host_cannot_be_read_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(
        BadUsage, match=r"line 7, key sites.0.url: .* is no site: http:// or https://, a host,"
    ) as refused:
        load(tmp_path, f"{MINIMAL}sites:\n  - {{url: '{url}', client: acme}}\n")
    assert repr(url) in refused.value.cause


def test_keys_that_are_refused_are_not_offered(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="no such key") as refused:
        load(tmp_path, f"{MINIMAL}sorces: []\n")
    for name in ("config_dir", "database_url", "google_credentials"):
        assert name not in refused.value.cause
    assert "sources" in refused.value.cause


def test_a_file_in_the_place_of_its_directory_is_refused_with_the_directory(tmp_path: Path) -> None:
    load(tmp_path)
    with pytest.raises(BadUsage, match=f"it is a file.*Name {tmp_path}") as refused:
        settings_module.load(tmp_path / "delivery_ops.yaml")
    assert refused.value.remedy == f"Name {tmp_path.resolve()}."


def test_an_unknown_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=r"line 2, key zone: 'Berlin' is no IANA time zone"):
        load(tmp_path, MINIMAL.replace("Europe/Berlin", "Berlin"))


def test_secrets_come_from_the_environment_or_a_named_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("postgresql://u:canary@h/db\n", encoding="utf-8")
    monkeypatch.setenv("DELIVERY_OPS_DATABASE_URL_FILE", str(tmp_path / "secret"))
    settings = load(tmp_path)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://u:canary@h/db"
    assert "canary" not in repr(settings)


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELIVERY_OPS_DATABASE_URL_FILE", str(tmp_path / "absent"))
    with pytest.raises(BadUsage, match="DELIVERY_OPS_DATABASE_URL_FILE="):
        load(tmp_path)


def test_a_command_to_copy_names_the_directory_unless_it_is_the_default() -> None:
    assert settings_module.option_of(settings_module.DEFAULT_CONFIG) == ""
    assert settings_module.option_of(Path("my agency")) == " --config 'my agency'"
