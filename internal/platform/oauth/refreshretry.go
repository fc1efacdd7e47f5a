package oauth

import "time"

// MaxRefreshRetry is the longest retry window of refresh tokens, of the deployment and of a client.
// Within the window a thief who has the rotated token and the client's credentials gets the
// successor too.
const MaxRefreshRetry = 30 * time.Second
