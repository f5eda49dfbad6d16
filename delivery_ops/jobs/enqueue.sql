-- Keep each job whose key is free, and say which were kept.
INSERT INTO ops.job (kind, key, payload, due_at)
SELECT kind, key, payload::json, due_at
FROM unnest(%(kinds)b::text [], %(keys)b::text [], %(payloads)b::text [], %(due_ats)b::timestamptz [])
    AS given (kind, key, payload, due_at)
ORDER BY kind, key  -- in one order, so that two who ask for the same jobs wait for each other instead of dying
ON CONFLICT (kind, key) DO NOTHING
RETURNING kind, key
