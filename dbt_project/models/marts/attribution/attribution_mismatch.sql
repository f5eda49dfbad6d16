with

deliverables as (

    select * from {{ ref('dim_deliverables') }}

),

search_performance as (

    select * from {{ ref('fct_search_performance') }}
    where is_counted

),

touches as (

    select * from {{ ref('fct_touches') }}

),

-- Matured: the window after publication is over and Search Console has had its days to report it.
matured_deliverables as (

    select
        *,
        published_at + {{ days(var('mismatch_window_days')) }} as window_ends_at
    from deliverables
    where
        published_at + {{ days(var('mismatch_window_days') + var('mismatch_search_lag_days')) }}
        <= cast('{{ var("as_of") }}' as timestamp with time zone)

),

search_in_window as (

    select
        matured_deliverables.deliverable_id,
        sum(search_performance.impressions) as impressions,
        sum(search_performance.clicks) as clicks
    from matured_deliverables
    inner join search_performance
        on
            matured_deliverables.deliverable_id = search_performance.deliverable_id
            and search_performance.search_date >= cast({{ pacific_time('matured_deliverables.published_at') }} as date)
            and search_performance.search_date < cast({{ pacific_time('matured_deliverables.window_ends_at') }} as date)
    group by matured_deliverables.deliverable_id

),

touch_counts as (

    select
        matured_deliverables.deliverable_id,
        count(*) as touches,
        count(*) filter (
            where
            touches.touched_at >= matured_deliverables.published_at
            and touches.touched_at < matured_deliverables.window_ends_at
        ) as touches_in_window
    from matured_deliverables
    inner join touches on matured_deliverables.deliverable_id = touches.deliverable_id
    group by matured_deliverables.deliverable_id

)

select
    matured_deliverables.deliverable_id,
    matured_deliverables.client_id,
    matured_deliverables.tier,
    matured_deliverables.deliverable_type,
    matured_deliverables.url,
    matured_deliverables.published_at,
    matured_deliverables.window_ends_at,
    cast(search_in_window.impressions as bigint) as impressions,
    cast(search_in_window.clicks as bigint) as clicks,
    coalesce(touch_counts.touches_in_window, 0) as touches_in_window,
    coalesce(touch_counts.touches, 0) as touches,
    coalesce(touch_counts.touches, 0) = 0 as is_mismatch
from matured_deliverables
inner join search_in_window on matured_deliverables.deliverable_id = search_in_window.deliverable_id
left join touch_counts on matured_deliverables.deliverable_id = touch_counts.deliverable_id
where search_in_window.impressions >= {{ var('mismatch_min_impressions') }}
