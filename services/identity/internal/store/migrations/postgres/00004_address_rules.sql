-- +goose Up

-- Under which rules an address was made canonical; NULL for those of release 0.1, which the service brings to today's form. Plain
-- ASCII has the same form under both, so that only the rest is looked at again: other letters, encoded domains, a final dot.
ALTER TABLE users ADD COLUMN address_rules SMALLINT DEFAULT 1;
ALTER TABLE users ALTER COLUMN address_rules SET DEFAULT NULL;
UPDATE users SET address_rules = NULL
WHERE email_address ~ '[^ -~]' OR email_address LIKE '%xn--%' OR email_address LIKE '%.';

-- +goose Down
ALTER TABLE users DROP COLUMN address_rules;
