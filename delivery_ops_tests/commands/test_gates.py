"""At stake: what is told of a page must be what its gates found, and a page that cannot be judged is no
good page. Real pages over HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from delivery_ops.settings import CONFIG_VARIABLE, DATABASE_URL_VARIABLE, DEFAULT_CONFIG
from delivery_ops_tests.commanding import give

GOOD_PAGE = """<!doctype html><html lang="en"><head><title>Boots</title>
<meta name="description" content="How to care for boots."><link rel="canonical" href="https://www.acme.example/boots">
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Article", "headline": "Boots"}</script>
</head><body><h1>Boots</h1></body></html>"""


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


def test_gate_check_reaches_this_machine_only_at_a_host_that_the_configuration_allows_it(
    httpserver: HTTPServer, tmp_path: Path, demo_config: Mapping[str, str]
) -> None:
    httpserver.expect_request("/boots").respond_with_data(GOOD_PAGE, content_type="text/html; charset=utf-8")
    url = httpserver.url_for("/boots")
    config = DEFAULT_CONFIG.joinpath("delivery_ops.yaml").read_text(encoding="utf-8")
    site = '  - {url: "http://localhost/", client: halden, allow_networks: [127.0.0.0/8, "::1/128"]}\n'
    (tmp_path / "delivery_ops.yaml").write_text(config.replace("\nsites:\n", f"\nsites:\n{site}"), encoding="utf-8")
    open_to_localhost = {**demo_config, CONFIG_VARIABLE: str(tmp_path)}
    allowed = give("gate", "check", url, "--gate", "schemaCheck", "--json", environment=open_to_localhost)
    assert allowed.document["schemaCheck"]["outcome"] == "pass"
    by_number = url.replace("localhost", "127.0.0.1")
    for address, environment in ((by_number, open_to_localhost), (url, demo_config)):
        refused = give("gate", "check", address, "--gate", "schemaCheck", "--json", environment=environment)
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
