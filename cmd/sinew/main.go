// Command sinew is the self-hosted unified API and embedded-integration
// platform: one binary that serves the API and carries its own tools.
package main

import (
	"os"

	"github.com/sinewhq/sinew/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
