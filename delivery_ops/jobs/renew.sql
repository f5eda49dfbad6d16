-- Extend leases, each by the one who holds it; says which were extended.
WITH held AS (
    SELECT job.job_id
    FROM ops.job AS job
    INNER JOIN unnest(%(job_ids)b::bigint [], %(lease_epochs)b::bigint []) AS given (job_id, lease_epoch)
        ON job.job_id = given.job_id AND job.lease_epoch = given.lease_epoch
    WHERE job.leased_until IS NOT NULL
    ORDER BY job.job_id
    FOR UPDATE OF job
)

UPDATE ops.job
SET leased_until = clock_timestamp() + %(lease)b::interval
FROM held
WHERE job.job_id = held.job_id
RETURNING job.job_id, job.lease_epoch
