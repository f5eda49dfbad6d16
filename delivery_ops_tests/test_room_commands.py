"""At stake: what a room says on its own must be what happened, in text and as JSON, with the exit code that scripts
read. Real database, real pages over HTTP, the simulated agency's Search Console.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
from pytest_httpserver import HTTPServer

from delivery_ops.settings import CONFIG_VARIABLE, DATABASE_URL_VARIABLE, DEFAULT_CONFIG
from delivery_ops.simulator import faults
from delivery_ops.simulator.serve import serving
from delivery_ops_tests.commanding import PROGRAM, Said, give
from delivery_ops_tests.conftest import NewDatabase

REGISTERING = """\
operation: test
zone: Europe/Berlin
clients:
  - {id: acme, name: Acme, tier: gold}
deliverable_types: [article]
registration:
  rules:
    - {id_prefix: acme-, client: acme, type: article}
"""
GOOD_PAGE = """<!doctype html><html lang="en"><head><title>Boots</title>
<meta name="description" content="How to care for boots."><link rel="canonical" href="https://www.acme.example/boots">
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Article", "headline": "Boots"}</script>
</head><body><h1>Boots</h1></body></html>"""


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase) -> Callable[[str], Any]:
    """An operation of this configuration, in force as the environment that is yielded."""

    @contextmanager
    def operated(configuration: str) -> Iterator[Mapping[str, str]]:
        folder = tmp_path_factory.mktemp("operation") / "config"
        folder.mkdir()
        (folder / "delivery_ops.yaml").write_text(configuration, encoding="utf-8")
        with new_database() as url:
            yield {CONFIG_VARIABLE: str(folder), DATABASE_URL_VARIABLE: url}

    return operated


@pytest.fixture(scope="module")
def small(operated: Callable[[str], Any]) -> Iterator[Mapping[str, str]]:
    with operated(REGISTERING) as environment:
        yield environment


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
    assert (said.code, said.err) == (1, "")
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


def test_db_url_is_a_login_of_the_role(small: Mapping[str, str]) -> None:
    for role in ("analyst", "reader"):
        said = give("db", "url", "--role", role, environment=small)
        assert (said.code, said.err) == (0, "")
        with psycopg.connect(said.out.strip()) as connection:
            assert connection.info.user.endswith(f"_{role}")


def test_an_unknown_role_is_told_with_those_there_are(small: Mapping[str, str]) -> None:
    said = give("db", "url", "--role", "boss", "--json", environment=small)
    assert said.code == 2  # db url has no --json, which is wrong usage, and told as JSON
    assert said.document["cause"] == "No such option: --json"
    said = give("db", "url", "--role", "boss", environment=small)
    assert said.code == 2
    assert "There are owner, writer, folder, publisher, dagster, reader, analyst." in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        pytest.param(["-At", "-c", "select 6 * 7"], 0, "42\n", "", id="a query"),
        pytest.param(["-c", "table ledger.event"], 1, "", "permission denied for schema ledger", id="a role's limits"),
        pytest.param(["--role", "reader", "-Atc", "select current_user ~ 'reader$'"], 0, "t\n", "", id="another role"),
    ],
)
def test_db_shell_hands_its_arguments_to_psql_and_its_exit_code_back(
    small: Mapping[str, str], arguments: list[str], code: int, out: str, err: str
) -> None:
    done = subprocess.run(
        [PROGRAM, "db", "shell", *arguments],
        env={**os.environ, **small},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (code, out)
    assert err in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def good_page(tmp_path: Path) -> Path:
    page = tmp_path / "boots.html"
    page.write_text(GOOD_PAGE, encoding="utf-8")
    return page


@pytest.fixture
def demo_config() -> Mapping[str, str]:
    """The demo's operation; checking a page opens nothing of it."""
    return {CONFIG_VARIABLE: str(DEFAULT_CONFIG), DATABASE_URL_VARIABLE: "postgresql://x:y@127.0.0.1:1/none"}


def test_gate_check_of_a_good_file_exits_0_and_tells_each_gate(good_page: Path, demo_config: Mapping[str, str]) -> None:
    address = ["--page-url", "https://www.acme.example/boots"]
    text = give("gate", "check", good_page, *address, environment=demo_config)
    assert (text.code, text.err) == (0, "")
    assert [line.split("(")[0].split() for line in text.out.splitlines() if line[0] != " "] == [
        ["✓", "pass", "schemaCheck"],
        ["✓", "pass", "seoTagsPresent"],
    ]
    document = give("gate", "check", good_page, *address, "--json", environment=demo_config).document
    assert document.keys() == {"schemaCheck", "seoTagsPresent"}
    for evaluation in document.values():
        assert {"outcome", "mode", "verdict", "findings", "evidence"} <= evaluation.keys()
        assert (evaluation["outcome"], evaluation["mode"], evaluation["verdict"]) == ("pass", "enforce", "pass")


def test_gate_check_of_one_gate_on_a_page_at_another_address_exits_1(
    good_page: Path, demo_config: Mapping[str, str]
) -> None:
    elsewhere = ["--gate", "seoTagsPresent", "--page-url", "https://www.acme.example/shoes"]
    said = give("gate", "check", good_page, *elsewhere, "--json", environment=demo_config)
    assert said.code == 1
    [evaluation] = said.document.values()
    assert [each["code"] for each in evaluation["findings"] if each["severity"] == "error"] == ["canonical_elsewhere"]
    assert set(evaluation["findings"][0]) == {"code", "severity", "message", "where"}
    assert "canonical_elsewhere" in give("gate", "check", good_page, *elsewhere, environment=demo_config).out


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        pytest.param(["{page}", "--gate", "spelling"], "there are schemaCheck, seoTagsPresent", id="unknown gate"),
        pytest.param(["none.html"], "No such file or directory", id="missing file"),
        pytest.param(["."], "Is a directory", id="a folder"),
        pytest.param(["ftp://www.acme.example/"], "No such file or directory", id="another scheme"),
        pytest.param(["http://x.example/", "--page-url", "http://y.example/"], "has an address already", id="two URLs"),
    ],
)
def test_gate_check_of_what_cannot_be_checked_exits_2(
    good_page: Path, demo_config: Mapping[str, str], arguments: list[str], cause: str
) -> None:
    given = [each.format(page=good_page) for each in arguments]
    said = give("gate", "check", *given, environment=demo_config)
    assert (said.code, said.out) == (2, "")
    assert cause in said.err
    assert give("gate", "check", *given, "--json", environment=demo_config).document["error"] == "BadUsage"


def test_gate_check_fetches_the_simulated_agencys_pages(demo_config: Mapping[str, str]) -> None:
    good = give("gate", "check", "http://www.halden.example/guides/pack-weight/", environment=demo_config)
    assert (good.code, good.err) == (0, "")
    broken = give("gate", "check", "http://www.halden.example/guides/boot-care/", "--json", environment=demo_config)
    assert broken.code == 1
    assert broken.document["schemaCheck"]["verdict"] == "fail"
    assert broken.document["seoTagsPresent"]["verdict"] == "pass"


def test_gate_check_reaches_this_machine_only_where_the_configuration_allows_it(
    httpserver: HTTPServer, small: Mapping[str, str], demo_config: Mapping[str, str]
) -> None:
    httpserver.expect_request("/boots").respond_with_data(GOOD_PAGE, content_type="text/html; charset=utf-8")
    url = httpserver.url_for("/boots")
    allowed = give("gate", "check", url, "--gate", "schemaCheck", "--json", environment=demo_config)
    assert allowed.document["schemaCheck"]["outcome"] == "pass"
    refused = give("gate", "check", url, "--gate", "schemaCheck", "--json", environment=small)
    assert (refused.code, refused.document["schemaCheck"]["outcome"]) == (1, "error")
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:99999/", "http://[::1", "http://\udcff/", "http://x y/"])
def test_gate_check_of_an_odd_address_always_answers(url: str, demo_config: Mapping[str, str]) -> None:
    said = give("gate", "check", url, "--gate", "seoTagsPresent", "--json", environment=demo_config)
    assert (said.code, said.document["seoTagsPresent"]["outcome"]) == (1, "error")


def test_gate_check_over_real_pages_always_answers(reference_data: Path, demo_config: Mapping[str, str]) -> None:
    pages = sorted((reference_data / "corpora" / "real_pages").iterdir())
    assert len(pages) >= 12  # two sitemaps are among them, which are no pages: they must be answered as well
    for page in pages:
        said = give("gate", "check", page, "--json", environment=demo_config)
        assert said.err == "", page
        outcomes = {evaluation["outcome"] for evaluation in said.document.values()}
        assert said.code == (0 if outcomes == {"pass"} else 1)
        assert outcomes <= {"pass", "fail", "error"}


TOUCHES = """touch_id,contact_id,deliverable_id,channel,touched_at
t1,ann,d1,email,2026-03-01
t2,ann,d2,social,2026-03-05
t3,bob,d1,email,2026-01-01
"""
CONVERSIONS = """conversion_id,contact_id,converted_at,amount_minor,currency
c1,ann,2026-03-10,1001,EUR
c2,bob,2026-03-10,500,EUR
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str | Path]:
    (tmp_path / "touches.csv").write_text(TOUCHES, encoding="utf-8")
    (tmp_path / "conversions.csv").write_text(CONVERSIONS, encoding="utf-8")
    return ["--touches", tmp_path / "touches.csv", "--conversions", tmp_path / "conversions.csv"]


def test_attribution_run_tells_what_it_wrote(files: list[str | Path], tmp_path: Path) -> None:
    said = give("attribution", "run", *files, "--out", tmp_path / "out", "--csv", "--json")
    assert said.code == 0
    document = said.document
    assert document["conserved"] is True
    assert document["revenue_minor"] == {"EUR": 1501}
    assert {total["model"]: total["attributed_minor"] for total in document["totals"]} == {
        "first": 1001,
        "last": 1001,
        "linear": 1001,
    }
    written = {Path(name).name for name in document["files"]}
    assert written == {path.name for path in (tmp_path / "out").iterdir()}
    assert {"credit.parquet", "summary.parquet", "credit.csv", "summary.csv"} <= written
    credit = pq.read_table(tmp_path / "out" / "credit.parquet").to_pylist()
    assert sum(row["credit_minor"] for row in credit if row["model"] == "linear") == 1501


def test_attribution_run_with_a_bad_row_exits_1_and_tells_people_the_balance(
    files: list[str | Path], tmp_path: Path
) -> None:
    (tmp_path / "touches.csv").write_text(TOUCHES + "t4,ann,d1,email,yesterday\n", encoding="utf-8")
    said = give("attribution", "run", *files, "--out", tmp_path / "out", "--models", "first,linear")
    assert said.code == 1
    assert "4 rows = 3 kept + 0 duplicate + 1 rejected" in said.out
    assert "adds up to the revenue, in every currency" in said.out
    assert str(tmp_path / "out" / "rejected.csv") in said.out
    assert "Attributing" in said.err


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        pytest.param(["--models", "first,magic"], "magic", id="unknown model"),
        pytest.param(["--window-days", "0"], "it is not within 1 and", id="no window"),
        pytest.param(["--touches", "none.csv"], "No such file", id="missing file"),
        pytest.param(["--touches", "conversions.csv"], "lacks touch_id", id="another file's columns"),
    ],
)
def test_attribution_run_that_cannot_begin_exits_2(
    files: list[str | Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], cause: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = give("attribution", "run", *files, "--out", tmp_path / "out", *more, "--json")
    assert said.code == 2
    assert said.document["error"] == "BadUsage"
    assert cause in f"{said.document['subject']} {said.document['cause']}"


HALDEN = "sc-domain:halden.example"
MIRAVA = "http://www.mirava.example/"


@pytest.fixture(scope="module")
def agency(operated: Callable[[str], Any]) -> Iterator[Mapping[str, str]]:
    """The demo's operation, before anything was run, with a Search Console in which Mirava's permission is gone."""
    with serving(7, faults={MIRAVA: faults.forbidden(MIRAVA)}) as served:
        text = (DEFAULT_CONFIG / "delivery_ops.yaml").read_text(encoding="utf-8")
        text = text.replace("search_console:\n", f"search_console:\n  endpoint: {served.search_console_endpoint}\n")
        with operated(text.replace("../local", "../state")) as environment:
            yield environment


def exporting(agency: Mapping[str, str], property_: str, start: str, end: str, *more: str) -> Said:
    span = ["--start", start, "--end", end]
    return give("search-console", "export", "--property", property_, *span, *more, environment=agency)


@pytest.fixture(scope="module")
def exported(agency: Mapping[str, str]) -> list[Said]:
    """Three days; five days over them; and those again, for people."""
    return [
        exporting(agency, HALDEN, "2026-03-04", "2026-03-06", "--json"),
        exporting(agency, HALDEN, "2026-03-03", "2026-03-07", "--json"),
        exporting(agency, HALDEN, "2026-03-01", "2026-03-07"),
    ]


def test_search_console_export_goes_on_where_the_last_one_ended(exported: list[Said]) -> None:
    first, second, _ = exported
    assert (first.code, second.code) == (0, 0)
    assert first.document["exported"] == ["2026-03-04", "2026-03-05", "2026-03-06"]
    assert second.document["exported"] == ["2026-03-03", "2026-03-07"]


def test_search_console_export_of_what_is_there_says_so_and_names_days_that_cannot_be_had(
    exported: list[Said],
) -> None:
    said = exported[2]
    assert said.code == 0
    # The configured start is 2 March: the day before is not wanted, that day itself was still missing.
    assert "exported    1 days: 2026-03-02 to 2026-03-02" in said.out
    assert "not to be had: 2026-03-01 to 2026-03-01" in said.out


def test_a_property_that_refuses_exits_1_with_cause_and_remedy(agency: Mapping[str, str]) -> None:
    said = exporting(agency, MIRAVA, "2026-03-04", "2026-03-05", "--json")
    assert said.code == 1
    assert said.document["exported"] == []
    assert said.document["missing"] == ["2026-03-04", "2026-03-05"]
    assert "sufficient permission" in said.document["error"]["cause"]
    text = exporting(agency, MIRAVA, "2026-03-04", "2026-03-05")
    assert text.code == 1
    assert "missing     2 days: 2026-03-04 to 2026-03-05" in text.out
    assert "sufficient permission" in text.err
    assert "Traceback" not in text.err


@pytest.mark.parametrize(
    ("property_", "start", "end", "cause"),
    [
        pytest.param("sc-domain:nobody.example", "2026-03-04", "2026-03-05", "not configured", id="unknown property"),
        pytest.param(HALDEN, "2026-03-05", "2026-03-04", "the last day is before the first", id="backwards"),
        pytest.param(HALDEN, "5.3.2026", "2026-03-06", "does not match the format", id="no date"),
    ],
)
def test_search_console_export_of_nothing_exits_2(
    agency: Mapping[str, str], property_: str, start: str, end: str, cause: str
) -> None:
    said = exporting(agency, property_, start, end, "--json")
    assert said.code == 2
    assert cause in said.document["cause"]


def test_search_console_export_without_the_section_exits_2(small: Mapping[str, str]) -> None:
    said = exporting(small, HALDEN, "2026-03-04", "2026-03-05")
    assert said.code == 2
    assert "it configures no search_console" in said.err
