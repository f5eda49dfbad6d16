-- Causality and the window: nothing is credited after it, nor from before the window.
{{ config(meta={'dagster': {'ref': {'name': 'int_eligible_pairs'}}}) }}
select *
from {{ ref('int_eligible_pairs') }}
where
    touched_at > matched_at
    or epoch_us(matched_at) - epoch_us(touched_at) >= {{ var('attribution_window_days') }} * cast(86400000000 as bigint)
