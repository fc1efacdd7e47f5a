// Package videoapi is an example of an API behind Usher: the thirteen endpoints of the documents, protected by one line of the
// SDK's middleware, with everything in memory.
//
// It owns a few videos for each workspace, and shows how a handler learns in whose name it works. It renders no video: jobs are
// done the moment they are asked for. Nothing outlives the process.
package videoapi
