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
    outcome,
    mode,
    verdict,
    cause,
    rules_version,
    finding_codes,
    cast(findings as json) as findings,
    evaluated_at,
    row_number() over (
        partition by deliverable_id, gate order by evaluated_at desc, position desc
    ) = 1 as is_latest
from gate_results
where not is_synthetic
