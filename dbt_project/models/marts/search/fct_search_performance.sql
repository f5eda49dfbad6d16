with

pages as (

    select * from {{ ref('stg_search_console__pages') }}

),

deliverable_urls as (

    select * from {{ ref('stg_operations__deliverable_urls') }}

),

search_clients as (

    select * from {{ ref('int_search_clients') }}

),

-- An interval covers every Pacific day it touches. A page that changed hands during a day counts for the later owner.
candidates as (

    select
        pages.property,
        pages.search_date,
        pages.page,
        deliverable_urls.deliverable_id,
        row_number() over (
            partition by pages.property, pages.search_date, pages.page
            order by deliverable_urls.valid_from desc, deliverable_urls.deliverable_id asc
        ) as preference
    from pages
    inner join deliverable_urls
        on
            pages.page_key = deliverable_urls.page_key
            and pages.search_date >= cast({{ pacific_time('deliverable_urls.valid_from') }} as date)
            and (
                deliverable_urls.valid_to is null
                or cast(pages.search_date as timestamp) < {{ pacific_time('deliverable_urls.valid_to') }}
            )

),

matches as (

    select * from candidates
    where preference = 1

)

select
    pages.property,
    pages.search_date,
    pages.page,
    pages.page_key,
    search_clients.client_id,
    matches.deliverable_id,
    pages.clicks,
    pages.impressions,
    pages.position,
    -- A domain property has every page of the URL prefixes inside it, so it goes first; of prefixes, the widest.
    row_number() over (
        partition by pages.search_date, pages.page
        order by starts_with(pages.property, 'sc-domain:') desc, length(pages.property) asc, pages.property asc
    ) = 1 as is_counted
from pages
left join matches
    on
        pages.property = matches.property
        and pages.search_date = matches.search_date
        and pages.page = matches.page
left join search_clients on pages.property = search_clients.property
