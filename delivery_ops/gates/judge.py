"""Judging pages: each gate's suite decides over all of them at once.

Belongs here: outcome, findings and verdict of measured pages. Does not belong here: looking at pages (``measuring``),
the ledger, and which pages are due (``sweep``). The suite alone decides: a finding is a missed expectation, told with
the details that the evidence has for it. A page without evidence, or a suite that fails, is the outcome ``error``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delivery_ops.gates.evidence.records import Evidence, plain
from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.measuring import GATE_BY_NAME, Measurement, measure_file, measure_url
from delivery_ops.gates.suites.engine import Miss, SuiteFailed, judge_rows
from delivery_ops.gates.suites.rules import Severity
from delivery_ops.gates.verdicts import Mode, Outcome, Verdict, verdict_of

ENFORCED: Mapping[str, Mode] = dict.fromkeys(GATE_BY_NAME, "enforce")

_MESSAGE = 1_000  # characters; a chain of redirects can be longer


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing a gate has to say about a page. ``where`` is a place in its source, or ``None``."""

    code: str
    severity: Severity
    message: str
    where: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """One gate's judgement of one page; ``findings`` worst first, ``evidence`` what was measured."""

    gate: str
    url: str | None
    outcome: Outcome
    mode: Mode
    verdict: Verdict
    findings: tuple[Finding, ...]
    evidence: Mapping[str, Any]
    rules_version: str


def check_pages(
    urls: Iterable[str], fetcher: PageFetcher, modes: Mapping[str, Mode] = ENFORCED
) -> list[list[Evaluation]]:
    """Fetch and judge each of ``urls`` by the gates of ``modes``: one list per URL, one evaluation per gate."""
    return judge([measure_url(url, fetcher, modes) for url in urls], modes)


def check_file(path: Path, page_url: str | None = None, modes: Mapping[str, Mode] = ENFORCED) -> list[Evaluation]:
    """Judge the HTML file at ``path``, as served at ``page_url``, by the gates of ``modes``.

    Raises:
        BadUsage: the file cannot be read.
    """
    return judge([measure_file(path, page_url=page_url, gates=modes)], modes)[0]


def judge(measurements: Sequence[Measurement], modes: Mapping[str, Mode]) -> list[list[Evaluation]]:
    """The evaluations of each measurement, one per gate of ``modes``, in the order given."""
    by_gate = [_judge_gate(gate, mode, measurements) for gate, mode in modes.items()]
    return [list(of_page) for of_page in zip(*by_gate, strict=True)]


def _judge_gate(gate: str, mode: Mode, measurements: Sequence[Measurement]) -> list[Evaluation]:
    measured = [(at, one.evidence[gate]) for at, one in enumerate(measurements) if one.failure is None]
    findings: dict[int, tuple[Outcome, list[Finding]]] = {
        at: ("error", [_error(one.failure.code, one.failure.cause)])
        for at, one in enumerate(measurements)
        if one.failure is not None
    }
    try:
        misses = judge_rows(GATE_BY_NAME[gate].suite(), [evidence.facts.as_row() for _, evidence in measured])
    except SuiteFailed as failed:
        findings |= {at: ("error", [_error("judging", failed.cause)]) for at, _ in measured}
    else:
        for (at, evidence), of_page in zip(measured, misses, strict=True):
            is_failed = any(miss.severity == "error" for miss in of_page)
            findings[at] = ("fail" if is_failed else "pass", _findings(of_page, evidence))
    rules_version = GATE_BY_NAME[gate].rules_version()
    return [
        Evaluation(
            gate=gate,
            url=one.url,
            outcome=findings[at][0],
            mode=mode,
            verdict=verdict_of(findings[at][0], mode),
            findings=tuple(findings[at][1]),
            evidence=_evidence(one, gate),
            rules_version=rules_version,
        )
        for at, one in enumerate(measurements)
    ]


def _findings(misses: Sequence[Miss], evidence: Evidence) -> list[Finding]:
    found = []
    for miss in sorted(misses, key=lambda miss: miss.severity != "error"):
        details = [detail for detail in evidence.details if detail.code == miss.code]
        said = [(f"{miss.message}: {detail.message}", detail.where) for detail in details] or [(miss.message, None)]
        for message, where in said:
            found.append(Finding(code=miss.code, severity=miss.severity, message=plain(message, _MESSAGE), where=where))
    return found


def _error(code: str, cause: str) -> Finding:
    return Finding(code=code, severity="error", message=plain(cause, _MESSAGE), where=None)


def _evidence(measurement: Measurement, gate: str) -> dict[str, Any]:
    taken = {"sha256": measurement.sha256, "final_url": measurement.final_url}
    facts = measurement.evidence[gate].facts.as_row() if gate in measurement.evidence else {}
    return {name: value for name, value in (taken | facts).items() if value is not None}
