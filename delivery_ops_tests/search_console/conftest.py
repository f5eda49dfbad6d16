"""A small Search Console on loopback whose truth a test writes down, and an exporter that asks it."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import unquote

import pytest
from werkzeug import Response

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.search_console.client import SearchConsoleClient
from delivery_ops.search_console.export import Exporter
from delivery_ops_tests.search_console.answers import Answers

QUERY = re.compile(r"/webmasters/v3/sites/(.+)/searchAnalytics/query")


@dataclass
class TinySearchConsole:
    """``truth[property][day]`` maps (query, page) to (clicks, impressions); totals and page rows are its sums.

    Days from ``first_incomplete`` on are answered with what there is so far, as the real one does. ``faults`` maps
    a property, or (property, day), to the (status, body) it is answered with; bytes are sent as they are. ``calls``
    counts requests: a probe is one over several days.
    """

    endpoint: str
    truth: dict = field(default_factory=dict)
    first_incomplete: date | None = None
    faults: dict = field(default_factory=dict)
    calls: Counter = field(default_factory=Counter)

    def answer(self, request):
        name = unquote(QUERY.fullmatch(request.path)[1])
        body = request.get_json()
        first, last = date.fromisoformat(body["startDate"]), date.fromisoformat(body["endDate"])
        self.calls[name, "probe" if first != last else str(first)] += 1
        fault = self.faults.get(name) or (first == last and self.faults.get((name, first)))
        if fault:
            status, error = fault
            data = error if isinstance(error, bytes) else json.dumps(error)
            return Response(data, status=status, content_type="application/json")
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        rows = [row for day in days for row in self._rows(name, day, tuple(body["dimensions"]))]
        answer = {"responseAggregationType": "byPage"} | ({"rows": rows} if rows else {})
        if self.first_incomplete and self.first_incomplete <= last:
            answer["metadata"] = {"first_incomplete_date": max(first, self.first_incomplete).isoformat()}
        return Response(json.dumps(answer), content_type="application/json")

    def _rows(self, name, day, dimensions):
        sums = {}
        for (query, page), (clicks, impressions) in self.truth.get(name, {}).get(day, {}).items():
            named = {"date": str(day), "query": query, "page": page}
            key = tuple(named[dimension] for dimension in dimensions)
            before = sums.get(key, (0, 0))
            sums[key] = (before[0] + clicks, before[1] + impressions)
        for key, (clicks, impressions) in sums.items():
            yield {
                "keys": list(key),
                "clicks": float(clicks),
                "impressions": float(impressions),
                "ctr": clicks / impressions,
                "position": 2.5,
            }


@pytest.fixture
def search_api(httpserver):
    tiny = TinySearchConsole(endpoint=httpserver.url_for("").rstrip("/"))
    httpserver.expect_request("/webmasters/v3/sites").respond_with_json({"siteEntry": []})
    httpserver.expect_request(QUERY, method="POST").respond_with_handler(tiny.answer)
    return tiny


@pytest.fixture
def exporter(search_api, database, tmp_path):
    """An exporter on a fresh database and lake, which never really waits."""
    lake = Lake(tmp_path / "lake")
    lake.prepare()
    return Exporter(
        client=SearchConsoleClient(endpoint=search_api.endpoint, sleep=lambda seconds: None),
        lake=lake,
        ledger=Ledger(database.engine(Role.writer)),
        database=database,
    )


@pytest.fixture
def own(exporter):
    """Registers a deliverable at an address that was nobody's: its page since ever."""

    def own(deliverable_id, url):
        payload = {"type": "landing_page", "tier": "gold", "url": url, "first_source": "test"}
        draft = EventDraft(
            event_type="deliverable.registered",
            source="test",
            idempotency_key=f"register:{deliverable_id}",
            timestamp=clock.now(),
            actor_role="system",
            deliverable_id=deliverable_id,
            client_id="acme",
            payload=payload,
        )
        [result] = exporter.ledger.append([draft])
        assert result.outcome == "kept"
        catch_up(exporter.database.engine(Role.folder), [DELIVERABLES])

    return own


@pytest.fixture
def api(httpserver):
    return Answers(httpserver)


@pytest.fixture
def naps():
    return []
