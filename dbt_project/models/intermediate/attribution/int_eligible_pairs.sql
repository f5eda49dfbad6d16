with

conversions as (

    select * from {{ ref('int_conversion_identities') }}

),

touches as (

    select * from {{ ref('stg_files__touches') }}

),

-- Two joins on equality, then the window as a filter: a hash join on the identity is the fast shape. They never
-- meet, since a pair matches by contact only where one side has no account.
pairs_by_account as (

    select
        conversions.conversion_id,
        conversions.matched_conversion_id,
        conversions.matched_at,
        touches.*
    from conversions
    inner join touches on conversions.account_id = touches.account_id

),

pairs_by_contact as (

    select
        conversions.conversion_id,
        conversions.matched_conversion_id,
        conversions.matched_at,
        touches.*
    from conversions
    inner join touches on conversions.contact_id = touches.contact_id
    where conversions.account_id is null or touches.account_id is null

),

pairs as (

    select * from pairs_by_account
    union all
    select * from pairs_by_contact

),

eligible_pairs as (

    select *
    from pairs
    where
        touched_at <= matched_at
        and touched_at > matched_at - {{ days(var('attribution_window_days')) }}

)

select
    conversion_id,
    matched_conversion_id,
    touch_source,
    touch_id,
    deliverable_id,
    channel,
    touched_at,
    matched_at,
    row_number() over (
        partition by conversion_id order by touched_at, touch_id, touch_source
    ) as touch_position,
    count(*) over (partition by conversion_id) as touch_count
from eligible_pairs
