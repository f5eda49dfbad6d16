"""The settings of an operation: what the demo's file means, and how a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from delivery_ops import settings as settings_module
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
