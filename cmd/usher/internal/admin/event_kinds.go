package admin

// eventKinds are the kinds of the audit trail, in the order of docs/activity.md.
func eventKinds() []string {
	return []string{
		"user.created", "user.disabled", "user.enabled", "user.unlocked", "user.password_set",
		"user.password_changed", "user.profile_changed", "user.signed_in", "user.signed_out", "user.session_ended", "user.others_signed_out",
		"user.sign_in_failed",
		"workspace.created", "workspace.plan_set", "member.added", "member.role_changed", "member.removed",
		"workspace.app_policy_set", "workspace.app_approved", "workspace.app_withdrawn", "workspace.app_ended",
		"workspace.app_requested", "workspace.app_refused",
		"authentication_app.created", "authentication_app.secret_rotated", "authentication_app.revoked",
		"client.created", "client.updated", "client.disabled", "client.enabled", "client.logo_set", "client.workspace_removed",
		"client.submitted", "client.withdrawn", "client.approved", "client.refused", "client.suspended",
		"client.redirect_uri_added", "client.redirect_uri_removed", "client.tester_added", "client.tester_removed",
		"client.secret_rotated", "client.secret_removed", "client.old_secret_revoked", "client.key_added", "client.key_updated", "client.key_removed",
		"client.registered", "client.registration_changed", "client.registration_deleted",
		"registration_token.created", "registration_token.revoked",
		"grant.approved", "grant.disconnected", "grant.workspace_ended", "grant.revoked", "grant.limit_reached",
		"grant.refresh_reused", "grant.code_replayed",
		"user_token.issued",
		"grant.token_revoked", "user_token.revoked",
		"api_key.created", "api_key.rotated", "api_key.revoked",
	}
}
