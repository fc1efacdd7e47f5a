-- +goose Up

-- What decides that access has ended, one row a subject: a user's grants, a user's user tokens, a user with a client, a member of a
-- workspace, a client, an authentication app (see subject.go). Whatever hangs on a subject and was born before its cursor, a
-- cursor of the revocation log, is dead, however many rows that is: none of them is written.
CREATE TABLE revoked_subjects (
    subject    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    cursor     BIGINT NOT NULL,
    -- When, by the database's clock: for rows that release 0.1 wrote, which say nothing of cursors.
    revoked_at BIGINT NOT NULL
);

-- The cursor that was known when consent, or a proof of identity, was given; NULL in what release 0.1 writes.
ALTER TABLE families ADD COLUMN born BIGINT;
ALTER TABLE user_tokens ADD COLUMN born BIGINT;

-- When the refreshes until now would have been made at the steady rate: what lies further ahead than the burst is refused.
ALTER TABLE families ADD COLUMN refresh_due BIGINT;

-- +goose Down
ALTER TABLE families DROP COLUMN refresh_due;
ALTER TABLE user_tokens DROP COLUMN born;
ALTER TABLE families DROP COLUMN born;
DROP TABLE revoked_subjects;
