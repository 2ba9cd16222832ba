// Package pipeline is the write path: it hauls one mailbox from Graph into a
// repository and commits a snapshot of it.
//
//	enumerate ─▶ batch ─▶ export ×4 ─▶ digest ─▶ compress ×CPU ─▶ pack ─▶ upload ×2 ─▶ record ─▶ commit
//
// Stages are goroutines of one errgroup, joined by bounded channels: a slow
// bucket slows Graph down, and memory stays flat whatever the mailbox holds. The
// stages up to export make up the front, which ends when Graph fails or the
// caller cancels; the stages behind it, the back, then store what has arrived,
// and what they made durable is committed as a partial snapshot.
//
// Runs at the same time share a Pool: what compresses, what uploads, and the memory. Every
// stage counts what its workers do with their time, and the report tells what held
// the others up.
//
// An item's row is written when every pack that holds a chunk of it is durable,
// a segment when its rows are, the manifest after its segments, and the ref last.
package pipeline
