// Package simulator stands in for Microsoft Graph's mailbox import and export endpoints over HTTP, so that an export
// can be tried, tested and measured without a tenant.
//
// A [Server] answers, under /v1.0 and /beta alike:
//
//	GET  /users/{id or UPN}                                       the user
//	GET  /users/{id or UPN}/settings/exchange                     the ids of the user's mailboxes
//	GET  /admin/exchange/mailboxes/{mailbox}/folders              the folders right below the root
//	GET  …/folders/{id}                                           a folder; …/childFolders/{id} means the same
//	GET  …/folders/{id}/childFolders                              the folders right below it
//	GET  …/folders/{id}/items                                     what lies in it
//	GET  …/folders/{id}/items/{id}                                one item's metadata
//	POST /admin/exchange/mailboxes/{mailbox}/exportItems          up to 20 items as FastTransfer streams
//	POST /{tenant}/oauth2/v2.0/token                              a token for client credentials
//
// Lists come in pages of 10 unless $top or "Prefer: odata.maxpagesize" asks for more, and go on at @odata.nextLink.
// Path segments match in any case; ids may be percent-encoded or not, and may stand in the key form folders('…'). A
// well-known name such as inbox works as a folder's id, in primary mailboxes. Archives, where there are any, answer
// folder and item requests under /beta alone.
//
// # Folders
//
// Among the folders are names that a file system cannot hold: with slashes, empty, equal, equal but for their case,
// reserved by Windows, ending in dots and spaces, very long. Every folder without items or children is legal, and
// Outbox always is one.
//
// Hidden folders are listed if the request says includeHiddenFolders=true, or expands the property that tells them
// apart, Boolean 0x10F4; the ids of expanded properties come back without leading zeros and in lower case. A search folder holds no
// items of its own: listing it shows items that live elsewhere. A client knows one in two ways that always agree: it
// descends from the folder with the wellKnownName searchfolders, and its Integer 0x3601 (PidTagFolderType) is 2.
//
// # Content
//
// Everything is made from [Options].Seed when it is asked for: a million items cost no memory, and the same seed gives
// the same bytes on every machine. Only what a test changes with [Server.Delete], [Server.Touch] and [Server.Add] is kept. Ids
// are opaque, and the server recognises its own: one that is made up is refused.
//
// [Server.Inject] makes the server misbehave in programmed ways, as the real one is known to do now and then.
//
// The package shares no code with the client: what that misreads must fail, not cancel out.
package simulator
