-- +goose NO TRANSACTION
-- +goose Up

-- A developer is a member who may register clients of the workspace. Release 0.1 shows one as a member without a role. The new
-- rule holds for every row that the old one allowed, so that checking them is left to VALIDATE, which blocks no write.
ALTER TABLE memberships DROP CONSTRAINT IF EXISTS memberships_role_check,
    ADD CONSTRAINT memberships_role_check CHECK (role IN ('member', 'administrator', 'developer')) NOT VALID;
ALTER TABLE memberships VALIDATE CONSTRAINT memberships_role_check;

-- +goose Down
UPDATE memberships SET role = 'member' WHERE role = 'developer';
ALTER TABLE memberships DROP CONSTRAINT IF EXISTS memberships_role_check,
    ADD CONSTRAINT memberships_role_check CHECK (role IN ('member', 'administrator'));
