"""The page: runs nothing, lets nothing out of its text, says what is missing first, and can be read by everybody."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from delivery_ops.reports import page
from delivery_ops.reports.data import Balance, ReportData, RunFacts
from delivery_ops.reports.marts import Publication
from delivery_ops.reports.words import NOTHING
from delivery_ops_tests.reports.records import client, performance

OPERATIONS = ["ordinary", "empty", "several_currencies", "hostile"]
STYLE = (Path(page.__file__).parent / "report.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rendered() -> dict[str, str]:
    """Pages by operation: drawing is the slow part, and a page is a pure function of its data."""
    return {}


@pytest.fixture(params=OPERATIONS)
def html(request: pytest.FixtureRequest, rendered: dict[str, str]) -> str:
    name = request.param
    if name not in rendered:
        rendered[name] = page.render(request.getfixturevalue(name))
    return rendered[name]


def parsed(html: str) -> Any:
    return lxml.html.document_fromstring(html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8", huge_tree=True))


def text(element: Any) -> str:
    return " ".join(element.text_content().split())


def test_its_own_policy_allows_one_style_sheet_and_nothing_else(html: str) -> None:
    document = parsed(html)
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_in_it_runs_loads_or_is_styled_from_outside(html: str) -> None:
    document = parsed(html)
    assert not document.xpath("//script | //link | //iframe | //object | //embed | //form | //img | //base")
    for element in document.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert name not in ("style", "src", "srcset", "xlink:href", "formaction")
            if name == "href":
                assert re.match(r"#[a-z]|https?://", value)
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_links_out_tell_the_other_side_nothing(html: str) -> None:
    document = parsed(html)
    assert document.xpath("//meta[@name='referrer']/@content") == ["no-referrer"]
    for link in document.xpath("//a[starts-with(@href, 'http')]"):
        assert link.get("rel") == "noopener noreferrer"


def test_it_is_well_formed_for_assistive_technology(html: str) -> None:
    document = parsed(html)
    assert document.get("lang") == "en"
    assert document.xpath("//title")[0].text
    levels = [int(heading.tag[1]) for heading in document.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in document.xpath("//table"):
        assert text(table.xpath("./caption")[0])
        assert not table.xpath(".//th[not(@scope)]")
        columns = len(table.xpath("./thead/tr/th"))
        assert {len(row.xpath("./th | ./td")) for row in table.xpath("./tbody/tr")} == {columns}
    for picture in document.xpath("//figure/*[local-name()='svg']"):
        assert picture.get("role") == "img"
        assert picture[0].tag.endswith("title")
    for region in document.xpath("//*[@tabindex]"):  # scrolls, so a keyboard must reach it
        assert region.get("role") == "region"


def test_every_reference_inside_it_has_one_target(html: str) -> None:
    document = parsed(html)
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))
    named = document.xpath("//@aria-labelledby") + [
        href[1:] for href in document.xpath("//@href") if href.startswith("#")
    ]
    assert set(named) <= set(ids)


def test_no_control_character_is_in_it(html: str) -> None:
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", html)


def test_hostile_text_is_text(hostile: ReportData, rendered: dict[str, str]) -> None:
    html = rendered.get("hostile") or page.render(hostile)
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in html
    document = parsed(html)
    assert text(document.xpath("//h1")[0]) == r"""<script>alert('x')</script>"'&\u202eevil\u001b[31m\u0000"""
    assert "javascript:" not in " ".join(document.xpath("//@href"))


def test_a_giant_still_opens_on_a_phone_and_says_what_it_left_out(
    hostile: ReportData, rendered: dict[str, str]
) -> None:
    html = rendered.get("hostile") or page.render(hostile)
    assert len(html.encode()) < 1_000_000
    notes = [text(note) for note in parsed(html).xpath("//p[@class='note']") if "shown" in note.text_content()]
    assert [note.split(" shown")[0] for note in notes] == [
        "25 of 500",
        "100 of 500",
        "10 of 500",
        "100 of 500",
        "12 of 20",
    ]
    assert all("select * from analytics." in note for note in notes)


def test_what_could_not_be_done_comes_first_then_what_was_not_asked_for(ordinary: ReportData) -> None:
    document = parsed(page.render(ordinary))
    first, second = document.xpath("//main/*")[:2]
    assert text(first.xpath("./h2")[0]) == "2 things could not be measured or exported"
    told = [text(item) for item in first.xpath(".//li")]
    assert len(told) == len(ordinary.run.failures)
    for sentence, failure in zip(told, ordinary.run.failures, strict=True):
        for part in (failure.what, failure.subject, failure.cause, failure.remedy):
            assert part in sentence
    assert text(second.xpath("./h2")[0]) == "Not done"
    assert ordinary.run.skipped[0] in text(second)


def test_what_was_taken_away_is_told_apart_from_what_was_not_asked_for(ordinary: ReportData) -> None:
    retired = ("touches: crm: it is no longer configured; its rows were taken away",)
    document = parsed(page.render(replace(ordinary, run=replace(ordinary.run, retired=retired))))
    notices = document.xpath("//section[@class='notice']")
    assert [text(notice.xpath("./h2")[0]) for notice in notices] == ["No longer configured", "Not done"]
    assert [text(item) for item in notices[0].xpath(".//li")] == list(retired)


def test_an_operation_of_a_list_of_deliverables_has_no_columns_of_nothing(empty: ReportData) -> None:
    nothing = {
        **dict.fromkeys(("impressions", "clicks", "touches", "mqls", "deals", "worked_minutes"), 0),
        "cost_minor": {},
        "credit_minor": {},
    }
    one = performance("guide", "acme", **nothing, published_at=None, is_live=False, gate_state="not_judged")
    of_client = {key: value for key, value in nothing.items() if key not in ("touches", "mqls", "deals")}
    clients = (client("acme", deliverables=1, live=0, measured=0, passing=0, **of_client),)
    document = parsed(page.render(replace(empty, clients=clients, performance=(one,))))
    assert [[text(cell) for cell in row] for row in document.xpath("//tr")] == [
        ["Client", "deliverables"],
        ["acme", "1"],
        ["Deliverable"],
        ["guide acme"],
    ]
    assert "Most seen" not in text(document.body)


def test_a_rate_of_nought_is_known(empty: ReportData) -> None:
    document = parsed(page.render(replace(empty, clients=(client("acme", measured=3, passing=0),))))
    assert "0 %" in text(document.xpath("//section[@aria-labelledby='clients']//tbody")[0])


def test_many_failures_are_all_there_the_first_ones_open(hostile: ReportData, rendered: dict[str, str]) -> None:
    document = parsed(rendered.get("hostile") or page.render(hostile))
    (alert,) = document.xpath("//section[@aria-labelledby='failures']")
    assert len(alert.xpath("./ul/li")) == 10
    assert len(alert.xpath("./details/ul/li")) == 20
    assert text(alert.xpath("./details/summary")[0]) == "and 20 more"


def test_a_balance_that_does_not_add_up_is_an_alarm(empty: ReportData) -> None:
    broken = Balance(kind="file", subject="crm", incoming=5, outcomes={"kept": 3})
    document = parsed(page.render(replace(empty, run=replace(empty.run, balances=(broken,)))))
    assert "The balance does not add up" in text(document.xpath("//main/section[@class='alert']")[0])
    assert "2 unaccounted" in text(document.xpath("//section[@aria-labelledby='balance']//tbody/tr")[0])


def test_an_empty_operation_says_that_nothing_is_there(empty: ReportData) -> None:
    document = parsed(page.render(empty))
    assert not document.xpath("//figure | //table | //section[@class='alert'] | //section[@class='notice']")
    for sentence in (
        "Nothing went in.",
        "No gate has judged a page yet.",
        "No revenue was loaded.",
        "No deliverable has been seen often and long enough to be judged.",
        "No search day was exported.",
        "not published",
    ):
        assert sentence in text(document.body)


def test_every_figure_of_the_balance_is_there(ordinary: ReportData) -> None:
    rows = parsed(page.render(ordinary)).xpath("//section[@aria-labelledby='balance']//tbody/tr")
    told = {text(row.xpath("./th/bdi")[0]): [text(cell) for cell in row.xpath("./td")] for row in rows}
    assert told["simulator"] == ["412", "408", "1", "1", "2"]
    assert told["sc-domain:northwind.example"] == ["1,104", "1,061", "43"]
    assert told["crm_touches"] == ["318", "315", "2", "1"]
    assert [text(row.xpath("./th/span")[0]) for row in rows] == ["✓ adds up"] * 5


def test_every_failing_deliverable_has_its_findings_in_plain_words(ordinary: ReportData) -> None:
    told = [text(item) for item in parsed(page.render(ordinary)).xpath("//ul[@class='failures']/li")]
    assert len(told) == len(ordinary.gate_failures)
    for sentence, failure in zip(told, ordinary.gate_failures, strict=True):
        assert failure.deliverable_id in sentence
        assert (", held" in sentence) == failure.held
        for finding in failure.findings:
            assert finding.message in sentence
            assert finding.code in sentence
            assert finding.where is None or finding.where in sentence


def test_a_table_of_credit_has_every_figure(ordinary: ReportData) -> None:
    (table,) = parsed(page.render(ordinary)).xpath("//section[@aria-labelledby='revenue']//table")
    assert [text(cell) for cell in table.xpath("./thead/tr/th")] == [
        "Deliverable",
        "first touch",
        "last touch",
        "linear",
        "deals in EUR",
    ]
    assert [text(cell) for cell in table.xpath("./tbody/tr[1]/*")] == [
        "whitepaper-cold-chain northwind",
        "24,000.10",
        "21,000.00",
        "22,500.07",
        "3",
    ]


def test_a_client_has_all_its_figures_and_money_by_currency(ordinary: ReportData) -> None:
    rows = parsed(page.render(ordinary)).xpath("//section[@aria-labelledby='clients']//tbody/tr")
    assert [[text(cell) for cell in row] for row in rows] == [
        ["bluewave", "20", "18", "75.0 %", "4,582", "114", "455 h 15 min", "EUR 39,844.42", "EUR 1.00 to 3.00 JPY 7"],
        ["northwind", "20", "18", NOTHING, "4,582", "114", "455 h 15 min", NOTHING, NOTHING],
    ]


def test_a_deliverable_is_told_from_publication_to_revenue(ordinary: ReportData) -> None:
    rows = parsed(page.render(ordinary)).xpath("//section[@aria-labelledby='deliverables']//tbody/tr")
    figures = ["5,292", "63", "41", "7", "3", "20 h 45 min", "EUR 2,730.25"]
    credit = "EUR 1.00 to 3.00"
    assert [[text(cell) for cell in row] for row in rows] == [
        ["whitepaper-cold-chain northwind", "14 Jan 2026", "✓ pass", *figures, credit],
        ["landing-rooms harbour-hotels", "14 Jan 2026 withdrawn", "✕ fail held", *figures, credit],
        ["article-new bluewave", NOTHING, "not judged", *figures, NOTHING],
    ]


def test_a_cell_carries_its_columns_name_to_a_phone_where_rows_are_cards(html: str) -> None:
    for table in parsed(html).xpath("//table"):
        names = [text(name) for name in table.xpath("./thead/tr/th")][1:]
        for row in table.xpath("./tbody/tr"):
            assert [" ".join(cell.get("data-label").split()) for cell in row.xpath("./td")] == names


def test_a_cut_table_names_the_query_that_results_in_it(hostile: ReportData, rendered: dict[str, str]) -> None:
    html = rendered.get("hostile") or page.render(hostile)
    (hint,) = parsed(html).xpath("//section[@aria-labelledby='revenue']//p[@class='note']/code")
    assert text(hint) == "select * from analytics.deliverable_credit where currency = 'EUR' order by credit_minor desc"


def test_it_says_for_which_day_it_ran_and_when_it_was_made(ordinary: ReportData) -> None:
    header = text(parsed(page.render(ordinary)).xpath("//header")[0])
    assert "Run for Monday, 30 March 2026 (Europe/Berlin), made at 30 Mar 2026, 14:00 CEST" in header


def test_refused_rows_are_named_by_their_source(ordinary: ReportData) -> None:
    told = text(parsed(page.render(ordinary)).xpath("//section[@aria-labelledby='balance']")[0])
    assert (
        "Rejected, and kept with the reason: 2 of simulator, 1 of crm_touches. "
        "To see why: delivery-ops rejected --config mine" in told
    )


def test_currencies_are_never_added_up(several_currencies: ReportData) -> None:
    document = parsed(page.render(several_currencies))
    headings = [text(heading) for heading in document.xpath("//section[@aria-labelledby='revenue']/h3")]
    assert headings == [
        "EUR 100.00 from 3 conversions",
        "JPY 1,500,000 from 2 conversions",
        "BHD 1,234.567 from 1 conversion",
        "USD 0.77 from 1 conversion",
    ]
    for table in document.xpath("//section[@aria-labelledby='unattributed']//table"):
        assert len(set(re.findall(r"\b[A-Z]{3}\b", text(table)))) == 1


def test_marts_of_another_run_are_said_to_be(ordinary: ReportData, empty: ReportData) -> None:
    assert ordinary.publication is not None
    other = Publication(run_id="an-earlier-run", published_at=ordinary.publication.published_at)
    facts = ".//dl[@class='facts']"
    assert "an-earlier-run" in text(parsed(page.render(replace(empty, publication=other))).find(facts))
    mine = replace(other, run_id=empty.run.run_id)
    assert "another run" not in text(parsed(page.render(replace(empty, publication=mine))).find(facts))


def test_a_run_that_met_nothing_new_says_so(ordinary: ReportData, empty: ReportData) -> None:
    run: RunFacts = replace(ordinary.run, changed=False)
    assert "all that this run met was there before" in page.render(replace(ordinary, run=run))
    for other in (ordinary, replace(empty, run=replace(empty.run, changed=False))):
        assert "was there before" not in page.render(other)


def test_the_same_data_is_the_same_page(ordinary: ReportData) -> None:
    assert page.render(ordinary) == page.render(ordinary)


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_colours_reach_the_contrast_of_wcag_aa(scheme: str) -> None:
    """WCAG 2.2: 1.4.3 asks 4.5 of text, 1.4.11 asks 3 of what a picture is read by."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(blocks) == 3
    palette = colours(blocks[["light", "dark", "print"].index(scheme)])
    assert set(palette) == set(colours(blocks[0]))
    for name, colour in palette.items():
        needed = {"paper": 0.0, "raised": 0.0, "line": 0.0}.get(name, 3.0 if name.startswith("series") else 4.5)
        for ground in ("paper", "raised"):
            assert contrast(colour, palette[ground]) >= needed, f"--{name} on --{ground}"


def test_no_text_is_smaller_than_14_pixels() -> None:
    sizes = re.findall(r"font(?:-size)?: ([\d.]+)(px|rem|pt)", STYLE)
    assert len(sizes) > 10
    assert min(float(size) * {"px": 1, "rem": 16, "pt": 96 / 72}[unit] for size, unit in sizes) >= 14
