"""Attribution on files: from anybody's rows to credit that adds up, with every bad row told and every id as it was."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from delivery_ops.attribution.run import AttributionSummary, run_attribution
from delivery_ops.errors import BadUsage

WON = datetime(2026, 3, 29, 12, tzinfo=UTC)
CREDIT_COLUMNS = [
    ("conversion_id", pa.string()),
    ("model", pa.string()),
    ("touch_id", pa.string()),
    ("deliverable_id", pa.string()),
    ("channel", pa.string()),
    ("reason", pa.string()),
    ("credit_minor", pa.int64()),
    ("currency", pa.string()),
]
SUMMARY_COLUMNS = [
    ("model", pa.string()),
    ("deliverable_id", pa.string()),
    ("channel", pa.string()),
    ("currency", pa.string()),
    ("credit_minor", pa.int64()),
    ("conversions", pa.int64()),
    ("touches", pa.int64()),
]

TOUCHES = """\
touch_id,contact_id,deliverable_id,channel,touched_at,touch_type
007,ann,d1,email,2026-03-01T00:00:00Z,mql
7,ann,d2,"social, paid",2026-03-02,
7,ann,d2,"social, paid",2026-03-02T00:00:00+00:00,
7,ann,d3,"social, paid",2026-03-02,
8,ann,d1,email,yesterday,
,ann,d1,email,2026-03-02,
9,bob,,direct,2026-02-27T12:00:00Z,
10,bob,,direct
"""
CONVERSIONS = """\
conversion_id;contact_id;converted_at;amount_minor;currency;refund_of;account_id
0010;ann;2026-03-29T12:00:00Z;101;EUR;;
0011;;2026-03-30;7;EUR;;
0012;bob;2026-03-29T14:00:00+02:00;-15;USD;;
0013;cat;2026-03-29;50.0;EUR;;
0014;;2026-06-01;-101;EUR;0010;
0015;ann;2026-03-29;12.5;EUR;;
0016;ann;2026-03-29;12;euro;;
0017;ann;2026-03-29;12;EUR;0010;
0018;ann;infinity;12;EUR;;
0019;ann;2026-03-29;9223372036854775807;EUR;;
0020;ann;2026-03-29;-9223372036854775808;EUR;;
0021;ann;2026-03-29;1000000000000001;EUR;;
0022;ann;2026-03-29;12;XYZ;;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attribution")


@pytest.fixture(scope="module")
def done(folder: Path) -> AttributionSummary:
    """One run over the two files above, written as CSV too."""
    (folder / "touches.csv").write_text(TOUCHES)
    (folder / "conversions.csv").write_text(CONVERSIONS)
    return run_attribution(folder / "touches.csv", folder / "conversions.csv", folder / "out", as_csv=True)


def rows(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return found


def test_credit_has_the_promised_columns_and_ids_as_they_were(folder: Path, done: AttributionSummary) -> None:
    table = pq.read_table(folder / "out" / "credit.parquet")
    assert [(field.name, field.type) for field in table.schema] == CREDIT_COLUMNS
    linear = [tuple(row.values()) for row in table.to_pylist() if row["model"] == "linear"]
    assert linear == [
        ("0010", "linear", "007", "d1", "email", None, 51, "EUR"),
        ("0010", "linear", "7", "d2", "social, paid", None, 50, "EUR"),
        ("0011", "linear", None, None, None, "no_identity", 7, "EUR"),
        ("0012", "linear", None, None, None, "no_touch_in_window", -15, "USD"),
        ("0013", "linear", None, None, None, "no_touch", 50, "EUR"),
        ("0014", "linear", "007", "d1", "email", None, -51, "EUR"),
        ("0014", "linear", "7", "d2", "social, paid", None, -50, "EUR"),
    ]


def test_the_summary_has_the_promised_columns_and_adds_credit_up(folder: Path, done: AttributionSummary) -> None:
    table = pq.read_table(folder / "out" / "summary.parquet")
    assert [(field.name, field.type) for field in table.schema] == SUMMARY_COLUMNS
    assert [tuple(row.values()) for row in table.to_pylist() if row["model"] == "first"] == [
        ("first", "d1", "email", "EUR", 0, 2, 1),
        ("first", None, None, "EUR", 57, 2, 0),
        ("first", None, None, "USD", -15, 1, 0),
    ]


def test_csv_files_hold_the_same_as_the_parquet_files(folder: Path, done: AttributionSummary) -> None:
    for name in ("credit", "summary"):
        with (folder / "out" / f"{name}.csv").open(newline="") as file:
            as_text = list(csv.DictReader(file))
        stored = rows(folder / "out" / f"{name}.parquet")
        assert as_text == [{key: "" if value is None else str(value) for key, value in row.items()} for row in stored]


def test_every_bad_row_is_told_with_its_reason_and_every_row_is_counted(folder: Path, done: AttributionSummary) -> None:
    with (folder / "out" / "rejected.csv").open(newline="") as file:
        told = [(row["file"], row["line"] or row["row"], row["id"], row["reason"]) for row in csv.DictReader(file)]
    assert [row[:3] for row in told] == [
        ("conversions", "6", "0015"),
        ("conversions", "7", "0016"),
        ("conversions", "8", "0017"),
        ("conversions", "9", "0018"),
        ("conversions", "10", "0019"),
        ("conversions", "11", "0020"),
        ("conversions", "12", "0021"),
        ("conversions", "13", "0022"),
        ("touches", "9", ""),
        ("touches", "4", "7"),
        ("touches", "5", "8"),
        ("touches", "6", ""),
    ]
    for (*_, reason), word in zip(
        told,
        [
            "whole number",
            "ISO 4217",
            "refund",
            "instant",
            *["1000000000000000 is the largest"] * 3,
            "ISO 4217",
            "Columns",
            "says otherwise",
            "instant",
            "missing",
        ],
        strict=True,
    ):
        assert word in reason
    for intake, counts in ((done.touches, (8, 3, 1, 4)), (done.conversions, (13, 5, 0, 8))):
        assert (intake.rows, intake.kept, intake.duplicate, intake.rejected) == counts


def test_the_result_says_what_became_of_the_revenue(done: AttributionSummary) -> None:
    assert done.conserved
    assert done.revenue_minor == {"EUR": 57, "USD": -15}
    [total] = [total for total in done.totals if (total.model, total.currency) == ("last", "EUR")]
    assert total.conversions == 4
    assert total.attributed_minor == 0
    assert total.unattributed_minor == {"no_identity": 7, "no_touch": 50, "no_touch_in_window": 0}
    assert all(file.exists() for file in done.files)


Write = Callable[[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]], tuple[Path, Path]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes touches and conversions as Parquet."""

    def parquet(touches: Sequence[Mapping[str, Any]], conversions: Sequence[Mapping[str, Any]]) -> tuple[Path, Path]:
        for name, given in (("touches", touches), ("conversions", conversions)):
            pq.write_table(pa.Table.from_pylist(list(given)), tmp_path / name)
        return tmp_path / "touches", tmp_path / "conversions"

    return parquet


def touch(touch_id: object, at: datetime, **changes: Any) -> dict[str, Any]:
    row = {"touch_id": touch_id, "contact_id": "ann", "deliverable_id": "d", "channel": None, "touched_at": at}
    return {**row, **changes}


def conversion(conversion_id: object, amount: float, **changes: Any) -> dict[str, Any]:
    row = {"conversion_id": conversion_id, "contact_id": "ann", "converted_at": WON}
    return {**row, "amount_minor": amount, "currency": "EUR", **changes}


def test_parquet_is_read_as_csv_is_whatever_its_types(tmp_path: Path, write: Write) -> None:
    """Numbers as ids, an amount column of floats, gaps for channels; and only the models and window asked for."""
    files = write(
        [touch(1, WON - timedelta(days=7)), touch(2, WON - timedelta(days=7) + timedelta(microseconds=1))],
        [conversion(5, 1000.0)],
    )
    done = run_attribution(*files, tmp_path / "out", models=["last", "first"], window_days=7)
    assert done.models == ("first", "last")
    found = [(row["model"], row["touch_id"], row["credit_minor"]) for row in rows(tmp_path / "out" / "credit.parquet")]
    assert found == [("first", "2", 1000), ("last", "2", 1000)]
    assert not (tmp_path / "out" / "credit.csv").exists()


def test_whole_numbers_meet_whether_their_column_has_gaps_or_not(tmp_path: Path, write: Write) -> None:
    """pandas writes ids with a gap among them as 17.0 and NaN or null; no number is nobody's id."""
    nan, day = float("nan"), WON - timedelta(days=1)
    files = write(
        [touch(1, day, contact_id=17), touch(2, day, contact_id=2**53), touch(3, day, contact_id=18)],
        [
            conversion(0.0, 100.0, contact_id=17.0, refund_of=nan),
            conversion(1.0, 100.0, contact_id=2.0**53, refund_of=None),
            conversion(2.0, 100.0, contact_id=18.5, refund_of=nan),
            conversion(3.0, 100.0, contact_id=None, refund_of=nan),
            conversion(4.0, -100.0, contact_id=nan, refund_of=0.0),
        ],
    )
    done = run_attribution(*files, tmp_path / "out", models=["last"])
    assert (done.conversions.kept, done.conserved) == (5, True)
    found = [(row["conversion_id"], row["touch_id"], row["reason"]) for row in rows(tmp_path / "out/credit.parquet")]
    assert sorted(found) == [
        ("0", "1", None),
        ("1", "2", None),
        ("2", None, "no_touch"),
        ("3", None, "no_identity"),
        ("4", "1", None),
    ]


def test_the_largest_amounts_are_shared_out_and_summed_exactly(tmp_path: Path, write: Write) -> None:
    largest = 10**15
    files = write(
        [touch(number, WON - timedelta(days=number)) for number in range(3)],
        [*(conversion(number, largest) for number in range(3)), conversion(9, -largest)],
    )
    done = run_attribution(*files, tmp_path / "out")
    assert done.conserved
    assert done.revenue_minor == {"EUR": 2 * largest}
    assert {total.attributed_minor for total in done.totals} == {2 * largest}


def test_files_without_rows_give_files_without_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("touch_id,contact_id,deliverable_id,channel,touched_at\n")
    (tmp_path / "c.csv").write_text("conversion_id,contact_id,converted_at,amount_minor,currency\n")
    done = run_attribution(tmp_path / "t.csv", tmp_path / "c.csv", tmp_path / "out")
    assert done.conserved
    assert done.totals == ()
    assert rows(tmp_path / "out" / "credit.parquet") == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"models": ["first", "shapley"]}, "'shapley'.*first, last, linear, or all"),
        ({"models": []}, "no model"),
        ({"window_days": 0}, "0 days"),
        ({"window_days": 10**9}, "1000000000 days"),
    ],
    ids=["an unknown model", "no model", "no window", "a window beyond all instants"],
)
def test_options_that_cannot_be_are_refused(
    tmp_path: Path, write: Write, options: dict[str, Any], complaint: str
) -> None:
    files = write([touch(1, WON)], [conversion(1, 1)])
    with pytest.raises(BadUsage, match=complaint):
        run_attribution(*files, tmp_path / "out", **options)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        (b"", "no header line"),
        (b"touch_id,contact_id\n1,2\n", "lacks deliverable_id, channel, touched_at; it has touch_id, contact_id"),
        (b"touch_id,touch_id\n1,2\n", "'touch_id' stands twice"),
        (b"PAR1 but no more than that", "magic bytes"),
        (b"touch_id,contact_id,deliverable_id,channel,touched_at\r\n1,2,3,4,5\n6,7,8,9,10\r", "state machine"),
    ],
    ids=["missing", "empty", "lacks columns", "a column twice", "no Parquet", "mixed line ends"],
)
def test_files_that_cannot_be_read_are_refused_with_what_they_must_be(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    file = tmp_path / "touches.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadUsage, match=rf"(?s)touches\.csv: .*{complaint}.*It must be Parquet"):
        run_attribution(file, tmp_path / "conversions.csv", tmp_path / "out")


def test_an_out_folder_that_cannot_be_is_refused(tmp_path: Path, write: Write) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(BadUsage, match="the folder"):
        run_attribution(*write([touch(1, WON)], [conversion(1, 1)]), tmp_path / "out")


def test_a_real_funnel_conserves_its_revenue_and_all_models_agree_where_each_lead_has_one_touch(
    tmp_path: Path, reference_data: Path
) -> None:
    """Olist: 8,000 leads on 495 landing pages, 842 won deals, the items that the won sellers sold."""
    olist = reference_data / "data" / "olist"

    def read(name: str) -> list[dict[str, str]]:
        with (olist / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    leads, deals = read("marketing_qualified_leads.csv"), read("closed_deals.csv")
    sold: dict[str, int] = defaultdict(int)
    for item in read("order_items_of_won_sellers.csv"):
        sold[item["seller_id"]] += int(Decimal(item["price"]) * 100)
    pq.write_table(
        pa.Table.from_pylist(
            [
                touch(
                    lead["mql_id"],
                    lead["first_contact_date"],  # type: ignore[arg-type]
                    contact_id=lead["mql_id"],
                    deliverable_id=lead["landing_page_id"],
                    channel=lead["origin"] or None,
                )
                for lead in leads
            ]
        ),
        tmp_path / "touches",
    )
    pq.write_table(
        pa.Table.from_pylist(
            [
                conversion(
                    f"{deal['mql_id']}:{deal['seller_id']}",
                    sold[deal["seller_id"]],
                    contact_id=deal["mql_id"],
                    converted_at=deal["won_date"],
                    currency="BRL",
                )
                for deal in deals
            ]
        ),
        tmp_path / "conversions",
    )
    done = run_attribution(tmp_path / "touches", tmp_path / "conversions", tmp_path / "out")
    assert (done.touches.kept, done.conversions.kept) == (8000, 842)
    assert done.conserved
    assert done.revenue_minor == {"BRL": sum(sold.values())}

    by_model: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(tmp_path / "out" / "credit.parquet"):
        by_model[row.pop("model")].append(row)
    assert by_model["first"] == by_model["last"] == by_model["linear"]
    first_contact = {lead["mql_id"]: datetime.fromisoformat(lead["first_contact_date"]) for lead in leads}
    in_time = {
        deal["mql_id"]
        for deal in deals
        if timedelta(0) <= datetime.fromisoformat(deal["won_date"]) - first_contact[deal["mql_id"]] < timedelta(days=30)
    }
    attributed = [row for row in by_model["first"] if row["reason"] is None]
    assert {row["touch_id"] for row in attributed} == in_time
    assert len(attributed) == len(in_time) > 100
