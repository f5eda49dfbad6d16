"""At stake: every line of a file must come out as something, in text and as JSON, with the exit code scripts read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from delivery_ops_tests.commanding import Said, give


def event(key: str, **changes: Any) -> str:
    plain = {
        "event_type": "intake.received",
        "schema_version": 1,
        "source": "cms",
        "idempotency_key": key,
        "timestamp": "2026-03-02T09:00:00Z",
        "actor": {"role": "editor", "id": "p-7"},
        "deliverable_id": "acme-1",
        "payload": {},
    }
    return json.dumps(plain | changes)


LINES = [
    event("1"),
    event("1"),
    event("1", event_type="scope.accepted"),
    event("2", event_type="asset.archived"),
    "{",
    event("3", deliverable_id="nobody-1"),
    event("4", event_type="page.published"),
]
REFUSED = [
    (3, "conflict", "another body"),
    (4, "rejected", "asset.archived"),
    (5, "rejected", "double quotes at line 1, column 2"),
    (6, "rejected", "nobody registered it"),
    (7, "rejected", "url"),
]


@pytest.fixture(scope="module")
def appended(small: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[Said]:
    """The file appended three times: for programs, for people, and its first line alone."""
    file = tmp_path_factory.mktemp("feed") / "events.ndjson"
    file.write_text("\n".join(LINES), encoding="utf-8")
    said = [
        give("events", "append", file, "--json", environment=small),
        give("events", "append", file, environment=small),
    ]
    file.write_text(LINES[0], encoding="utf-8")
    return [*said, give("events", "append", file, environment=small)]


def test_events_append_tells_the_balance_and_every_refused_line(appended: list[Said]) -> None:
    said = appended[0]
    assert said.code == 1
    assert said.err.startswith("  Appending events.ndjson (")
    document = said.document
    refused = document.pop("refused")
    assert document == {"received": 7, "kept": 1, "duplicate": 1, "conflict": 1, "rejected": 4}
    assert [(line["line"], line["outcome"]) for line in refused] == [
        (number, outcome) for number, outcome, _ in REFUSED
    ]
    for line, (_, _, reason) in zip(refused, REFUSED, strict=True):
        assert reason in line["reason"]


def test_events_append_again_keeps_nothing_and_tells_people_the_same(appended: list[Said]) -> None:
    said = appended[1]
    assert said.code == 1
    balance, *lines = said.out.splitlines()
    assert balance == "received 7  kept 0  duplicate 2  conflict 1  rejected 4"
    assert [line.split(": ")[:2] for line in lines] == [[f"line {n}", outcome] for n, outcome, _ in REFUSED]


def test_events_append_of_nothing_to_refuse_exits_0(appended: list[Said]) -> None:
    assert (appended[2].code, appended[2].out) == (0, "received 1  kept 0  duplicate 1  conflict 0  rejected 0\n")


@pytest.mark.usefixtures("appended")
def test_events_show_prints_the_timeline(small: Mapping[str, str]) -> None:
    as_json = give("events", "show", "acme-1", "--json", environment=small)
    assert as_json.code == 0
    assert [each["event_type"] for each in as_json.document] == ["deliverable.registered", "intake.received"]
    assert as_json.document[1]["actor"] == {"role": "editor", "id": "p-7"}
    text = give("events", "show", "acme-1", environment=small)
    assert (text.code, text.err) == (0, "")
    [_, line] = text.out.splitlines()
    assert line.split() == ["2026-03-02", "09:00:00Z", "intake.received", "editor", "p-7", "cms"]


def test_events_show_tells_things_in_the_order_they_happened_and_of_many_only_what_it_was(
    small: Mapping[str, str], tmp_path: Path
) -> None:
    submitted = {"sitemap_url": "https://www.acme.example/s.xml", "deliverable_ids": ["acme-7", "acme-8"]}
    invoiced = {"invoice_id": "R-1", "amount_minor": 900, "currency": "EUR", "deliverable_ids": ["acme-7"]}
    about_many = {"deliverable_id": None, "timestamp": "2026-03-05T09:00:00Z"}
    file = tmp_path / "events.ndjson"
    file.write_text(
        "\n".join(
            [
                event("m1", event_type="sitemap.submitted", payload=submitted, **about_many),
                event("m2", event_type="invoice.generated", payload=invoiced, **about_many),
                event("o1", event_type="work.logged", payload={"minutes": 30}, deliverable_id="acme-7"),
            ]
        )
    )
    assert give("events", "append", file, environment=small).code == 0
    lines = give("events", "show", "acme-7", environment=small).out.splitlines()
    assert [(line.split()[2], line.rpartition("cms  ")[2]) for line in lines] == [
        ("work.logged", "minutes=30"),
        ("deliverable.registered", "first_source=cms, tier=gold, type=article, url=None"),
        ("sitemap.submitted", "sitemap_url=https://www.acme.example/s.xml, about 2 deliverables"),
        ("invoice.generated", "currency=EUR, invoice_id=R-1"),
    ]
    as_json = give("events", "show", "acme-7", "--json", environment=small).document
    assert [each["event_type"] for each in as_json] == [line.split()[2] for line in lines]


@pytest.mark.parametrize("name", ["nobody-1", "acme-1 ", "ACME-1", "x' OR '1'='1", "😀", "%", "[bold]"])
@pytest.mark.usefixtures("appended")
def test_events_show_of_an_unknown_deliverable_exits_2(small: Mapping[str, str], name: str) -> None:
    said = give("events", "show", name, environment=small)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        f"showing a timeline: {name.strip()}",
        "  no event names it",
        "  Check the deliverable_id.",
    ]


@pytest.mark.parametrize("as_json", [True, False])
def test_events_append_of_no_file_exits_2(small: Mapping[str, str], tmp_path: Path, as_json: bool) -> None:
    said = give("events", "append", tmp_path / "none", *(["--json"] if as_json else []), environment=small)
    assert said.code == 2
    assert "No such file" in (said.document["cause"] if as_json else said.err)
