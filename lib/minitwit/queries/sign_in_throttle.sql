-- name: begin_attempt
-- functions: register
-- Find an account by its username, and take a token of a bucket that is not full. The
-- attempt is refused when the bucket is not full and no token could be taken.
WITH paid AS (
    UPDATE sign_in_attempts SET full_at = full_at + make_interval(secs => :refill)
    WHERE bucket = :bucket AND full_at > now()
        AND full_at <= now() + make_interval(secs => :most)
    RETURNING bucket
)
SELECT users.id, password_hash, suspended_at IS NOT NULL, paid.bucket IS NOT NULL,
    buckets.bucket IS NOT NULL AND paid.bucket IS NULL
FROM (SELECT) AS attempt
LEFT JOIN users ON username = :username
LEFT JOIN paid ON true
LEFT JOIN sign_in_attempts AS buckets ON buckets.bucket = :bucket AND full_at > now();

-- name: charge_attempt
-- functions: register
-- Take a token of a bucket that was full; it never owes more than its capacity.
INSERT INTO sign_in_attempts AS buckets (bucket, full_at)
VALUES (:bucket, now() + make_interval(secs => :refill))
ON CONFLICT (bucket) DO UPDATE SET full_at = make_interval(secs => :refill)
    + least(greatest(buckets.full_at, now()), now() + make_interval(secs => :most));

-- name: refund_attempt
-- functions: register
-- Give a token back to a bucket.
UPDATE sign_in_attempts SET full_at = full_at - make_interval(secs => :refill)
WHERE bucket = :bucket;
