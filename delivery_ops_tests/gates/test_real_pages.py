"""At stake: what the gates say of pages that real people made. The expectations were written before the gates."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from delivery_ops.gates.judge import ENFORCED, Evaluation, judge
from delivery_ops.gates.measuring import measure_file

EXPECTED = yaml.safe_load((Path(__file__).parent / "real_pages_expected.yaml").read_text(encoding="utf-8"))
CASES = [(file, None) for file in EXPECTED["pages"]] + [(c["file"], c["page_url"]) for c in EXPECTED["at_an_address"]]
Judged = dict[tuple[str, str | None], dict[str, Evaluation]]


@pytest.fixture(scope="module")
def folder(reference_data: Path) -> Path:
    return reference_data / "corpora" / "real_pages"


@pytest.fixture(scope="module")
def judged(folder: Path) -> Judged:
    """Every case's evaluations by gate, judged by the real suites in one run."""
    measured = [measure_file(folder / file, page_url=url, gates=ENFORCED) for file, url in CASES]
    evaluations = judge(measured, ENFORCED)
    return {case: {one.gate: one for one in of_page} for case, of_page in zip(CASES, evaluations, strict=True)}


def check(evaluation: Evaluation, expected: dict) -> None:
    codes = {}
    times = Counter(finding.code for finding in evaluation.findings)
    for finding in evaluation.findings:
        many = times[finding.code] > 1
        codes[finding.code] = {"severity": finding.severity, "times": times[finding.code]} if many else finding.severity
    assert codes == expected["codes"], expected.get("because")
    assert evaluation.outcome == evaluation.verdict == expected["outcome"]
    places = {finding.code: finding.where for finding in evaluation.findings}
    assert expected.get("where", {}).items() <= places.items()


@pytest.mark.parametrize("gate", ["schemaCheck", "seoTagsPresent"])
@pytest.mark.parametrize("file", EXPECTED["pages"])
def test_a_real_page_is_judged_as_a_reader_judged_it(judged: Judged, file: str, gate: str) -> None:
    check(judged[file, None][gate], EXPECTED["pages"][file][gate])


@pytest.mark.parametrize("case", EXPECTED["at_an_address"], ids=lambda case: f"{case['file']} at {case['page_url']}")
def test_a_real_page_is_judged_at_its_address(judged: Judged, case: dict) -> None:
    check(judged[case["file"], case["page_url"]]["seoTagsPresent"], case)


def test_no_real_page_is_forgotten(folder: Path) -> None:
    assert {path.name for path in folder.glob("*.html")} == EXPECTED["pages"].keys()
