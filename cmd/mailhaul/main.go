// Command mailhaul hauls Exchange Online mailboxes into object storage. All it
// does is in internal/cli.
package main

import (
	"os"

	"github.com/mailhaul/mailhaul/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
