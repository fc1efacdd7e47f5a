-- +goose Up

-- Whether the client must push its authorization requests (RFC 9126), and whether its tokens must be bound to a key (RFC 9449).
ALTER TABLE clients ADD COLUMN push_required BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE clients ADD COLUMN dpop_required BOOLEAN NOT NULL DEFAULT FALSE;
-- fapi2, or none as for every client of release 0.1.
ALTER TABLE clients ADD COLUMN profile TEXT NOT NULL DEFAULT 'none';

-- +goose Down
ALTER TABLE clients DROP COLUMN profile;
ALTER TABLE clients DROP COLUMN dpop_required;
ALTER TABLE clients DROP COLUMN push_required;
