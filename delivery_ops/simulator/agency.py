"""The whole agency from one seed: ``build(seed)``.

Belongs here: putting the parts together. Pure: the same seed gives an equal agency on every machine; no clock, no
files, no global randomness. Does not belong here: any of the parts.
"""

from __future__ import annotations

from functools import lru_cache

from delivery_ops.simulator.cases import remarkable_customers
from delivery_ops.simulator.catalogue import CLIENTS
from delivery_ops.simulator.costs import costs
from delivery_ops.simulator.crm import customers
from delivery_ops.simulator.feed import events
from delivery_ops.simulator.lifecycle import deliverables
from delivery_ops.simulator.records import Agency
from delivery_ops.simulator.search_demand import sightings


@lru_cache(maxsize=4)
def build(seed: int) -> Agency:
    """Everything the agency of ``seed`` is, did and earned."""
    made = deliverables(seed)
    known = customers(seed, made) + remarkable_customers()
    return Agency(
        seed=seed,
        clients=CLIENTS,
        deliverables=made,
        events=events(seed, made),
        touches=known.touches,
        deals=known.deals,
        revenue=known.revenue,
        costs=costs(seed, made),
        sightings=sightings(seed, made),
    )
