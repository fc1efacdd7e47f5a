// Package logo turns an uploaded image into the logo of a client.
//
// It owns the limits of uploads and the form in which a logo is stored: a PNG that this server
// encoded, so that no byte of an upload reaches a browser. It never requests an image, and does not
// know to which client a logo belongs.
package logo
