SELECT event_id::text
FROM ledger.event
WHERE position = :position
