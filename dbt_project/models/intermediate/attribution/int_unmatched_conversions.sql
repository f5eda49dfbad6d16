with

conversions as (

    select * from {{ ref('int_conversion_identities') }}

),

matched_conversions as (

    select distinct conversion_id from {{ ref('int_eligible_pairs') }}

),

identities as (

    select distinct
        contact_id,
        account_id
    from {{ ref('stg_files__touches') }}

),

seen_by_account as (

    select distinct conversions.conversion_id
    from conversions
    inner join identities on conversions.account_id = identities.account_id

),

seen_by_contact as (

    select distinct conversions.conversion_id
    from conversions
    inner join identities on conversions.contact_id = identities.contact_id
    where conversions.account_id is null or identities.account_id is null

),

seen_conversions as (

    select * from seen_by_account
    union
    select * from seen_by_contact

)

select
    conversions.conversion_id,
    case
        when conversions.contact_id is null and conversions.account_id is null then 'no_identity'
        when seen_conversions.conversion_id is null then 'no_touch'
        else 'no_touch_in_window'
    end as reason
from conversions
left join matched_conversions on conversions.conversion_id = matched_conversions.conversion_id
left join seen_conversions on conversions.conversion_id = seen_conversions.conversion_id
where matched_conversions.conversion_id is null
