-- Lease the jobs of one kind that are due longest, among them those whose holder let the lease run out.
WITH due AS MATERIALIZED (
    SELECT job_id
    FROM ops.job
    WHERE
        kind = %(kind)b
        AND outcome IS NULL
        AND due_at <= (SELECT ops.now())
        AND (leased_until IS NULL OR leased_until <= clock_timestamp())
    ORDER BY due_at, job_id
    LIMIT %(limit)b
    FOR UPDATE SKIP LOCKED
)

UPDATE ops.job
SET
    attempts = attempts + 1,
    lease_epoch = lease_epoch + 1,
    lease_owner = %(owner)b,
    leased_until = clock_timestamp() + %(lease)b::interval
FROM due
WHERE job.job_id = due.job_id
RETURNING job.job_id, job.kind, job.key, job.payload, job.due_at, job.attempts, job.lease_epoch
