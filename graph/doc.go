// Package graph reads mailboxes through Microsoft Graph's mailbox import and
// export API: it finds a user's mailboxes, lists folders and items, tells what
// changed in them, and exports items as streams that are decoded while they arrive.
//
// It is written on azcore's HTTP pipeline, with a retry policy of its own: a
// response may break off after most of it was of use, which azcore's policy does
// not know. A Client has the credential, the connection and what Graph limits for
// each mailbox, which are the requests in flight and those in ten minutes. A
// MailboxClient reads one mailbox, and goes where Graph sends it for what lies in
// others: archives that outgrow a mailbox have several.
//
// Services differ in what they take. Lists are asked for with all that is of use,
// and with less where that is refused; what was taken is remembered.
//
// Requests go to the configured host alone. Of what is read, nothing is trusted:
// links and redirects lead to the same host and the same resource, responses are
// bounded, and lists without an end have one.
//
// https://learn.microsoft.com/graph/api/resources/mailbox-import-export-api-overview
package graph
