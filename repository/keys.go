package repository

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mailhaul/mailhaul/manifest"
)

const (
	configKey   = "config.json"
	packDir     = "packs/"
	manifestDir = "manifests/"
	refDir      = "refs/"
	ackDir      = "acks/"

	packExt     = ".zst"
	segmentExt  = ".jsonl.zst"
	manifestExt = ".json"
	refExt      = ".json"
	ackExt      = ".json"

	sequenceDigits = 20
)

// ScratchDir is the prefix of the keys of objects that test a store. They do not belong to a
// repository; a bucket that holds nothing else counts as empty.
const ScratchDir = "doctor/"

// PackKey returns the key of a pack.
func PackKey(d manifest.Digest) string { return digestKey(packDir, d, packExt) }

// SegmentKey returns the key of a segment.
func SegmentKey(d manifest.Digest) string { return digestKey(manifestDir, d, segmentExt) }

// ManifestKey returns the key of a snapshot manifest.
func ManifestKey(d manifest.Digest) string { return digestKey(manifestDir, d, manifestExt) }

func digestKey(dir string, d manifest.Digest, ext string) string {
	hex := d.Hex()
	return dir + hex[:2] + "/" + hex + ext
}

// RefKey returns the key of the ref of a mailbox's run.
func RefKey(mailbox string, sequence uint64) string {
	return fmt.Sprintf("%s%0*d%s", mailboxDir(mailbox), sequenceDigits, sequence, refExt)
}

// AckKey returns the key of an acknowledgement about a mailbox.
func AckKey(mailbox string, d manifest.Digest) string {
	return mailboxAckDir(mailbox) + d.Hex() + ackExt
}

func mailboxAckDir(mailbox string) string { return ackDir + escape(mailbox) + "/" }

func mailboxDir(mailbox string) string { return refDir + escape(mailbox) + "/" }

// escape writes a mailbox's id so that neither URLs nor file systems change it. A name of dots alone
// is escaped, because it would mean a directory.
func escape(id string) string {
	onlyDots := strings.Trim(id, ".") == ""
	var b strings.Builder
	for i := range len(id) {
		if c := id[i]; isPlain(c) && !onlyDots {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
}

// unescape reverses escape. It refuses any other text.
func unescape(name string) (id string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '=' {
			b.WriteByte(name[i])
			continue
		}
		if i+3 > len(name) {
			return "", false
		}
		c, err := strconv.ParseUint(name[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), escape(b.String()) == name
}

// A Kind is the kind of an object.
type Kind int

// The kinds of objects.
const (
	KindForeign   Kind = iota // does not belong to a repository
	KindIrregular             // not an object at all, such as a symbolic link: Err says what it is
	KindConfig
	KindPack
	KindSegment
	KindManifest
	KindRef
	KindAck
)

// An Object is an entry of a list.
type Object struct {
	Key     string
	Kind    Kind
	Digest  manifest.Digest // of packs, segments, manifests and acknowledgements
	Mailbox string          // of acknowledgements
	Size    int64           // bytes
	Err     error           // of KindIrregular
}

// maxListed bounds the listed size of an object, in bytes. With it, no sum of sizes overflows.
const maxListed = 1 << 40

// classify returns an object whose kind is that of its key.
func classify(key string, size int64) Object {
	o := Object{Key: key, Size: min(max(size, 0), maxListed)}
	for _, k := range []struct {
		kind     Kind
		dir, ext string
	}{{KindPack, packDir, packExt}, {KindSegment, manifestDir, segmentExt}, {KindManifest, manifestDir, manifestExt}} {
		name, ok := strings.CutSuffix(key, k.ext)
		if !ok || !strings.HasPrefix(key, k.dir) {
			continue
		}
		d, err := manifest.ParseHex(name[strings.LastIndexByte(name, '/')+1:])
		if err == nil && digestKey(k.dir, d, k.ext) == key {
			o.Kind, o.Digest = k.kind, d
			return o
		}
	}
	if key == configKey {
		o.Kind = KindConfig
	} else if _, _, ok := parseRef(key); ok {
		o.Kind = KindRef
	} else if mailbox, d, ok := parseAck(key); ok {
		o.Kind, o.Mailbox, o.Digest = KindAck, mailbox, d
	}
	return o
}

// parseRef reads the key of a ref.
func parseRef(key string) (mailbox string, sequence uint64, ok bool) {
	dir, name, ok := strings.Cut(strings.TrimPrefix(key, refDir), "/")
	if !ok || !strings.HasPrefix(key, refDir) {
		return "", 0, false
	}
	if mailbox, ok = unescape(dir); !ok {
		return "", 0, false
	}
	sequence, err := strconv.ParseUint(strings.TrimSuffix(name, refExt), 10, 64)
	return mailbox, sequence, err == nil && RefKey(mailbox, sequence) == key
}

// parseAck reads the key of an acknowledgement.
func parseAck(key string) (mailbox string, d manifest.Digest, ok bool) {
	dir, name, ok := strings.Cut(strings.TrimPrefix(key, ackDir), "/")
	if !ok || !strings.HasPrefix(key, ackDir) {
		return "", d, false
	}
	if mailbox, ok = unescape(dir); !ok {
		return "", d, false
	}
	d, err := manifest.ParseHex(strings.TrimSuffix(name, ackExt))
	return mailbox, d, err == nil && AckKey(mailbox, d) == key
}
