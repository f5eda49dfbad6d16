"""The graph as text, so that a change of it is seen in review: keys, dependencies, owners, checks, pools, jobs, clocks.

Belongs here: writing it down. `python -m delivery_ops_tests.defs.definitions_text` writes ``definitions.txt`` anew, for
the demo's configuration.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from delivery_ops.settings import CONFIG_VARIABLE, DEFAULT_CONFIG

GOLDEN = Path(__file__).parent / "definitions.txt"


def text() -> str:
    """Of the operation that ``DELIVERY_OPS_CONFIG`` names; the definitions are loaded once a process."""
    from delivery_ops.definitions import defs

    loaded = defs()
    return "\n".join([*_assets(loaded), *_jobs(loaded), *_schedules(loaded)]) + "\n"


def _assets(loaded: dg.Definitions) -> Iterator[str]:
    graph = loaded.resolve_asset_graph()
    for spec in sorted(loaded.resolve_all_asset_specs(), key=lambda spec: spec.key):
        node = graph.get(spec.key)
        yield f"asset {_name(spec.key)}"
        yield f"  {spec.group_name}, {', '.join(spec.owners)}, {', '.join(sorted(spec.kinds))}"
        yield from _listed("after", (_name(dep.asset_key) for dep in spec.deps))
        yield from _listed("check", (_check(graph.get_check_spec(key)) for key in node.check_keys))
        yield from _listed("pool", node.pools or ())
        if spec.partitions_def:
            yield f"  partitions {_partitions(spec.partitions_def)}, {node.backfill_policy.policy_type.value}"


def _jobs(loaded: dg.Definitions) -> Iterator[str]:
    graph = loaded.resolve_asset_graph()
    for job in sorted(loaded.jobs or (), key=lambda job: job.name):
        yield f"job {job.name}"
        chosen = job.selection.resolve(graph)
        left_out = {spec.key for spec in loaded.resolve_all_asset_specs()} - chosen
        if len(left_out) < len(chosen):
            yield from _listed("everything but", map(_name, left_out))
        else:
            yield from _listed("only", map(_name, chosen))


def _schedules(loaded: dg.Definitions) -> Iterator[str]:
    for each in loaded.schedules or ():
        yield f"schedule {each.name}: {each.job_name} at {each.cron_schedule} in {each.execution_timezone}, "
        yield f"  {each.default_status.value}"


def _name(key: dg.AssetKey) -> str:
    return key.to_user_string()


def _check(spec: dg.AssetCheckSpec) -> str:
    return f"{spec.name}{' (blocking)' if spec.blocking else ''}"


def _partitions(definition: dg.PartitionsDefinition) -> str:
    if isinstance(definition, dg.MultiPartitionsDefinition):
        return " x ".join(f"{each.name} {_partitions(each.partitions_def)}" for each in definition.partitions_defs)
    if isinstance(definition, dg.TimeWindowPartitionsDefinition):
        return f"daily from {definition.start:%Y-%m-%d} in {definition.timezone}"
    return "|".join(definition.get_partition_keys())


def _listed(what: str, names: object) -> Iterator[str]:
    yield from (f"  {what} {name}" for name in sorted(names))


if __name__ == "__main__":
    os.environ[CONFIG_VARIABLE] = str(DEFAULT_CONFIG)
    GOLDEN.write_text(text(), encoding="utf-8")
