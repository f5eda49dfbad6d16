with

source as (

    select * from {{ source('operations', 'deliverable_urls') }}

)

select
    page_key,
    url,
    deliverable_id,
    valid_from,
    valid_to,
    published_at
from source
