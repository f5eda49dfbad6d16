"""The composition root: an operation, opened.

Belongs here: turning settings into the parts that work together (database, ledger, lake, page fetcher, Search
Console client), and standing in the simulator's servers where the operation is simulated. Does not belong here:
any work; commands and Dagster assets ask this record for a part and call a room's function with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import monotonic

from delivery_ops import clock
from delivery_ops.connectors.files.announcing import SOURCES
from delivery_ops.connectors.files.load import LoadResult, load_source
from delivery_ops.database.database import Database
from delivery_ops.database.opening import open_database
from delivery_ops.database.roles import Role
from delivery_ops.deliverables.fold import DELIVERABLES
from delivery_ops.deliverables.registration import Registrar
from delivery_ops.errors import BadUsage
from delivery_ops.file_source import FileSource
from delivery_ops.gates.fetch import PageFetcher
from delivery_ops.gates.fold import GATES
from delivery_ops.gates.judge import Evaluation, check_file, check_pages
from delivery_ops.gates.sites import networks_by_host
from delivery_ops.gates.verdicts import Mode
from delivery_ops.lake.lake import Lake
from delivery_ops.ledger.consume import catch_up
from delivery_ops.ledger.ledger import Ledger
from delivery_ops.search_console.client import SearchConsoleClient
from delivery_ops.search_console.export import Exporter
from delivery_ops.settings import Settings

CONSUMERS = (DELIVERABLES, SOURCES, GATES)
"""Every fold there is. Whoever appends catches them up before it reads one."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The open parts of one operation. Get it from ``open_operation``, which also closes it."""

    settings: Settings
    database: Database
    ledger: Ledger
    lake: Lake
    registrar: Registrar
    date: date
    opened_at: datetime
    opened_on_stopwatch: float
    routes: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    search_console_endpoint: str | None = None

    @property
    def end_of_date(self) -> datetime:
        """The instant at which ``date`` ends in the operation's zone: what a run of that date is "as of"."""
        return datetime.combine(self.date + timedelta(days=1), time(), tzinfo=self.settings.tzinfo)

    @property
    def open_for(self) -> timedelta:
        """How long it has been open. A stopwatch's time: a simulated operation's clock stands still."""
        return timedelta(seconds=monotonic() - self.opened_on_stopwatch)

    def catch_up(self) -> None:
        """Bring every fold up to the ledger's head."""
        catch_up(self.database.engine(Role.folder), CONSUMERS)

    def load(self, source: FileSource) -> LoadResult:
        """Load one file source, and bring the folds up to what it announced."""
        result = load_source(source, self.settings, self.lake, self.ledger, self.registrar, self.database)
        self.catch_up()
        return result

    def fetcher(self) -> PageFetcher:
        """The page fetcher: to the public internet, and at a site's host to the networks that the site names."""
        return _fetcher(self.settings, self.routes)

    def exporter(self) -> Exporter:
        """The Search Console exporter. It reads the fold of page owners: catch that up before."""
        client = SearchConsoleClient.from_settings(self.settings, default_endpoint=self.search_console_endpoint)
        return Exporter(client=client, lake=self.lake, ledger=self.ledger, database=self.database)


@contextmanager
def open_operation(settings: Settings, *, on: date | None = None) -> Iterator[Operation]:
    """Open an operation: database running and migrated, lake prepared, the simulator serving if it is simulated.

    Args:
        on: the date that the work is for, in the operation's zone; default today, and no later.

    Raises:
        BadUsage: ``on`` is in the future.
        DeliveryOpsError: what could not be opened, and what to do.
    """
    stopwatch = monotonic()
    with ExitStack() as stack:
        database = open_database(settings)
        stack.callback(database.close)
        lake = Lake(settings.state_dir / "lake")
        lake.prepare()
        routes, endpoint = stack.enter_context(_world(settings))
        yield Operation(
            settings=settings,
            database=database,
            ledger=Ledger(database.engine(Role.writer)),
            lake=lake,
            registrar=Registrar(settings, database.engine(Role.folder)),
            date=_date_of(on, today=clock.today(settings.tzinfo)),
            opened_at=clock.now(),
            opened_on_stopwatch=stopwatch,
            routes=routes,
            search_console_endpoint=endpoint,
        )


def check_page(settings: Settings, target: str, *, only: str | None, page_url: str | None) -> list[Evaluation]:
    """Judge one page, an address or a file, by every gate or ``only`` one; needs no database and writes nothing.

    Raises:
        BadUsage: no such gate or file, or ``page_url`` beside an address.
    """
    if only is not None and only not in settings.gates:
        raise _bad_check(f"--gate {only}", f"there is no such gate; there are {', '.join(settings.gates)}")
    modes: dict[str, Mode] = {gate: mode for gate, mode in settings.gates.items() if only in (None, gate)}
    if not target.startswith(("http://", "https://")):
        return check_file(Path(target), page_url, modes)
    if page_url is not None:
        raise _bad_check(f"--page-url {page_url}", "the page checked has an address already")
    with _world(settings) as (routes, _):
        [evaluations] = check_pages([target], _fetcher(settings, routes), modes)
    return evaluations


def _date_of(on: date | None, *, today: date) -> date:
    if on is not None and on > today:
        raise BadUsage(
            "opening the operation",
            subject=f"for {on}",
            cause=f"today is {today} in the operation's zone: of the days to come nothing is known",
            remedy="Name today or a day before.",
        )
    return on or today


def _fetcher(settings: Settings, routes: Mapping[str, tuple[str, int]]) -> PageFetcher:
    return PageFetcher(allow_networks=networks_by_host(settings.sites), routes=routes)


def _bad_check(subject: str, cause: str) -> BadUsage:
    return BadUsage("checking a page", subject=subject, cause=cause, remedy="Correct it and run it again.")


@contextmanager
def _world(settings: Settings) -> Iterator[tuple[Mapping[str, tuple[str, int]], str | None]]:
    """Routes to sites and Search Console's root address: the real ones, or in a simulated operation the simulator's."""
    if settings.simulated is None:
        yield {}, None
        return
    from delivery_ops.simulator.serve import serving

    with serving(settings.simulated.seed) as served:
        yield served.routes, served.search_console_endpoint
