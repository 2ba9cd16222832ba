// Command mailhaul exports Exchange Online mailboxes into object storage. The commands are in
// internal/cli.
package main

import (
	"os"

	"github.com/mailhaul/mailhaul/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
