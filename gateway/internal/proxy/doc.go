// Package proxy is the gateway's door to the API: what the catalog allows goes upstream, in the name of whoever was verified,
// and nothing else does.
//
// It owns what travels: the path byte for byte as it was judged, bodies as they come, and which headers pass either way. It
// decides nothing, and keeps nothing of what it carries.
package proxy
