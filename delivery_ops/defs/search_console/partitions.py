"""The partitions of the export: Pacific days by configured properties.

Belongs here: the definition, and a partition key's way to (property, day) and back. Which days are due is not a
matter of partitions: ``search_console.due`` decides it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

import dagster as dg

from delivery_ops import settings

DAY, PROPERTY = "date", "property"
_NO_EXPORT_START = date(2026, 1, 1)  # an operation without Search Console still has the assets, without a property


def search_days() -> dg.MultiPartitionsDefinition:
    """Date by property of the operation that ``DELIVERY_OPS_CONFIG`` names."""
    configured = settings.load().search_console
    start = configured.start if configured else _NO_EXPORT_START
    properties = [each.property for each in configured.properties] if configured else []
    return dg.MultiPartitionsDefinition(
        {
            DAY: dg.DailyPartitionsDefinition(start_date=str(start), timezone="America/Los_Angeles"),
            PROPERTY: dg.StaticPartitionsDefinition(properties),
        }
    )


def partition_key(property_: str, day: date) -> dg.MultiPartitionKey:
    """The partition of one property's Pacific day."""
    return dg.MultiPartitionKey({DAY: str(day), PROPERTY: property_})


def days_by_property(keys: Iterable[str]) -> Mapping[str, list[date]]:
    """The days of each property among ``keys``, in date order. ``keys`` are those of ``search_days``."""
    days: dict[str, list[date]] = defaultdict(list)
    for key in keys:
        if not isinstance(key, dg.MultiPartitionKey):
            raise TypeError(f"{key!r} is no key of two dimensions")
        parts = key.keys_by_dimension
        days[parts[PROPERTY]].append(date.fromisoformat(parts[DAY]))
    return {property_: sorted(found) for property_, found in sorted(days.items())}
