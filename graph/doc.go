// Package graph reads mailboxes through Microsoft Graph's mailbox import and
// export API: it finds a user's mailboxes, lists folders and items, and exports
// items as streams that are decoded while they arrive.
//
// It is written on azcore's HTTP pipeline, with a retry policy of its own: a
// response may break off after most of it was of use, which azcore's policy does
// not know. A Client has the credential and the connection, a MailboxClient what
// Graph limits for each mailbox: at most four requests in flight.
//
// https://learn.microsoft.com/graph/api/resources/mailbox-import-export-api-overview
package graph
