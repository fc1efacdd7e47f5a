// Package oauthtest owns values of package oauth for tests. It is imported by tests alone.
package oauthtest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/vidocu/usher/internal/platform/oauth"
)

// Approved returns a value in which every field is set and no two are equal, also a field that is added later: what stores or
// converts an approved request must return this one unchanged.
func Approved() oauth.ApprovedRequest {
	var a oauth.ApprovedRequest
	n := 0
	fill(reflect.ValueOf(&a).Elem(), &n)
	return a
}

// fill sets every field. A kind that it does not know panics, so that a new one is added here.
func fill(v reflect.Value, n *int) {
	switch v.Kind() {
	case reflect.Struct:
		if at, ok := v.Addr().Interface().(*time.Time); ok {
			*n++
			*at = time.Unix(int64(*n), 0).UTC()
			return
		}
		for _, field := range v.Fields() {
			fill(field, n)
		}
		return
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
		return
	}
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("value_%d", *n))
	case reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("oauthtest: no value for a field of kind " + v.Kind().String())
	}
}
