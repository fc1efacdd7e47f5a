package store

import "github.com/vidocu/usher/internal/platform/sqldb"

// policyStatements are the SQL of policies.
type policyStatements struct {
	lock, policies, setting, setRule                          string
	approvals, approvedAmong, approve, withdraw, full         string
	requests, waiting, requestsOf, ask, decide                string
	deleteRequests, approvers, endApprovals, now, lockWaiting string
}

// requestColumns are the columns of policy.Request, in the order of its scan.
const requestColumns = `workspace_id, client_id, user_id, user_name, reason, requested_at, state, answer, decider_id, decider_name, decided_at`

// preparePolicies expands every statement once.
func preparePolicies(db *sqldb.DB) policyStatements {
	return policyStatements{
		// It locks the row, and inserts it if it does not exist.
		lock: `
INSERT INTO policy_locks (workspace_id, user_id) VALUES ($1, $2)
ON CONFLICT (workspace_id, user_id) DO UPDATE SET user_id = excluded.user_id`,

		policies: db.SQL(`
SELECT p.workspace_id, p.rule, a.client_id
FROM app_policies p LEFT JOIN approved_apps a ON a.workspace_id = p.workspace_id AND p.rule = 2
WHERE p.workspace_id ` + db.Among("$1")),

		setting: db.SQL(`
SELECT COALESCE(p.rule, 1), COALESCE(p.setter_id, ''), COALESCE(p.setter_name, ''), p.set_at,
    (SELECT COUNT(*) FROM (SELECT 1 FROM app_requests r WHERE r.workspace_id = $1 AND r.state = 1 LIMIT 1000) AS waiting)
FROM (SELECT 1 AS one) AS o LEFT JOIN app_policies p ON p.workspace_id = $1`),

		setRule: db.SQL(`
INSERT INTO app_policies (workspace_id, rule, setter_id, setter_name, set_at) VALUES ($1, $2, $3, $4, {{now}})
ON CONFLICT (workspace_id) DO UPDATE SET rule = excluded.rule, setter_id = excluded.setter_id, setter_name = excluded.setter_name,
    set_at = excluded.set_at`),

		approvals: `SELECT client_id, approver_id, approver_name, approved_at FROM approved_apps WHERE workspace_id = $1`,

		approvedAmong: `SELECT client_id FROM approved_apps WHERE workspace_id = $1 AND client_id ` + db.Among("$2"),

		approve: db.SQL(`
INSERT INTO approved_apps (workspace_id, client_id, approver_id, approver_name, approved_at) VALUES ($1, $2, $3, $4, {{now}})
ON CONFLICT (workspace_id, client_id) DO NOTHING`),

		full: `SELECT COUNT(*) > $2 FROM approved_apps WHERE workspace_id = $1`,

		withdraw: `DELETE FROM approved_apps WHERE workspace_id = $1 AND client_id = $2`,

		requests: requestPage(``),
		waiting:  requestPage(` AND state = 1`),

		requestsOf: `SELECT ` + requestColumns + ` FROM app_requests WHERE user_id = $1 AND client_id = $2`,

		// It locks the request that waits, if it has the same reason.
		lockWaiting: db.SQL(`
UPDATE app_requests SET state = state WHERE workspace_id = $1 AND client_id = $2 AND user_id = $3 AND reason = $4 AND state = 1`),

		ask: db.SQL(`
INSERT INTO app_requests (` + requestColumns + `)
SELECT $1, $2, $3, $4, $5, {{now}}, 1, '', '', '', NULL
WHERE (SELECT COUNT(*) FROM app_requests WHERE workspace_id = $1 AND user_id = $3 AND client_id <> $2 AND state = 1) < $6
ON CONFLICT (workspace_id, client_id, user_id) DO UPDATE SET user_name = excluded.user_name, reason = excluded.reason,
    requested_at = excluded.requested_at, state = 1, answer = '', decider_id = '', decider_name = '', decided_at = NULL`),

		decide: db.SQL(`
UPDATE app_requests SET state = $3, answer = $4, decider_id = $5, decider_name = $6, decided_at = {{now}}
WHERE workspace_id = $1 AND client_id = $2 AND state = 1`),

		deleteRequests: db.SQL(`
DELETE FROM app_requests WHERE (workspace_id, client_id, user_id) IN (
    SELECT workspace_id, client_id, user_id FROM app_requests WHERE requested_at + $1 < {{now}} LIMIT $2)`),

		// In the order of the index, so that it reads no more than it returns.
		approvers: `SELECT user_id FROM consents WHERE workspace_id = $1 AND client_id = $2 AND approved_at < $3 ORDER BY approved_at LIMIT $4`,

		endApprovals: `DELETE FROM consents WHERE workspace_id = $1 AND client_id = $2 AND approved_at < $3 AND user_id ` + db.Among("$4"),

		now: db.SQL(`SELECT {{now}}`),
	}
}

// requestPage returns the SQL of a page of a workspace's requests that fulfil a condition.
func requestPage(condition string) string {
	return `
SELECT ` + requestColumns + ` FROM app_requests
WHERE workspace_id = $1` + condition + ` AND (requested_at, client_id, user_id) < ($2, $3, $4)
ORDER BY requested_at DESC, client_id DESC, user_id DESC LIMIT $5`
}
