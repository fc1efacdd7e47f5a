// Package videoapi is an example of an API behind Usher: the thirteen endpoints of the documents,
// protected by one line of the SDK's middleware, with everything in memory.
//
// It owns a few videos for each workspace, and shows how a handler reads the identity of the user.
// It renders no video: jobs are done when they are created. Nothing is stored beyond the process.
package videoapi
