// Package simulator stands in for Microsoft Graph's mailbox import and export endpoints over HTTP, so that an export
// can be tried, tested and measured without a tenant.
//
// A [Server] answers, under /v1.0 and /beta alike:
//
//	GET  /users, /users/{id or UPN}                               the users, or one
//	GET  /users/{id or UPN}/settings/exchange                     the ids of the user's mailboxes; beta tells of archives
//	GET  /admin/exchange/mailboxes/{mailbox}/folders              the folders right below the root
//	GET  /admin/exchange/mailboxes/{mailbox}/folders/delta        all folders, then what changed of them
//	GET  …/folders/{id}                                           a folder; …/childFolders/{id} means the same
//	GET  …/folders/{id}/childFolders, …/childFolders/delta        the folders right below it
//	GET  …/folders/{id}/items                                     what lies in it
//	GET  …/folders/{id}/items/delta                               what lies in it, then what changed
//	GET  …/folders/{id}/items/{id}                                one item's metadata
//	POST /admin/exchange/mailboxes/{mailbox}/exportItems          up to 20 items as FastTransfer streams
//	POST /{tenant}/oauth2/v2.0/token                              a token for client credentials
//	GET  /{tenant}/v2.0/.well-known/openid-configuration          where that is, for login libraries
//
// Lists come in pages of 10 unless $top or "Prefer: odata.maxpagesize" asks for more, and go on at @odata.nextLink.
// Path segments match in any case; ids may be percent-encoded or not, and may stand in the key form folders('…'). A
// well-known name such as inbox works as a folder's id, in primary mailboxes.
//
// # Folders
//
// Among the folders are names that a file system cannot hold: with slashes, empty, equal, equal but for their case,
// reserved by Windows, ending in dots and spaces, very long. Every folder without items or children is legal, and
// Outbox always is one.
//
// Hidden folders are listed if the request says includeHiddenFolders=true, or expands the property that tells them
// apart, Boolean 0x10F4; the ids of expanded properties come back without leading zeros and in lower case. A search
// folder holds no items of its own: listing it shows items that live elsewhere. A client knows one in two ways that
// always agree: it descends from the folder with the wellKnownName searchfolders, and its Integer 0x3601
// (PidTagFolderType) is 2.
//
// # Content
//
// Everything is made from [Options].Seed when it is asked for: a million items cost no memory, and the same seed gives
// the same bytes on every machine. Ids are opaque, and the server recognises its own: one that is made up is refused.
// What a list tells of an item by $expand is what its stream has.
//
// # Changes
//
// A mailbox lives: [Server.Add], [Server.Touch], [Server.Move], [Server.Delete], [Server.MoveFolder] and the like change
// it, [Server.Step] and [Options].ChangeEvery do so at random, and deltas tell of it. Only what changed is kept. An item
// that moves gets a new id, as in Exchange. [Server.Folders], [Server.Items] and [Server.WriteItem] tell what is there now.
//
// A delta token holds a position in the mailbox's log of changes, so the server keeps none. A round tells everything at
// most once, as it is when its page is made; what changes later is in the next round. [Server.ExpireDeltas] ends tokens.
//
// # Archives
//
// Archives answer folder and item requests under /beta alone, and exportItems under both. Their items/delta answers with
// a page that breaks off, as the real one does. Folders that live in an auxiliary mailbox answer 308 and lead there;
// exportItems says ErrorArchiveFolderMovedPermanently.
//
// # Faults
//
// [Server.Inject] makes the server misbehave in programmed ways, as the real one is known to do now and then;
// [Options].Chaos does so at random. [Server.Stats] tells what was asked for.
//
// The package shares no code with the client: what that misreads must fail, not cancel out.
package simulator
