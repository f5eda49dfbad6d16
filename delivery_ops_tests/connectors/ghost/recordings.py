"""Deliveries that a real Ghost 5.130 sent, read in place, and the site they came from."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.pages import Site

SITE = Site(
    name="agency-site",
    client_id="acme",
    url="http://127.0.0.1:2368/",
    rule=DeliverableRule(place="slug_prefix", value="dlv-[0-9]+"),
)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One delivery as Ghost sent it. ``registered_event`` stands only in the recording, not in what was sent."""

    name: str
    registered_event: str
    secret: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def sent_at(self) -> datetime:
        signature = dict(self.headers)["x-ghost-signature"]
        return datetime.fromtimestamp(int(signature.rpartition("t=")[2]) / 1000, UTC)

    @property
    def delivery(self) -> Delivery:
        return Delivery(headers=self.headers, body=self.body, received_at=self.sent_at)


def read_recordings(reference_data: Path) -> list[Recorded]:
    """All thirteen, in the order they were sent."""
    files = sorted((reference_data / "data" / "ghost" / "deliveries").glob("*.json"))
    assert len(files) == 13
    return [_recorded(file) for file in files]


def signed(body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """The headers with which Ghost would send ``body``."""
    milliseconds = f"{int(at.timestamp() * 1000):013}"
    digest = hmac.digest(secret.encode(), body + milliseconds.encode(), "sha256").hex()
    return {"content-type": "application/json", "x-ghost-signature": f"sha256={digest}, t={milliseconds}"}


def _recorded(file: Path) -> Recorded:
    one = json.loads(file.read_text(encoding="utf-8"))
    return Recorded(
        name=file.stem,
        registered_event=one["registered_event"],
        secret=one["secret"],
        headers=list(one["headers"].items()),
        body=one["body"].encode(),
    )
