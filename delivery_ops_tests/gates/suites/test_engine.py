"""At stake: Great Expectations decides. That it reads every rule as the rule is written is proved here, once."""

import subprocess
import sys
from typing import Any

import pytest

from delivery_ops.gates.measuring import GATE_BY_NAME
from delivery_ops.gates.suites.engine import SuiteFailed, expectation_suite, judge_rows
from delivery_ops.gates.suites.rules import Rule, none_of


def is_met(rule: Rule, value: int | None) -> bool:
    """What the words of ``rule`` say of ``value``, without any library."""
    least, most = rule.at_least, rule.at_most
    return value is None or ((least is None or least <= value) and (most is None or value <= most))


@pytest.mark.parametrize("gate", GATE_BY_NAME)
def test_a_suite_misses_what_its_rules_say_in_their_order(rules_of, gate: str) -> None:
    rules = rules_of[gate]
    nothing: dict[str, int | None] = dict.fromkeys(sorted({rule.column for rule in rules}))
    values = [None, 0, 1, 2, 49, 50, 51, 159, 160, 161, 399, 400, 10**6]
    rows = [nothing | {column: value} for column in nothing for value in values]
    rows += [dict.fromkeys(nothing, value) for value in values]
    found = judge_rows(GATE_BY_NAME[gate].suite(), rows)
    assert [[(miss.code, miss.severity, miss.message, miss.value) for miss in of_row] for of_row in found] == [
        [
            (rule.code, rule.severity, rule.message, row[rule.column])
            for rule in rules
            if not is_met(rule, row[rule.column])
        ]
        for row in rows
    ]


def test_rows_keep_their_places_and_one_of_many_is_found() -> None:
    suite = expectation_suite("one", [none_of("x", "a", "a is there")])
    found = judge_rows(suite, [{"a": int(at == 700)} for at in range(1000)])
    assert [at for at, misses in enumerate(found) if misses] == [700]


def test_a_column_without_any_value_expects_nothing() -> None:
    suite = expectation_suite("one", [Rule(code="x", column="a", message="m", at_least=1)])
    assert judge_rows(suite, [{"a": None}, {"a": None}]) == [(), ()]


def test_no_rows_need_no_judging() -> None:
    assert judge_rows(expectation_suite("one", [none_of("x", "a", "m")]), []) == []


def test_an_expectation_that_cannot_be_evaluated_is_no_judgement() -> None:
    suite = expectation_suite("broken", [none_of("fine", "a", "m")])
    suite.expectations[0].column = "a"
    suite.add_expectation(_unevaluable())
    with pytest.raises(SuiteFailed) as failed:
        judge_rows(suite, [{"a": 0, "b": 1}])
    assert "broken, bad" in str(failed.value)


def _unevaluable() -> Any:
    from great_expectations.expectations import ExpectColumnValuesToMatchRegex

    return ExpectColumnValuesToMatchRegex(
        column="b", regex="(", meta={"code": "bad", "severity": "error", "message": "m"}
    )


def test_nothing_is_told_to_anybody(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    judge_rows(expectation_suite("one", [none_of("x", "a", "m")]), [{"a": 1}] * 50)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("gate", GATE_BY_NAME)
def test_a_gates_rules_have_a_code_each_and_ask_for_columns_that_are_measured(rules_of, gate: str) -> None:
    rules = rules_of[gate]
    assert len({rule.code for rule in rules}) == len(rules)
    from delivery_ops.gates.evidence.page import read_page

    row = GATE_BY_NAME[gate].measure(read_page(b"", url=None)).facts.as_row()
    assert {rule.column for rule in rules} <= row.keys()
    assert all(rule.message for rule in rules)


@pytest.mark.parametrize("gate", GATE_BY_NAME)
def test_severity_reaches_great_expectations_too(rules_of, gate: str) -> None:
    levels = {"error": "critical", "warning": "warning"}
    suite = GATE_BY_NAME[gate].suite()
    assert [one.severity.value for one in suite.expectations] == [levels[rule.severity] for rule in rules_of[gate]]


def test_judging_says_nothing_although_a_library_has_opened_the_log() -> None:
    """dbt's tracker calls ``basicConfig`` when it is imported, which a first run does before it judges."""
    program = (
        "import logging; logging.basicConfig();"
        "from delivery_ops.gates.suites.engine import expectation_suite, judge_rows;"
        "from delivery_ops.gates.suites.rules import none_of;"
        "print(len(judge_rows(expectation_suite('one', [none_of('x', 'a', 'a is there')]), [{'a': 1}])))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("1\n", "")
