with

source as (

    select * from {{ source('search_console', 'search_totals') }}

)

select
    property,
    date as search_date,
    clicks,
    impressions,
    position
from source
where {{ is_configured_property('property') }}
