// Package brand checks the settings of what makes the pages an operator's own: the accent colour and
// the logo.
//
// It owns which colours can be read and which images are served. It never serves anything: package
// page does.
package brand
