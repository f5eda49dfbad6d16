"""The simulator's servers for as long as a context lasts: ``serving(seed)``.

Belongs here: starting and stopping the website and the Search Console of one agency. They hold no state, so any
number of them, in any process, show the same. Does not belong here: what they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from delivery_ops.simulator import search_console_server, website
from delivery_ops.simulator.agency import build
from delivery_ops.simulator.faults import Fault
from delivery_ops.simulator.loopback import listening
from delivery_ops.simulator.search_console_answers import Property


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """Where the servers listen: ``routes`` by host name of the simulated sites, and Search Console's root URL."""

    routes: Mapping[str, tuple[str, int]]
    search_console_endpoint: str


@contextmanager
def serving(seed: int, *, faults: Mapping[str, Fault] | None = None) -> Iterator[Served]:
    """Serve the agency of ``seed`` on 127.0.0.1; ``faults`` break Search Console properties, by property name."""
    agency = build(seed)
    properties = [Property.of(client, agency.sightings) for client in agency.clients]
    console = search_console_server.respond(properties, faults or {})
    with listening(website.respond(agency)) as site, listening(console) as (ip, port):
        yield Served(
            routes={client.host: site for client in agency.clients},
            search_console_endpoint=f"http://{ip}:{port}",
        )
