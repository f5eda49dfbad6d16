with

source as (

    select * from {{ source('operations', 'gate_results') }}

),

renamed as (

    select
        ---------- ids
        event_id,
        position,
        deliverable_id,

        ---------- what
        gate,
        url,
        page_key,
        outcome,
        mode,
        verdict,
        cause,
        rules_version,
        finding_codes,
        findings,
        synthetic as is_synthetic,
        standing as is_standing,

        ---------- timestamps
        evaluated_at

    from source

)

select * from renamed
