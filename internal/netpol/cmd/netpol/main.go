// Command netpol prints the network policies that are derived from the contract.
package main

import (
	"fmt"
	"os"

	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/vidocu/usher/internal/netpol"
)

func main() {
	out, err := netpol.Render(netpol.Edges(protoregistry.GlobalFiles))
	if err == nil {
		_, err = os.Stdout.Write(out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "netpol: "+err.Error())
		os.Exit(1)
	}
}
