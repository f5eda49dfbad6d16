"""Publishing, on a real PostgreSQL: values arrive as they are, and readers never notice but for newer rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest
from psycopg import IsolationLevel
from psycopg.sql import SQL, Identifier

from delivery_ops.database.database import Database
from delivery_ops.database.roles import Role
from delivery_ops.errors import Permanent, Transient
from delivery_ops.warehouse.marts import Mart
from delivery_ops.warehouse.publish import Published, publish

AS_OF = datetime(2026, 3, 30, 12, tzinfo=UTC)
NAMES = tuple(f"mart_{letter}" for letter in "abcdefgh")


def mart(name: str, **columns: str) -> Mart:
    return Mart(name=name, description=f'{name}\'s rows. One row per "thing".', columns=columns)


@contextmanager
def warehouse_at(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
        yield connection


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def publish_marked(database: Database, warehouse: Path) -> Callable[..., Published]:
    """Publishes marts whose every row holds the version they are published as."""
    marts = [mart(name) for name in NAMES]
    numbers = iter(range(1, 1000))

    def publish_next(**options: object) -> Published:
        number = next(numbers)
        with warehouse_at(warehouse) as connection:
            for name in NAMES:
                connection.execute("DROP TABLE IF EXISTS marts." + name)
                connection.sql("SELECT $1::BIGINT AS marked FROM range(500)", params=[number]).create(f"marts.{name}")
        published = publish(database, warehouse, marts, run_id=f"run {number}", as_of=AS_OF, **options)  # type: ignore[arg-type]
        assert published.version == number
        return published

    return publish_next


def connected(database: Database, role: Role = Role.analyst, **options: object) -> psycopg.Connection:
    return psycopg.connect(database.url(role), **options)  # type: ignore[arg-type]


def marks(connection: psycopg.Connection, names: Sequence[str] = NAMES) -> set[tuple[int, int]]:
    """The distinct (mark, rows) of the views: one pair when all are of one version and whole."""
    found = set()
    for name in names:
        query = SQL("SELECT marked, count(*) FROM {} GROUP BY marked").format(Identifier("analytics", name))
        rows = connection.execute(query).fetchall()
        found |= set(rows) or {(0, 0)}
    return found


def tables(database: Database) -> list[str]:
    with connected(database, Role.publisher) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'analytics_data'::regnamespace AND relkind = 'r'"
        )
        return sorted(name for (name,) in rows)


def test_every_type_arrives_as_it_is_and_empty_text_is_not_null(database: Database, warehouse: Path) -> None:
    with warehouse_at(warehouse) as connection:
        connection.execute("""
            CREATE TABLE marts.kinds (
                id INTEGER, words VARCHAR, whole BIGINT, real DOUBLE, yes BOOLEAN, day DATE,
                instant TIMESTAMP WITH TIME ZONE, exact DECIMAL(18, 4), document JSON
            )
        """)
        rows = [
            (1, 'say "no", ünï\n\\.', 2**63 - 1, 0.1, True, date(2026, 2, 28), AS_OF, None, '{"a": [1, "\\u0000"]}'),
            (2, "", -(2**63), 1e300, False, date(1, 1, 1), datetime(1970, 1, 1, tzinfo=UTC), None, "null"),
            (3, "\\N", 0, float("inf"), None, None, datetime(2026, 3, 8, 9, 59, 59, 999999, tzinfo=UTC), None, "[]"),
            (4, None, None, None, None, None, None, None, None),
        ]
        for row in rows:
            connection.execute("INSERT INTO marts.kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.execute("UPDATE marts.kinds SET exact = 12345678901234.5678 WHERE id = 1")
    published = publish(database, warehouse, [mart("kinds")], run_id="r", as_of=AS_OF)
    assert published.rows == {"kinds": 4}
    with connected(database) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            "SELECT id, words, whole, real, yes, day, instant, exact::text, document::text FROM analytics.kinds "
            "ORDER BY id"
        ).fetchall()
        kinds = connection.execute(
            "SELECT array_agg(format_type(atttypid, atttypmod) ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = 'analytics.kinds'::regclass"
        ).fetchone()
    expected = [(*row[:7], "12345678901234.5678" if row[0] == 1 else None, *row[8:]) for row in rows]
    assert found == expected
    assert kinds == (
        [
            *("integer", "text", "bigint", "double precision", "boolean", "date"),
            *("timestamp with time zone", "numeric(18,4)", "json"),
        ],
    )


def test_descriptions_and_the_run_are_published_with_the_rows(database: Database, warehouse: Path) -> None:
    with warehouse_at(warehouse) as connection:
        connection.execute("CREATE TABLE marts.thing AS SELECT 1 AS id, 'x' AS note")
    published = publish(database, warehouse, [mart("thing", id="It's the id.")], run_id="abc", as_of=AS_OF)
    with connected(database) as connection:
        described = connection.execute(
            "SELECT obj_description('analytics.thing'::regclass), col_description('analytics.thing'::regclass, 1), "
            "col_description('analytics.thing'::regclass, 2)"
        ).fetchone()
        run = connection.execute("SELECT version, run_id, as_of, published_at FROM analytics.run").fetchall()
    assert described == ('thing\'s rows. One row per "thing".', "It's the id.", None)
    assert run == [(1, "abc", AS_OF, published.published_at)]


def test_the_last_two_versions_stay(database: Database, publish_marked: Callable[..., Published]) -> None:
    for _ in range(4):
        publish_marked()
    assert tables(database) == sorted(f"{name}__{version}" for name in (*NAMES, "run") for version in (3, 4))
    with connected(database) as connection:
        assert marks(connection) == {(4, 500)}


def test_a_changed_mart_is_replaced_and_a_removed_one_goes_away(database: Database, warehouse: Path) -> None:
    with warehouse_at(warehouse) as connection:
        connection.execute("CREATE TABLE marts.changing AS SELECT 1 AS id, 'x' AS note")
        connection.execute("CREATE TABLE marts.leaving AS SELECT 1 AS id")
    publish(database, warehouse, [mart("changing"), mart("leaving")], run_id="1", as_of=AS_OF)
    with warehouse_at(warehouse) as connection:
        connection.execute("CREATE OR REPLACE TABLE marts.changing AS SELECT 2::BIGINT AS id, DATE '2026-01-01' AS day")
    publish(database, warehouse, [mart("changing")], run_id="2", as_of=AS_OF)
    with connected(database) as connection:
        assert connection.execute("TABLE analytics.changing").fetchall() == [(2, date(2026, 1, 1))]
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("TABLE analytics.leaving")


Order = Callable[[Sequence[str]], Sequence[str]]


@pytest.mark.parametrize("isolation", [IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ])
def test_readers_never_fail_and_never_see_two_versions(
    database: Database, publish_marked: Callable[..., Published], isolation: IsolationLevel
) -> None:
    """Two readers loop over all views without a pause, forwards and backwards, while versions change: the worst order
    there is for a switch that needs all views at once."""
    publish_marked()
    stop = threading.Event()
    failures: list[BaseException] = []
    seen: list[list[int]] = []

    def read(order: Order) -> None:
        versions: list[int] = []
        seen.append(versions)
        try:
            with connected(database) as connection:
                connection.isolation_level = isolation
                while not stop.is_set():
                    with connection.transaction():
                        found = marks(connection, order(NAMES))
                        run = connection.execute("SELECT version FROM analytics.run").fetchone()
                    assert run
                    assert found == {(run[0], 500)}
                    versions.append(run[0])
        except BaseException as error:  # noqa: BLE001 - told by the test below
            failures.append(error)

    orders: list[Order] = [lambda names: names, lambda names: names[::-1]]
    readers = [threading.Thread(target=read, args=(order,)) for order in orders]
    for reader in readers:
        reader.start()
    last = [publish_marked() for _ in range(5)][-1]
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert all(versions == sorted(versions) for versions in seen)
    assert all(set(versions) & set(range(2, last.version + 1)) for versions in seen)


def test_statements_of_their_own_see_each_view_whole(
    database: Database, publish_marked: Callable[..., Published]
) -> None:
    publish_marked()
    stop = threading.Event()
    failures: list[object] = []

    def read() -> None:
        try:
            with connected(database, autocommit=True) as connection:
                while not stop.is_set():
                    failures.extend(found for found in marks(connection) if found[1] != 500)
        except BaseException as error:  # noqa: BLE001 - told by the test below
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(8):
        publish_marked()
    stop.set()
    reader.join()
    assert not failures


def test_a_snapshot_older_than_the_publication_sees_the_new_version_whole(
    database: Database, publish_marked: Callable[..., Published]
) -> None:
    publish_marked()
    with connected(database) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")  # takes the snapshot, touches no view
        publish_marked()
        publish_marked()
        assert marks(connection) == {(3, 500)}


def test_a_transaction_left_open_fails_the_publication_and_not_the_reader(
    database: Database, publish_marked: Callable[..., Published]
) -> None:
    publish_marked()
    with connected(database) as connection:
        before = marks(connection, NAMES[3:4])
        with pytest.raises(Transient, match="analyst"):
            publish_marked(patience=timedelta(0))
        assert marks(connection) == before == {(1, 500)}
    assert tables(database) == sorted(f"{name}__1" for name in (*NAMES, "run"))


def test_a_foreign_view_on_a_view_that_must_change_stops_the_publication(database: Database, warehouse: Path) -> None:
    with warehouse_at(warehouse) as connection:
        connection.execute("CREATE TABLE marts.thing AS SELECT 1 AS id")
    publish(database, warehouse, [mart("thing")], run_id="1", as_of=AS_OF)
    with connected(database, Role.publisher) as connection:
        connection.execute("CREATE VIEW analytics_data.theirs AS TABLE analytics.thing")
    publish(database, warehouse, [mart("thing")], run_id="2", as_of=AS_OF)
    with warehouse_at(warehouse) as connection:
        connection.execute("CREATE OR REPLACE TABLE marts.thing AS SELECT 'x' AS id")
    with pytest.raises(Permanent, match="theirs"):
        publish(database, warehouse, [mart("thing")], run_id="3", as_of=AS_OF)
    with connected(database) as connection:
        assert connection.execute("SELECT run_id, id FROM analytics.run, analytics.thing").fetchall() == [("2", 1)]


@pytest.mark.parametrize(
    ("select", "complaint"),
    [("SELECT chr(0) AS id", "0x00"), ("SELECT [1, 2] AS id", r"INTEGER\[\]")],
    ids=["a NUL in a text", "a list"],
)
def test_what_postgresql_cannot_hold_is_said_and_changes_nothing(
    database: Database, warehouse: Path, select: str, complaint: str
) -> None:
    with warehouse_at(warehouse) as connection:
        connection.execute("CREATE TABLE marts.thing AS SELECT 1 AS id")
    publish(database, warehouse, [mart("thing")], run_id="1", as_of=AS_OF)
    with warehouse_at(warehouse) as connection:
        connection.execute("CREATE OR REPLACE TABLE marts.thing AS " + select)
    with pytest.raises(Permanent, match=complaint):
        publish(database, warehouse, [mart("thing")], run_id="2", as_of=AS_OF)
    with connected(database) as connection:
        assert connection.execute("SELECT run_id, id FROM analytics.run, analytics.thing").fetchall() == [("1", 1)]
