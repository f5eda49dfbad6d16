"""The committed demo configuration names what the simulator invents; nobody else keeps the two in step."""

from __future__ import annotations

import csv

from delivery_ops import settings
from delivery_ops.settings import DEFAULT_CONFIG
from delivery_ops.simulator import planted
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.catalogue import CLIENTS
from delivery_ops.simulator.files import files_of
from delivery_ops.simulator.records import Agency

DEMO = settings.load(DEFAULT_CONFIG)


def _agency() -> Agency:
    assert DEMO.simulated is not None
    return build(DEMO.simulated.seed)


def test_clients_sites_and_properties_are_the_invented_ones() -> None:
    assert [(c.id, c.name, c.tier) for c in DEMO.clients] == [(c.client_id, c.name, c.tier) for c in CLIENTS]
    assert [(s.url, s.client) for s in DEMO.sites] == [(c.site, c.client_id) for c in CLIENTS]
    assert DEMO.search_console is not None
    assert [(p.property, p.client) for p in DEMO.search_console.properties] == [
        (c.search_property, c.client_id) for c in CLIENTS
    ]


def test_every_type_of_deliverable_is_configured() -> None:
    assert {d.type for d in _agency().deliverables} == set(DEMO.deliverable_types)


def test_each_source_maps_every_column_of_the_export_it_points_at() -> None:
    exports = files_of(_agency())
    for source in DEMO.sources:
        path = settings.source_path(DEMO, source)
        assert path.parent == DEMO.state_dir / "simulated"
        header = next(csv.reader(exports[path.name].decode().splitlines()))
        assert set(source.columns.values()) == set(header)
    assert {settings.source_path(DEMO, source).name for source in DEMO.sources} == {
        name for name in exports if name.endswith(".csv")
    }


def test_a_rule_registers_the_deliverable_no_file_lists_and_none_registers_the_stranger() -> None:
    def matching(deliverable_id: str) -> list[tuple[str, str]]:
        rules = DEMO.registration.rules
        return [(rule.client, rule.type) for rule in rules if deliverable_id.startswith(rule.id_prefix)]

    by_rule = next(d for d in _agency().deliverables if d.deliverable_id == planted.REGISTERED_BY_RULE)
    assert matching(by_rule.deliverable_id) == [(by_rule.client_id, by_rule.type)]
    assert matching(planted.STRANGER) == []
