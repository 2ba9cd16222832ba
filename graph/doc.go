// Package graph reads mailboxes through Microsoft Graph's mailbox import and export API. It finds
// the mailboxes of a user, lists folders and items, lists what changed, and exports items as
// streams that are decoded while they arrive.
//
// A Client has the credential, the connections and the limits of each mailbox: requests in flight
// and requests in ten minutes. A MailboxClient reads one mailbox. It follows Graph's redirects to
// auxiliary mailboxes, of which large archives have several.
//
// The package uses azcore's HTTP pipeline with a retry policy of its own, because a response can
// break off after most of it was useful. The table in patience.go says which error is repeated, how
// often, and with what pause.
//
// Services differ in what they accept. The client requests lists with all useful options, requests
// less if that is refused, and remembers what was accepted.
//
// Requests go to the configured host alone. Nothing that is read is trusted: links and redirects
// must lead to the same host and the same resource, responses are bounded, and lists without an end
// are aborted.
//
// https://learn.microsoft.com/graph/api/resources/mailbox-import-export-api-overview
package graph
