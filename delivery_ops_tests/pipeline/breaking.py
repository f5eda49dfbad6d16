"""The demo's agency on a bad day: what fails around the operation, and how it becomes well again.

Nothing of the operation is replaced. Its Search Console and one more site are servers on loopback that its
configuration names, and its files are the agency's, one of them missing and one that is no table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from delivery_ops.database import frozen_clock
from delivery_ops.demo import NOW
from delivery_ops.ledger.balance import Balance
from delivery_ops.ledger.intake import append_ndjson
from delivery_ops.operation import open_operation
from delivery_ops.settings import Settings
from delivery_ops.simulator import faults, search_console_server
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.catalogue import HALDEN, MIRAVA
from delivery_ops.simulator.files import EVENTS, write_files
from delivery_ops.simulator.loopback import Answer, Request, listening
from delivery_ops.simulator.search_console_answers import Property
from delivery_ops_tests.pipeline.operated import SEED, demo_configuration

BROKEN_DATE = date(2026, 3, 24)
HEALED_NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
FORBIDDEN, OVER_QUOTA = HALDEN.search_property, MIRAVA.search_property
MISSING, UNPARSABLE = "costs.csv", "deals.csv"
ON_SILENT_SITE = "pellworm-ext-02"  # registered by the configuration's rule when an event names it


@dataclass(kw_only=True)
class Surroundings:
    """``console`` is Search Console's root address, ``site`` a site's URL; ``are_well`` says how both answer."""

    console: str
    site: str
    are_well: bool = False


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """A Search Console with one property forbidden and one over its quota, and a site that does not answer."""
    agency = build(SEED)
    properties = [Property.of(client, agency.sightings) for client in agency.clients]
    troubles = {FORBIDDEN: faults.forbidden(FORBIDDEN), OVER_QUOTA: faults.quota_exceeded()}
    sound = search_console_server.respond(properties, {})
    ailing = search_console_server.respond(properties, troubles)

    def console(request: Request) -> Answer | None:
        return (sound if around.are_well else ailing)(request)

    def site(request: Request) -> Answer | None:
        return _page(f"http://{request.headers['host']}{request.target}") if around.are_well else None

    with listening(console) as (console_ip, console_port), listening(site) as (site_ip, site_port):
        around = Surroundings(console=f"http://{console_ip}:{console_port}", site=f"http://{site_ip}:{site_port}/")
        yield around


def configuration(around: Surroundings) -> str:
    """The demo's, with its Search Console and one more site elsewhere on this machine."""
    site = f'  - {{url: "{around.site}", client: pellworm, allow_networks: [127.0.0.1/32]}}\n'
    text = demo_configuration()
    for place, more in (("sites:\n", site), ("search_console:\n", f"  endpoint: {around.console}\n")):
        assert text.count(f"\n{place}") == 1
        text = text.replace(f"\n{place}", f"\n{place}{more}")
    return text


def begin(settings: Settings, around: Surroundings) -> Balance:
    """The demo's four weeks up to its run, as ``demo`` prepares them, and one page on the silent site; then one file
    goes and one becomes no table."""
    folder = settings.state_dir / "simulated"
    with open_operation(settings) as operation:
        frozen_clock.freeze(settings, operation.database, NOW)
        write_files(SEED, folder)
        [listed] = [source for source in settings.sources if source.kind == "deliverables"]
        operation.load(listed)
        append_ndjson(operation.ledger, folder / EVENTS, operation.registrar)
        balance = append_ndjson(operation.ledger, [_published(around)], operation.registrar)
        operation.catch_up()
    (folder / MISSING).unlink()
    (folder / UNPARSABLE).write_bytes(b"PAR1 and no more of it")
    return balance


def heal(settings: Settings, around: Surroundings) -> None:
    """The next day, and everything answers again."""
    with open_operation(settings) as operation:
        frozen_clock.freeze(settings, operation.database, HEALED_NOW)
        write_files(SEED, settings.state_dir / "simulated")
    around.are_well = True


def _published(around: Surroundings) -> bytes:
    event = {
        "event_type": "page.published",
        "schema_version": 1,
        "source": "cms",
        "idempotency_key": f"{ON_SILENT_SITE}/page.published/1",
        "deliverable_id": ON_SILENT_SITE,
        "actor": {"role": "publisher"},
        "timestamp": "2026-03-20T09:00:00Z",
        "payload": {"url": f"{around.site}guide/"},
    }
    return json.dumps(event).encode()


def _page(url: str) -> Answer:
    """A page that passes both gates."""
    thing = {"@context": "https://schema.org", "@type": "Article", "headline": "Guide"}
    html = (
        f'<html lang="en"><head><title>Guide</title><meta name="description" content="{"x" * 60}">'
        f'<link rel="canonical" href="{url}"></head><body><h1>Guide</h1>'
        f'<script type="application/ld+json">{json.dumps(thing)}</script></body></html>'
    )
    return Answer(body=html.encode())
