-- No amount is lost or doubled on its way from the sources to the conversions, and no deal is lost.
{{ config(meta={'dagster': {'ref': {'name': 'int_conversions'}}}) }}
with

staged as (

    select
        currency,
        sum(amount_minor) as amount_minor,
        count(*) as revenue_rows
    from {{ ref('stg_files__revenue') }}
    group by currency

),

kept as (

    select
        currency,
        sum(amount_minor) as amount_minor,
        sum(revenue_rows) as revenue_rows
    from {{ ref('int_conversions') }}
    where revenue_rows > 0
    group by currency

),

lost_deals as (

    select deals.deal_key
    from {{ ref('stg_files__deals') }} as deals
    left join {{ ref('int_conversions') }} as conversions on deals.deal_key = conversions.conversion_id
    where conversions.conversion_id is null

)

select coalesce(staged.currency, kept.currency) as what
from staged
full outer join kept on staged.currency = kept.currency
where
    staged.amount_minor is distinct from kept.amount_minor
    or staged.revenue_rows is distinct from kept.revenue_rows
union all
select deal_key as what
from lost_deals
