-- End attempts, each by the one who holds the job; says which were ended. A job that another has begun since, or that
-- was ended already, is left as it is.
WITH given AS (
    SELECT *
    FROM unnest(
        %(job_ids)b::bigint [], %(lease_epochs)b::bigint [], %(outcomes)b::text [], %(due_ats)b::timestamptz [],
        %(payloads)b::text [], %(begin_anew)b::boolean [], %(reasons)b::text []
    ) AS given (job_id, lease_epoch, outcome, due_at, payload, begins_anew, reason)
),

held AS (
    SELECT given.*
    FROM ops.job AS job
    INNER JOIN given ON job.job_id = given.job_id AND job.lease_epoch = given.lease_epoch
    WHERE job.leased_until IS NOT NULL
    ORDER BY job.job_id  -- in one order: the late and the present holder of two jobs wait for each other
    FOR UPDATE OF job
)

UPDATE ops.job
SET
    due_at = coalesce(held.due_at, job.due_at),
    payload = coalesce(held.payload::json, job.payload),
    attempts = CASE WHEN held.begins_anew THEN 0 ELSE job.attempts END,
    lease_owner = NULL,
    leased_until = NULL,
    outcome = held.outcome,
    ended_at = CASE WHEN held.outcome IS NOT NULL THEN ops.now() END,
    reason = held.reason
FROM held
WHERE job.job_id = held.job_id
RETURNING job.job_id, job.lease_epoch
