"""At stake: a run that says "nothing new" of events that came in, or tells those of the run before once more."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from delivery_ops.database.roles import Role
from delivery_ops.defs.delivery.assets import lake
from delivery_ops.defs.outcomes import Outcome
from delivery_ops.ledger import intake_log
from delivery_ops.ledger.balance import Balance
from delivery_ops.operation import Operation, open_operation
from delivery_ops.settings import Settings


def exported(operation: Operation) -> tuple[str, Outcome]:
    """The run's id, and what it found."""
    run = dg.materialize([lake], resources={"operation": operation})
    assert run.success
    return run.run_id, Outcome.of(event.materialization for event in run.get_asset_materialization_events())


def test_a_run_tells_the_events_that_no_report_has_told_and_whether_any_is_new(
    settings_factory: Callable[..., Settings], empty_database_url: str
) -> None:
    with open_operation(settings_factory(database_url=empty_database_url)) as operation:
        operation.ledger.log_intake("a.ndjson", Balance(received=3, kept=2, rejected=1))
        for _ in range(2):  # the first run wrote no report
            run_id, outcome = exported(operation)
            [balance] = outcome.balances
            assert (balance.incoming, balance.outcomes["kept"], outcome.changed) == (3, 2, True)
        with operation.database.engine(Role.writer).begin() as connection:
            intake_log.tell(connection, run_id)
        operation.ledger.log_intake("a.ndjson", Balance(received=3, duplicate=2, rejected=1))
        _, outcome = exported(operation)
        [balance] = outcome.balances
        assert (balance.incoming, balance.outcomes["duplicate"], outcome.changed) == (3, 2, False)
