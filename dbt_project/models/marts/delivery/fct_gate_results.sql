with

gate_results as (

    select * from {{ ref('stg_operations__gate_results') }}

)

select
    event_id,
    position,
    deliverable_id,
    gate,
    url,
    page_key,
    outcome,
    mode,
    verdict,
    cause,
    rules_version,
    finding_codes,
    cast(findings as json) as findings,
    evaluated_at,
    is_standing
from gate_results
where not is_synthetic
