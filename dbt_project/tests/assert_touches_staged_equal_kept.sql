-- Every staged touch is in the mart, once.
{{ config(meta={'dagster': {'ref': {'name': 'fct_touches'}}}) }}
select
    touch_source,
    touch_id
from {{ ref('stg_files__touches') }}
full outer join {{ ref('fct_touches') }} as kept using (touch_source, touch_id)
where kept.touched_at is null
group by touch_source, touch_id
