// Package module tests that the SDK and the generated code can be imported from outside this
// repository, as a third party does: by module path and version, from a module proxy, without this
// checkout.
package module
