"""At stake: what an operation is "as of", that it is opened whole and closed whole, and that only a simulated one meets
the simulator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from pytest_httpserver import HTTPServer

from delivery_ops import clock
from delivery_ops.errors import BadUsage
from delivery_ops.lake.datasets import TOUCHES
from delivery_ops.operation import CONSUMERS, check_page, open_operation
from delivery_ops.settings import Settings

Factory = Callable[..., Settings]

DAYS = [
    ("Europe/Berlin", date(2026, 1, 7), datetime(2026, 1, 7, 23, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 7, 7), datetime(2026, 7, 7, 22, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),  # of 23 hours
    ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),  # of 25 hours
    ("Pacific/Kiritimati", date(2026, 1, 1), datetime(2026, 1, 1, 10, tzinfo=UTC)),  # the first zone to see a day end
]


@pytest.fixture
def real(settings_factory: Factory, empty_database_url: str) -> Settings:
    return settings_factory(database_url=empty_database_url)


def test_a_date_ends_at_midnight_of_the_operations_zone(real: Settings, settings_factory: Factory) -> None:
    with open_operation(real) as operation:
        for zone, day, end in DAYS:
            elsewhere = replace(operation, settings=settings_factory(zone=zone), date=day)
            assert elsewhere.end_of_date.astimezone(UTC) == end, (zone, day)


def test_what_is_opened_can_be_used_and_is_closed_again(real: Settings) -> None:
    with open_operation(real) as operation:
        operation.catch_up()
        assert operation.ledger.head() is None
        assert operation.lake.rows(TOUCHES) == 0
        assert operation.open_for > timedelta(0)
    assert real.database_url
    with psycopg.connect(real.database_url.get_secret_value()) as connection:
        # Autovacuum and other workers of the server come and go in any database.
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        assert connection.execute(others).fetchone() == (0,)


def test_without_a_date_it_is_for_today_in_its_zone(real: Settings) -> None:
    with open_operation(real) as operation:
        assert operation.date == clock.today(real.tzinfo)


def test_every_consumer_has_a_name_of_its_own() -> None:
    assert len({consumer.name for consumer in CONSUMERS}) == len(CONSUMERS)


def test_only_a_simulated_operation_meets_the_simulator(real: Settings, settings_factory: Factory) -> None:
    with open_operation(real) as operation:
        assert (operation.routes, operation.search_console_endpoint) == ({}, None)
    simulated = settings_factory(database_url=real.database_url, simulated={"seed": 7})
    with open_operation(simulated) as operation:
        assert set(operation.routes) == {"www.halden.example", "www.mirava.example", "www.pellworm.example"}
        assert {ip for ip, _ in operation.routes.values()} == {"127.0.0.1"}
        assert (operation.search_console_endpoint or "").startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("target", "only", "page_url", "cause"),
    [
        pytest.param("x.html", "spelling", None, "no such gate", id="unknown gate"),
        pytest.param("x.html", None, None, "No such file", id="missing file"),
        pytest.param("https://x.example/", None, "https://y.example/", "has an address already", id="two addresses"),
    ],
)
def test_a_page_that_cannot_be_checked_is_wrong_usage(
    settings: Settings, tmp_path: Path, target: str, only: str | None, page_url: str | None, cause: str
) -> None:
    target = target if "://" in target else str(tmp_path / target)
    with pytest.raises(BadUsage, match=cause):
        check_page(settings, target, only=only, page_url=page_url)


def test_checking_a_page_follows_the_configured_modes_and_opens_nothing(
    settings_factory: Factory, tmp_path: Path
) -> None:
    page = tmp_path / "empty.html"
    page.write_text("<p>nothing of what a gate wants", encoding="utf-8")
    settings = settings_factory(gates={"schemaCheck": "monitor", "seoTagsPresent": "enforce"})
    judged = {each.gate: each.verdict for each in check_page(settings, str(page), only=None, page_url=None)}
    assert judged == {"schemaCheck": "monitor", "seoTagsPresent": "fail"}
    assert not settings.state_dir.exists()


def test_one_sites_network_is_closed_to_an_address_of_another_host(
    settings_factory: Factory, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/").respond_with_data("<p>inside", content_type="text/html")
    inside = httpserver.url_for("/").replace("localhost", "127.0.0.1")

    def outcomes(site: str) -> set[str]:
        sites = [{"url": site, "client": "acme", "allow_networks": ["127.0.0.0/8"]}]
        return {each.outcome for each in check_page(settings_factory(sites=sites), inside, only=None, page_url=None)}

    assert outcomes("http://staging.acme.example/") == {"error"}
    assert not httpserver.log
    assert outcomes("http://127.0.0.1/") == {"fail"}
