"""At stake: a site that is down told as a handful of pages, or one page that is down told as a site; and a check that
turns green because nobody looked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import dagster as dg
import pytest
from pytest_httpserver import HTTPServer

from delivery_ops import clock
from delivery_ops.contracts.envelope import EventDraft
from delivery_ops.defs.gates.assets import _check_specs, evaluations, gate_check, not_judged, silent_sites
from delivery_ops.defs.outcomes import Outcome as StepOutcome
from delivery_ops.deliverables.pages import PublishedPage
from delivery_ops.gates.due import by_page_and_gate
from delivery_ops.gates.results import GateResult
from delivery_ops.gates.sites import by_site
from delivery_ops.gates.standing import Standing
from delivery_ops.gates.verdicts import Outcome
from delivery_ops.operation import Operation, open_operation
from delivery_ops.settings import CONFIG_VARIABLE, Settings, Site
from delivery_ops.urls import page_key

SITES = [Site(url="http://a.example/", client="a"), Site(url="http://b.example/", client="b")]
AT = datetime(2026, 3, 30, tzinfo=UTC)
A, B = "http://a.example/x", "http://a.example/y"


def page(url: str) -> PublishedPage:
    key = page_key(url) or url
    return PublishedPage(deliverable_id="d", client_id="a", url=url, page_key=key, published_at=AT, changed_at=AT)


def results(url: str, *outcomes: Outcome) -> list[GateResult]:
    """One for each gate, ``gate0`` and so on."""
    found = {"error": "unreachable", "fail": "title_missing"}
    return [
        GateResult(
            event_id=UUID(int=1),
            deliverable_id="d",
            gate=f"gate{number}",
            url=url,
            page_key=page(url).page_key,
            outcome=outcome,
            mode="enforce",
            verdict=outcome,
            cause="sweep",
            rules_version="1",
            evaluated_at=AT,
            findings=[{"code": found[outcome], "message": "it did not answer"}] if outcome in found else [],
        )
        for number, outcome in enumerate(outcomes)
    ]


def standing(*live: str, judged: list[GateResult] | None = None, held: Collection[str] = ()) -> Standing:
    """Of deliverable d, ``held`` by these gates."""
    pages, elsewhere = by_site([page(url) for url in live], SITES)
    holds = frozenset(("d", gate) for gate in held)
    return Standing(pages=pages, elsewhere=elsewhere, latest=by_page_and_gate(judged or []), held=holds)


@pytest.mark.parametrize(
    ("stands", "silent"),
    [
        pytest.param([], [], id="nothing was ever judged"),
        pytest.param(results(A, "pass", "fail"), [], id="a site that answers"),
        pytest.param(results(A, "error", "error"), ["http://a.example/"], id="all is down"),
        pytest.param(results(A, "error", "error") + results(B, "pass", "pass"), [], id="one page of two is down"),
        pytest.param(results(A, "error", "pass"), [], id="one gate could not say anything"),
        pytest.param(
            results(A, "error") + results("http://b.example/x", "pass"), ["http://a.example/"], id="another answers"
        ),
        pytest.param(results("https://A.example:8443/x", "error"), ["http://a.example/"], id="another scheme and port"),
        pytest.param(results("http://a.example.evil/x", "error"), [], id="a host that only begins alike"),
    ],
)
def test_a_site_is_silent_when_no_page_of_it_can_be_measured(stands: list[GateResult], silent: list[str]) -> None:
    assert [failure.subject for failure in silent_sites(SITES, stands)] == silent


def test_a_silent_site_is_told_with_its_pages_number_and_a_cause() -> None:
    [failure] = silent_sites(SITES, results(A, "error", "error") + results(B, "error", "error"))
    assert failure.cause == "none of its 2 pages could be measured: it did not answer"


def test_a_gates_check_counts_every_live_page_as_it_stands() -> None:
    stands = standing(A, B, judged=results(A, "pass", "fail") + results(B, "fail", "fail"))
    first, second = (gate_check(gate, stands.results([gate])) for gate in ("gate0", "gate1"))
    assert (first.passed, first.metadata["fail"].value, first.metadata["pass"].value) == (False, 1, 1)
    assert (second.passed, second.metadata["pages"].value) == (False, ["d: title_missing", "d: title_missing"])


def test_a_page_that_is_live_no_more_fails_no_check() -> None:
    assert gate_check("gate0", standing(A, judged=results(A, "pass") + results(B, "fail")).results(["gate0"])).passed


@pytest.mark.parametrize(
    ("sites", "live", "said"),
    [
        pytest.param(SITES, [A], [], id="all is judged"),
        pytest.param([], [], ["gates: no site is configured"], id="no site"),
        pytest.param(SITES, [], ["gates: no page is published"], id="no page"),
        pytest.param(
            SITES,
            [A, "http://c.example/x", "http://c.example/y", "http://d.example/"],
            ["gates: 3 pages on 2 hosts no site is configured for"],
            id="pages of other hosts",
        ),
        pytest.param(
            SITES,
            ["http://c.example/"],
            ["gates: 1 page on 1 host no site is configured for"],
            id="only pages of other hosts",
        ),
    ],
)
def test_what_no_gate_looks_at_is_said(sites: list[Site], live: list[str], said: list[str]) -> None:
    assert not_judged(sites, ["gate0"], standing(*live)) == said


NO_RUN = "that no run can release before site and gate are configured again: "


@pytest.mark.parametrize(
    ("live", "held", "said"),
    [
        pytest.param([A, "http://c.example/x"], ["gate0"], [], id="a page of it is judged"),
        pytest.param(["http://c.example/x"], ["gate0"], [f"gates: 1 hold {NO_RUN}d by gate0"], id="its site is gone"),
        pytest.param([A], ["gate0", "gate1"], [f"gates: 1 hold {NO_RUN}d by gate1"], id="its gate is gone"),
        pytest.param(
            [A],
            [f"old{number}" for number in range(1, 8)],
            [f"gates: 7 holds {NO_RUN}d by old1, d by old2, d by old3, d by old4, d by old5 and 2 more"],
            id="many",
        ),
        pytest.param([], ["gate0", "gate1"], [], id="it is withdrawn, and the report says both of it"),
    ],
)
def test_a_hold_that_the_configuration_leaves_for_ever_is_said(
    live: list[str], held: list[str], said: list[str]
) -> None:
    sentences = not_judged(SITES, ["gate0"], standing(*live, held=held))
    assert [each for each in sentences if "hold" in each] == said


def test_a_gate_that_is_not_configured_has_no_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = (
        "operation: x\nzone: UTC\nclients: [{id: a, name: A, tier: gold}]\ndeliverable_types: [page]\n"
        "gates: {schemaCheck: monitor}\n"
    )
    (tmp_path / "delivery_ops.yaml").write_text(config, encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path))
    assert [spec.name for spec in _check_specs()] == ["every_site_answered", "schemaCheck"]


def publish(operation: Operation, url: str) -> None:
    facts = {"type": "page", "tier": "gold", "url": None, "first_source": "cms"}
    drafts = [
        EventDraft(
            event_type=event_type,
            source="cms",
            idempotency_key=event_type,
            timestamp=clock.now() - timedelta(days=9),
            actor_role="system",
            deliverable_id="d-1",
            client_id="acme",
            payload=payload,
        )
        for event_type, payload in (("deliverable.registered", facts), ("page.published", {"url": url}))
    ]
    assert [result.outcome for result in operation.ledger.append(drafts)] == ["kept", "kept"]


def materialized(operation: Operation) -> tuple[StepOutcome, dict[str, bool]]:
    """What one run of the asset found, and which of its checks passed."""
    run = dg.materialize([evaluations], resources={"operation": operation})
    [asset] = [event.materialization for event in run.get_asset_materialization_events()]
    return StepOutcome.of([asset]), {check.check_name: check.passed for check in run.get_asset_check_evaluations()}


def test_a_dead_site_fails_every_run_and_a_failing_page_every_check_until_they_are_mended(
    settings_factory: Callable[..., Settings], empty_database_url: str, httpserver: HTTPServer
) -> None:
    at = f"http://127.0.0.1:{httpserver.port}/"
    sites = [{"url": at, "client": "acme", "allow_networks": ["127.0.0.0/8"]}]
    with open_operation(settings_factory(database_url=empty_database_url, sites=sites)) as operation:
        publish(operation, f"{at}page")
        httpserver.expect_oneshot_request("/page").respond_with_data(status=503)
        httpserver.expect_oneshot_request("/page").respond_with_data(status=503)
        for _ in range(2):
            outcome, passed = materialized(operation)
            assert [failure.subject for failure in outcome.failures] == [at]
            assert passed == {"every_site_answered": False, "schemaCheck": True, "seoTagsPresent": True}
        httpserver.expect_oneshot_request("/page").respond_with_data("<p>bad", content_type="text/html")
        for is_changed in (True, False):  # the second run has nothing to judge
            outcome, passed = materialized(operation)
            assert (outcome.failures, outcome.changed) == ((), is_changed)
            assert passed == {"every_site_answered": True, "schemaCheck": False, "seoTagsPresent": False}


def test_an_operation_without_a_site_judges_nothing_and_says_so(
    settings_factory: Callable[..., Settings], empty_database_url: str, httpserver: HTTPServer
) -> None:
    with open_operation(settings_factory(database_url=empty_database_url)) as operation:
        publish(operation, f"http://127.0.0.1:{httpserver.port}/page")
        outcome, _ = materialized(operation)
    assert (outcome.failures, outcome.changed) == ((), False)
    assert outcome.skipped == (
        "gates: no site is configured",
        "gates: 1 page on 1 host no site is configured for",
    )
    assert not httpserver.log


def test_a_hold_whose_site_was_removed_is_told_by_every_run_until_the_site_is_back_and_the_page_passes(
    settings_factory: Callable[..., Settings], empty_database_url: str, httpserver: HTTPServer
) -> None:
    at = f"http://127.0.0.1:{httpserver.port}/"
    sites = [{"url": at, "client": "acme", "allow_networks": ["127.0.0.0/8"]}]
    told = []
    for configured, page_is in ((sites, "<p>bad"), ([], ""), ([], ""), (sites, "<p>bad")):
        with open_operation(settings_factory(database_url=empty_database_url, sites=configured)) as operation:
            if not told:
                publish(operation, f"{at}page")
            httpserver.expect_request("/page").respond_with_data(page_is, content_type="text/html")
            told.append([each for each in materialized(operation)[0].skipped if "hold" in each])
    stands = [f"gates: 2 holds {NO_RUN}d-1 by schemaCheck, d-1 by seoTagsPresent"]
    assert told == [[], stands, stands, []]
