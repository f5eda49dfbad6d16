"""How dbt's resources are named and grouped among Dagster's assets.

Belongs here: keys, groups and owners of models and sources. A source of the lake is the asset that writes that
dataset, as its ``meta.dagster.asset_key`` says beside the source's own description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings


class Translator(DagsterDbtTranslator):
    """Models keep their own names; the folder of a model's layer is its group."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """The model's name; for a source the key that its meta states."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """staging, intermediate or marts."""
        layer: str = dbt_resource_props["fqn"][1]
        return layer

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        """Analysts own what is computed from the lake."""
        return ["team:analytics"] if dbt_resource_props["resource_type"] == "model" else []
