with

deals as (

    select * from {{ ref('stg_files__deals') }}

),

revenue as (

    select * from {{ ref('stg_files__revenue') }}

),

deal_amounts as (

    select
        deal_key,
        currency,
        sum(amount_minor) as amount_minor,
        count(*) as revenue_rows
    from revenue
    where deal_key is not null
    group by deal_key, currency

),

-- 'XXX' is ISO 4217's code for "no currency": a deal that names none and carries no amount.
deal_conversions as (

    select
        deals.deal_key as conversion_id,
        'deal' as conversion_kind,
        deals.contact_id,
        deals.account_id,
        deals.refund_of,
        deals.closed_at as converted_at,
        coalesce(deal_amounts.currency, deals.currency, 'XXX') as currency,
        coalesce(deal_amounts.amount_minor, 0) as amount_minor,
        coalesce(deal_amounts.revenue_rows, 0) as revenue_rows
    from deals
    left join deal_amounts on deals.deal_key = deal_amounts.deal_key

),

-- No deal's key begins with it: it is one longer than the longest that any does. Of texts that repeat a word the
-- longest is the greatest.
prefix as (

    select coalesce(max(regexp_extract(deal_key, '^(revenue:)*', 0)), '') || 'revenue:' as no_deals
    from deals

),

-- The source is part of the id: two systems may number their rows alike.
dealless_conversions as (

    select
        prefix.no_deals || revenue.revenue_source || ':' || revenue.revenue_id as conversion_id,
        'revenue' as conversion_kind,
        cast(null as varchar) as contact_id,
        cast(null as varchar) as account_id,
        cast(null as varchar) as refund_of,
        revenue.booked_at as converted_at,
        revenue.currency,
        revenue.amount_minor,
        1 as revenue_rows
    from revenue
    cross join prefix
    left join deals on revenue.deal_key = deals.deal_key
    where deals.deal_key is null

),

unioned as (

    select * from deal_conversions
    union all
    select * from dealless_conversions

)

select
    conversion_id,
    conversion_kind,
    contact_id,
    account_id,
    refund_of,
    converted_at,
    currency,
    cast(amount_minor as bigint) as amount_minor,
    cast(revenue_rows as bigint) as revenue_rows
from unioned
