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
    SELECT job.job_id, job.lease_epoch
    FROM ops.job AS job
    INNER JOIN given ON job.job_id = given.job_id AND job.lease_epoch = given.lease_epoch
    WHERE job.leased_until IS NOT NULL
    ORDER BY job.job_id  -- in one order: the late and the present holder of two jobs wait for each other
    FOR UPDATE OF job
)

UPDATE ops.job
SET
    due_at = coalesce(given.due_at, job.due_at),
    payload = coalesce(given.payload::json, job.payload),
    attempts = CASE WHEN given.begins_anew THEN 0 ELSE job.attempts END,
    lease_owner = NULL,
    leased_until = NULL,
    outcome = given.outcome,
    ended_at = CASE WHEN given.outcome IS NOT NULL THEN ops.now() END,
    reason = given.reason
FROM given
INNER JOIN held ON given.job_id = held.job_id AND given.lease_epoch = held.lease_epoch
WHERE job.job_id = given.job_id
RETURNING job.job_id, job.lease_epoch
