with

deliverables as (

    select * from {{ ref('dim_deliverables') }}

),

standing_gate_results as (

    select * from {{ ref('fct_gate_results') }}
    where is_standing

),

search_performance as (

    select * from {{ ref('fct_search_performance') }}
    where is_counted

),

touches as (

    select * from {{ ref('fct_touches') }}

),

pairs as (

    select * from {{ ref('int_eligible_pairs') }}

),

revenue as (

    select * from {{ ref('fct_revenue') }}

),

costs as (

    select * from {{ ref('fct_costs') }}

),

deliverable_credit as (

    select * from {{ ref('deliverable_credit') }}
    where currency != 'XXX' or credit_minor != 0

),

-- The worst of what stands decides: one page that fails holds the deliverable, however many pass.
gate_states as (

    select
        deliverable_id,
        case max(
            case verdict when 'fail' then 4 when 'error' then 3 when 'monitor' then 2 when 'pass' then 1 end
        )
            when 4 then 'fail' when 3 then 'error' when 2 then 'monitor' when 1 then 'pass'
        end as gate_state
    from standing_gate_results
    group by deliverable_id

),

search_sums as (

    select
        deliverable_id,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from search_performance
    group by deliverable_id

),

touch_counts as (

    select
        deliverable_id,
        count(*) as touches,
        count(distinct case when touch_type = 'mql' then contact_id end) as mqls
    from touches
    group by deliverable_id

),

-- A conversion is one deal in one currency. A refund takes one back and is none of its own.
deal_counts as (

    select
        pairs.deliverable_id,
        count(distinct row(revenue.conversion_id, revenue.currency)) as deals
    from pairs
    inner join revenue on pairs.conversion_id = revenue.conversion_id
    where revenue.refund_of is null
    group by pairs.deliverable_id

),

cost_sums as (

    select
        deliverable_id,
        sum(worked_minutes) as worked_minutes,
        sum(amount_minor) as cost_minor,
        min(currency) as cost_currency,
        count(distinct currency) as cost_currencies
    from costs
    group by deliverable_id

),

credit_sums as (

    select
        deliverable_id,
        min(currency) as credit_currency,
        count(distinct currency) as credit_currencies,
        sum(case when model = 'first' then credit_minor else 0 end) as credit_first_minor,
        sum(case when model = 'last' then credit_minor else 0 end) as credit_last_minor,
        sum(case when model = 'linear' then credit_minor else 0 end) as credit_linear_minor
    from deliverable_credit
    group by deliverable_id

)

-- Amounts of several currencies are never added up: such a row has no amount and says how many currencies there are.
select
    deliverables.deliverable_id,
    deliverables.client_id,
    deliverables.tier,
    deliverables.deliverable_type,
    deliverables.url,
    deliverables.stage,
    deliverables.published_at,
    coalesce(gate_states.gate_state, 'not_judged') as gate_state,
    deliverables.is_held,
    cast(coalesce(search_sums.impressions, 0) as bigint) as impressions,
    cast(coalesce(search_sums.clicks, 0) as bigint) as clicks,
    coalesce(touch_counts.touches, 0) as touches,
    coalesce(touch_counts.mqls, 0) as mqls,
    coalesce(deal_counts.deals, 0) as deals,
    cast(coalesce(cost_sums.worked_minutes, 0) as bigint) as worked_minutes,
    {{ in_one_currency('cost_sums.cost_minor', 'cost_sums.cost_currencies') }} as cost_minor,
    case when cost_sums.cost_currencies = 1 then cost_sums.cost_currency end as cost_currency,
    coalesce(cost_sums.cost_currencies, 0) as cost_currencies,
    {{ credit_of('first') }} as credit_first_minor,
    {{ credit_of('last') }} as credit_last_minor,
    {{ credit_of('linear') }} as credit_linear_minor,
    case when credit_sums.credit_currencies = 1 then credit_sums.credit_currency end as credit_currency,
    coalesce(credit_sums.credit_currencies, 0) as credit_currencies
from deliverables
left join gate_states on deliverables.deliverable_id = gate_states.deliverable_id
left join search_sums on deliverables.deliverable_id = search_sums.deliverable_id
left join touch_counts on deliverables.deliverable_id = touch_counts.deliverable_id
left join deal_counts on deliverables.deliverable_id = deal_counts.deliverable_id
left join cost_sums on deliverables.deliverable_id = cost_sums.deliverable_id
left join credit_sums on deliverables.deliverable_id = credit_sums.deliverable_id
