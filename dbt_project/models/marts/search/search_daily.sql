with

totals as (

    select * from {{ ref('stg_search_console__totals') }}

),

pages as (

    select * from {{ ref('stg_search_console__pages') }}

),

search_performance as (

    select * from {{ ref('fct_search_performance') }}

),

search_clients as (

    select * from {{ ref('int_search_clients') }}

),

-- Counted before the pages are matched: that matched and unmatched add up to it is a test, and the run's balance.
exported as (

    select
        property,
        search_date,
        count(*) as page_rows
    from pages
    group by property, search_date

),

page_sums as (

    select
        property,
        search_date,
        count(deliverable_id) as matched_rows,
        count(*) - count(deliverable_id) as unmatched_rows,
        sum(clicks) as page_clicks,
        sum(impressions) as page_impressions,
        sum(clicks) filter (where deliverable_id is not null) as matched_clicks,
        sum(impressions) filter (where deliverable_id is not null) as matched_impressions
    from search_performance
    group by property, search_date

),

property_days as (

    select
        property,
        search_date
    from totals
    union
    select
        property,
        search_date
    from exported

)

select
    property_days.property,
    property_days.search_date,
    search_clients.client_id,
    totals.clicks,
    totals.impressions,
    totals.position,
    coalesce(exported.page_rows, 0) as page_rows,
    coalesce(page_sums.matched_rows, 0) as matched_rows,
    coalesce(page_sums.unmatched_rows, 0) as unmatched_rows,
    cast(coalesce(page_sums.page_clicks, 0) as bigint) as page_clicks,
    cast(coalesce(page_sums.page_impressions, 0) as bigint) as page_impressions,
    cast(coalesce(page_sums.matched_clicks, 0) as bigint) as matched_clicks,
    cast(coalesce(page_sums.matched_impressions, 0) as bigint) as matched_impressions
from property_days
left join totals
    on property_days.property = totals.property and property_days.search_date = totals.search_date
left join exported
    on property_days.property = exported.property and property_days.search_date = exported.search_date
left join page_sums
    on property_days.property = page_sums.property and property_days.search_date = page_sums.search_date
left join search_clients on property_days.property = search_clients.property
