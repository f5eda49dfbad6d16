SELECT
    deliverable_id,
    from_stage,
    to_stage,
    moved_at,
    event_id::text AS event_id,
    position,
    illegal,
    applied
FROM ops.stage_move
ORDER BY deliverable_id, position
