// Package usher is what a resource server imports: it says what a bearer's token stands for and whether it opens an endpoint,
// from memory where it can, in well under a microsecond.
//
//	creds, err := usher.Certificate{CertFile: …, KeyFile: …, CAFile: …, TrustDomain: "usher.internal"}.Credentials()
//	client, err := usher.Dial("token.usher.svc:9090", creds)
//	defer client.Close()
//	token, err := client.Check(ctx, bearer, "GET", "/v1/videos")
//	var denial *enforce.Denial
//	if errors.As(err, &denial) { // 401, 403, 404 or 503, with its documented words
//	}
//
// Most services need no call of their own: package httpauth is middleware for HTTP, package grpcauth interceptors for gRPC.
// Both put the [Token] into the context, where [FromContext] finds it.
//
// # Asking
//
// [Client.Introspect] tells what a token stands for. [Client.Check] also judges a method and a path by the catalog of scopes,
// endpoints and plans, which the client reads from the token service and replaces when it changes there. A token that opens
// nothing is [ErrInactive] or a denial of 401; a question that cannot be answered is another error or a denial of 503, and
// says nothing about the token. A string that cannot be a token, by its length, alphabet or checksum, is inactive without
// asking anybody.
//
// # Remembering
//
// Answers are remembered by the SHA-256 of the token, never with the token itself, until the token ends, but for at most
// [WithMaxAge] (1 minute unless told otherwise). How long a token has left is taken from the answer as a duration and counted
// on this machine's monotonic clock from before the question was sent, so that clocks that differ do not matter. At most
// [WithCacheSize] live answers are held; what is not live is held apart, so that guessing evicts nobody. Calls for one token
// at one time become one question.
//
// # Forgetting
//
// The client follows the token service's revocation log (WatchRevocations) from where it left off, and forgets what has ended
// as soon as it is told, typically within milliseconds. What is remembered is used only while the message before the last one of
// the stream is younger than three of the heartbeat intervals that the server names (never less than 750 ms, never more than
// 30 s): the last one may have been made before its server stood still.
// Past that, such as behind a connection that swallows bytes, every question goes to the token service, and the stream
// is opened again. So nothing that was revoked is allowed for longer than that bound after its revocation, counted from the
// arrival of that message. Where the stream is cut and resumed, what was remembered counts again only
// when the log has been read to its end, and never when the server says that entries are gone.
//
// A token service that has no WatchRevocations is asked every time.
//
// # What it is not
//
// The package owns the connection, the memory and the typed answers. It stores no token, decides nothing that package enforce does
// not, and never answers "allowed" when it does not know.
package usher
