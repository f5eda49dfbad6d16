with

source as (

    select * from {{ source('search_console', 'search_pages') }}

)

select
    property,
    date as search_date,
    page,
    page_key,
    clicks,
    impressions,
    position
from source
where {{ is_configured_property('property') }}
