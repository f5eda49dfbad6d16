-- Search rows in = matched + unmatched, and clicks and impressions with them, per property and day.
{{ config(meta={'dagster': {'ref': {'name': 'fct_search_performance'}}}) }}
with

staged as (

    select
        property,
        search_date,
        count(*) as page_rows,
        sum(clicks) as clicks,
        sum(impressions) as impressions
    from {{ ref('stg_search_console__pages') }}
    group by property, search_date

),

kept as (

    select
        property,
        search_date,
        count(*) filter (where deliverable_id is not null) as matched,
        count(*) filter (where deliverable_id is null) as unmatched,
        sum(clicks) as clicks,
        sum(impressions) as impressions
    from {{ ref('fct_search_performance') }}
    group by property, search_date

)

select *
from staged
full outer join kept using (property, search_date)
where
    staged.page_rows is distinct from kept.matched + kept.unmatched
    or staged.clicks is distinct from kept.clicks
    or staged.impressions is distinct from kept.impressions
