package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/entra"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/repository/store"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A usageError is a mistake in the command line or the configuration.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Outcomes that decide the exit code.
var (
	errIncomplete = errors.New("finished, but not everything could be exported")
	errDamaged    = errors.New("the repository is damaged")
	errNotCopied  = errors.New("not everything could be copied")
	errUnwell     = errors.New("checks failed")
	errNoSource   = errors.New("nothing to copy")
	errPrinted    = errors.New("printed already") // joined to an error that is not to be printed again
)

// printed marks an error that has been printed.
func printed(err error) error { return errors.Join(errPrinted, err) }

func exitCode(ctx context.Context, err error) int {
	_, isUsage := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return exitComplete
	case isUsage, errors.Is(err, pipeline.ErrNoFolder):
		return exitUsage
	case errors.Is(err, pipeline.ErrInterrupted), ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errIncomplete):
		return exitIncomplete
	}
	return exitFailed
}

// hint returns what the user can do about an error, or "".
func hint(err error) string {
	for _, h := range []struct {
		is   error
		text string
	}{
		{pipeline.ErrInterrupted, "run the same command again: it continues from the last commit"},
		{errIncomplete, "mailhaul report shows the gaps and their reasons; known gaps can be acknowledged: see mailhaul acknowledge --help"},
		{errNoGap, "mailhaul report shows the gaps of each mailbox's last snapshot, and how to acknowledge them"},
		{errUnfinished, "run mailhaul export again, and acknowledge the gaps that remain"},
		{errNoAck, "mailhaul acknowledge --list shows the ids"},
		{errNotCopied, "repair damaged objects of the source, or copy a mailbox that has diverged to another target, and run the same command again"},
		{errNoSource, "check --from"},
		{repository.ErrNoBucket, store.Remedy(err)},
		{repository.ErrNoStore, "check the endpoint in --repo: it is the address of the store's API, not of its console"},
		{repository.ErrNoRepository, cmp.Or(store.Remedy(err), "check --repo; mailhaul export creates a repository if there is none")},
		{repository.ErrNotEmpty, "give a prefix of its own with --repo, such as s3://bucket/mail"},
		{repository.ErrOverwrites, "use a store, or a newer version of it, that supports conditional writes; mailhaul doctor checks this"},
		{repository.ErrNewerFormat, "use the mailhaul version that wrote it, or a newer one"},
		{manifest.ErrNewerFormat, "use the mailhaul version that wrote it, or a newer one"},
		{repository.ErrRefExists, "two exports of one mailbox ran at the same time; nothing is lost, run the command again"},
		{snapshots.ErrNone, "mailhaul snapshots --repo URL lists the mailboxes and snapshots"},
		{graph.ErrUnmatched, "check whether a proxy between here and Graph changes answers; if not, please report it with the ids above"},
		{pipeline.ErrNoFolder, `give the path from the top, such as "Inbox/Projects", or a well-known name such as inbox`},
		{restore.ErrNoItem, "mailhaul ls shows the ids that the snapshot holds"},
		{restore.ErrDiffers, "choose an empty directory with --out"},
		{syscall.ENOSPC, "free space on the disk and run the same command again: everything committed is intact"},
	} {
		if errors.Is(err, h.is) {
			return h.text
		}
	}
	if h := graphHint(err); h != "" {
		return h
	}
	return storeHint(err)
}

func graphHint(err error) string {
	const credentials = "check the credentials: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, az login, or MAILHAUL_GRAPH_TOKEN"
	g, ok := errors.AsType[*graph.Error](err)
	if !ok {
		return ""
	}
	if entra.Reason(err) != "" {
		return credentials
	}
	if (g.StatusCode == http.StatusForbidden || g.StatusCode == http.StatusNotFound) && g.Code == "" && g.Message == "" {
		return "Graph gave no reason, so the answer may come from a proxy or gateway: run again later"
	}
	switch g.StatusCode {
	case 0:
		return unreachedHint(g.Err)
	case http.StatusUnauthorized:
		return credentials
	case http.StatusForbidden:
		return "the app needs the permissions MailboxItem.Export.All, MailboxItem.Read.All, MailboxFolder.Read.All and User.Read.All, with admin consent"
	case http.StatusNotFound:
		return "check --user, --mailbox and --graph-url; a mailbox must be licensed and in Exchange Online"
	case http.StatusTooManyRequests:
		return "Graph throttles this mailbox; run again later, and make sure that no other program reads it"
	}
	return ""
}

// unreachedHint returns what the user can do if Graph cannot be reached.
func unreachedHint(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network *net.OpError
	switch {
	case errors.As(err, &certificate):
		return "the server's certificate is not trusted: check --graph-url, and whether a proxy is in between"
	case errors.As(err, &dns):
		return "there is no such host: check --graph-url, and this machine's DNS"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there: check --graph-url and its port"
	case errors.As(err, &network):
		return "Graph does not answer: check --graph-url and the network"
	}
	return ""
}

func storeHint(err error) string {
	if h := store.Remedy(err); h != "" {
		return h
	}
	var corrupt *repository.CorruptError
	if errors.As(err, &corrupt) {
		return "the object is not what was written; restore it from a copy, and run mailhaul verify to see what else is damaged"
	}
	if repository.IsNotFound(err) {
		return "check that the bucket of --repo exists, and its name and region"
	}
	return ""
}
