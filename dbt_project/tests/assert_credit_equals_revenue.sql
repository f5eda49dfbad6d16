-- Every conversion, currency and model: the credits add up to the amount, to the minor unit, and no row is missing.
{{ config(meta={'dagster': {'ref': {'name': 'fct_attribution_credit'}}}) }}
with

revenue as (

    select
        conversions.conversion_id,
        conversions.currency,
        attribution_models.attribution_model as model,
        conversions.amount_minor
    from {{ ref('int_conversions') }} as conversions
    cross join {{ ref('int_attribution_models') }} as attribution_models

),

credit as (

    select
        conversion_id,
        currency,
        model,
        sum(credit_minor) as credit_minor
    from {{ ref('fct_attribution_credit') }}
    group by conversion_id, currency, model

)

select *
from revenue
full outer join credit using (conversion_id, currency, model)
where
    revenue.amount_minor is null
    or credit.credit_minor is null
    or revenue.amount_minor != credit.credit_minor
