// Package flags has the flags of exports and stores. Every error is a mistake in the command line.
package flags

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mailhaul/mailhaul/sinks"
)

// A storeOption is a flag and a parameter of the store's URL, which has underscores in its name.
type storeOption struct {
	name, usage string
	isBool      bool
}

// reachOptions are for commands that read or write.
var reachOptions = []storeOption{
	{name: "ca-file", usage: "PEM `FILE` of certificates to trust in addition to the system's"},
	{name: "sse-c-key-file", usage: "`FILE` with the key that encrypts and decrypts objects: 32 bytes, base64 or hexadecimal (S3)"},
}

// writeOptions are for commands that write.
var writeOptions = []storeOption{
	{name: "storage-class", usage: "storage `CLASS` of objects, such as STANDARD_IA (S3) or NEARLINE (Google)"},
	{name: "access-tier", usage: "access `TIER` of objects: Hot, Cool or Cold (Azure)"},
	{name: "sse", usage: "`KIND` of encryption by the store: AES256 or aws:kms (S3)"},
	{name: "kms-key", usage: "`NAME` or id of the store's encryption key (S3, Google)"},
	{name: "encryption-scope", usage: "`NAME` of the store's encryption scope (Azure)"},
	{name: "lock-mode", usage: "retention `MODE` of objects: governance or compliance (S3, Azure, Google)"},
	{name: "lock-days", usage: "`NUMBER` of days for which objects are retained"},
	{name: "legal-hold", usage: "put a legal hold on each object (S3, Azure, Google)", isBool: true},
	{name: "tags", usage: "tags of objects: `NAME=VALUE,...` (S3, Azure)"},
	{name: "limit-upload", usage: "greatest upload `RATE`, in bytes a second, such as 20MiB/s"},
}

// Reach adds the flags of how a store is reached. When the command runs, their values and those
// of Write are in the URL that to points to.
func Reach(cmd *cobra.Command, to *string) {
	addOptions(cmd, reachOptions)
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if before != nil {
			if err := before(cmd, args); err != nil {
				return err
			}
		}
		return mergeOptions(cmd.Flags(), to)
	}
}

// Write adds the flags of how objects are written.
func Write(cmd *cobra.Command) {
	addOptions(cmd, writeOptions)
}

func addOptions(cmd *cobra.Command, options []storeOption) {
	for _, o := range options {
		if o.isBool {
			cmd.Flags().Bool(o.name, false, o.usage)
		} else {
			cmd.Flags().String(o.name, "", o.usage)
		}
	}
}

// storeFlags returns the flags of a command that are options of a store.
func storeFlags(from *pflag.FlagSet) *pflag.FlagSet {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false
	for _, options := range [][]storeOption{writeOptions, reachOptions} {
		for _, o := range options {
			if f := from.Lookup(o.name); f != nil {
				set.AddFlag(f)
			}
		}
	}
	return set
}

// mergeOptions adds the given options to a store's URL.
func mergeOptions(flags *pflag.FlagSet, url *string) error {
	options := map[string]string{}
	storeFlags(flags).VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			options[strings.ReplaceAll(f.Name, "-", "_")] = f.Value.String()
		}
	})
	if *url == "" {
		return nil // the command reports the missing URL
	}
	merged, err := sinks.WithOptions(*url, options)
	if err != nil {
		return err
	}
	*url = merged
	return nil
}

// usageWidth is the width of a usage message, in characters.
const usageWidth = 80

// Usage prints the usage of a command, with the options of its store apart.
func Usage(cmd *cobra.Command) error {
	store, others := storeFlags(cmd.Flags()), pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if store.Lookup(f.Name) == nil {
			others.AddFlag(f)
		}
	})
	cmd.Printf("Usage:\n  %s\n", cmd.UseLine())
	if cmd.HasExample() {
		cmd.Printf("\nExamples:\n%s\n", cmd.Example)
	}
	cmd.Printf("\nFlags:\n%s", others.FlagUsagesWrapped(usageWidth))
	if store.HasFlags() {
		cmd.Printf("\nStore options (also parameters of the URL: --ca-file FILE is ?ca_file=FILE):\n%s", store.FlagUsagesWrapped(usageWidth))
	}
	return nil
}
