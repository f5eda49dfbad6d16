"""Recorded deliveries and answers of a real Ghost 5.130, and the site they came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from delivery_ops.connectors.delivery import Delivery
from delivery_ops.connectors.mapping import DeliverableRule
from delivery_ops.connectors.pages import Site


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


@pytest.fixture(scope="session")
def recordings(reference_data: Path) -> list[Recorded]:
    files = sorted((reference_data / "data" / "ghost" / "deliveries").glob("*.json"))
    assert len(files) == 13
    return [_recorded(file) for file in files]


@pytest.fixture(scope="session")
def answers(reference_data: Path) -> Callable[[str], Any]:
    """A recorded answer of the API by its name."""

    def answer(name: str) -> Any:
        return json.loads((reference_data / "data" / "ghost" / "api" / f"{name}.json").read_text())

    return answer


def _recorded(file: Path) -> Recorded:
    one = json.loads(file.read_text(encoding="utf-8"))
    return Recorded(
        name=file.stem,
        registered_event=one["registered_event"],
        secret=one["secret"],
        headers=list(one["headers"].items()),
        body=one["body"].encode(),
    )


@pytest.fixture(scope="session")
def site() -> Site:
    return Site(
        name="agency-site",
        client_id="acme",
        url="http://127.0.0.1:2368/",
        rule=DeliverableRule(place="slug_prefix", value="dlv-[0-9]+"),
    )
