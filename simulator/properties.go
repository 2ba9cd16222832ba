package simulator

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// propertySet is the set whose GUID differs from the others' in its first field alone, as most of Exchange's do.
func propertySet(first uint32) fasttransfer.GUID {
	return fasttransfer.GUID{Data1: first, Data4: [8]byte{0xC0, 7: 0x46}}
}

// The property sets of named properties ([MS-OXPROPS] 1.3.2).
var (
	setAppointment = propertySet(0x00062002)
	setTask        = propertySet(0x00062003)
	setAddress     = propertySet(0x00062004)
	setCommon      = propertySet(0x00062008)
	setPublic      = propertySet(0x00020329)
	setMeeting     = fasttransfer.GUID{Data1: 0x6ED8DA90, Data2: 0x450B, Data3: 0x101B, Data4: [8]byte{0x98, 0xDA, 0, 0xAA, 0, 0x3F, 0x13, 0x05}}
)

// envelope writes the properties below the body's id.
func (c *composer) envelope(w properties, l *letter) {
	if l.depth > 0 {
		w.Int64(0x674A, int64(l.rng)) // PidTagMid; receivers ignore its value
	}
	w.Int32(0x0017, 1)
	w.String(0x001A, l.class)
	w.Bool(0x0023, false)
	w.Int32(0x0026, 0)
	w.Bool(0x0029, false)
	w.Int32(0x0036, 0)
	w.String(0x0037, l.subject)
	w.Time(0x0039, l.created.Add(-4*time.Second))
	w.Binary(0x003B, []byte("SMTP:"+strings.ToUpper(l.from.address)+"\x00"))
	w.String(0x003D, "")
	w.String(0x0042, l.from.display)
	w.String(0x0064, "SMTP")
	w.String(0x0065, l.from.address)
	w.String(0x0070, l.subject)
	if l.outside {
		w.Long(0x007D, func() string { return transportHeaders(l) })
	}
	w.String(0x0C1A, l.from.display)
	w.String(0x0C1E, "SMTP")
	w.String(0x0C1F, l.from.address)
	names := make([]string, 0, len(l.to))
	for _, p := range l.to {
		names = append(names, p.display)
	}
	w.String(0x0E04, strings.Join(names, "; "))
	w.Time(0x0E06, l.created)
	w.Int32(0x0E07, 1)
	w.Bool(0x0E1B, len(l.parts) > 0)
	w.String(0x0E1D, l.subject)
}

// identity writes the properties above the body's id that have no name.
func (c *composer) identity(w properties, l *letter) {
	r := l.own
	w.String(0x1035, fmt.Sprintf("<%s@%s>", strings.ToUpper(r.guid()), "prod.outlook.com"))
	w.Time(0x3007, l.created)
	w.Time(0x3008, l.created.Add(3*time.Second))
	key := make([]byte, 16)
	_, _ = r.Read(key)
	w.Binary(0x300B, key)
	if l.class == "IPM.Contact" {
		c.contact(w, l, &r)
	}
	w.Int32(0x3FDE, 65001)
	w.Int32(0x3FF1, 2057)
	w.String(0x5D01, l.from.address)
	w.String(0x5D02, l.from.address)
}

// contact writes the fixed properties of a contact.
func (c *composer) contact(w properties, l *letter, r *rng) {
	first, last, _ := strings.Cut(l.from.display, " ")
	w.String(0x3A06, first)
	w.String(0x3A08, fmt.Sprintf("+1 425 555 %04d", r.below(10_000)))
	w.String(0x3A11, last)
	w.String(0x3A16, "Contoso, Ltd.")
	w.String(0x3A17, c.vocabulary.title(r))
	w.String(0x3A1C, fmt.Sprintf("+1 206 555 %04d", r.below(10_000)))
	w.Time(0x3A42, time.Date(1950+int(r.below(50)), time.Month(1+r.below(12)), 1+int(r.below(28)), 0, 0, 0, 0, time.UTC))
}

// named writes the named properties. Their ids are those that this mailbox happens to have mapped.
func (c *composer) named(l *letter) {
	r := mixed(uint64(l.rng), 'p')
	if len(l.labels) > 0 {
		c.w.Strings(fasttransfer.Name(0x8005, setPublic, "Keywords"), l.labels)
	}
	c.w.Bool(fasttransfer.LID(0x8011, setCommon, 0x8506), false)
	switch {
	case l.class == "IPM.Appointment" || strings.HasPrefix(l.class, "IPM.Schedule"):
		c.appointment(l, &r)
	case l.class == "IPM.Task":
		c.w.Int32(fasttransfer.LID(0x8060, setTask, 0x8101), int32(r.below(5)))
		c.w.Float64(fasttransfer.LID(0x8061, setTask, 0x8102), float64(r.below(5))/4)
		c.w.Time(fasttransfer.LID(0x8062, setTask, 0x8105), l.created.AddDate(0, 0, int(r.below(60))))
		c.w.Bool(fasttransfer.LID(0x8063, setTask, 0x811C), r.chance(500))
	case l.class == "IPM.Contact":
		c.w.String(fasttransfer.LID(0x8070, setAddress, 0x8005), l.from.display)
		c.w.String(fasttransfer.LID(0x8071, setAddress, 0x8080), l.from.display)
		c.w.String(fasttransfer.LID(0x8072, setAddress, 0x8082), "SMTP")
		c.w.String(fasttransfer.LID(0x8073, setAddress, 0x8083), l.from.address)
	case l.class == "IPM.DistList":
		members := make([][]byte, 0, len(l.to))
		for _, p := range l.to {
			members = append(members, entryID(p))
		}
		c.w.Binaries(fasttransfer.LID(0x8074, setAddress, 0x8055), members)
	}
}

// appointment writes what meetings and their messages have in common.
func (c *composer) appointment(l *letter, r *rng) {
	start := l.created.Add(time.Duration(r.below(30*24)) * time.Hour).Truncate(30 * time.Minute)
	w := c.w
	w.Int32(fasttransfer.LID(0x8040, setAppointment, 0x8205), 2)
	w.String(fasttransfer.LID(0x8041, setAppointment, 0x8208), pick(r, []string{"Room 4.17", "Teams", "", "Café Luitpold"}))
	w.Time(fasttransfer.LID(0x8042, setAppointment, 0x820D), start)
	w.Time(fasttransfer.LID(0x8043, setAppointment, 0x820E), start.Add(time.Duration(1+r.below(4))*30*time.Minute))
	w.Bool(fasttransfer.LID(0x8044, setAppointment, 0x8215), r.chance(80))
	w.Bool(fasttransfer.LID(0x8045, setAppointment, 0x8223), false)
	w.Binary(fasttransfer.LID(0x8050, setMeeting, 0x0003), globalObjectID(l.created, r))
}

// globalObjectID identifies a meeting across calendars ([MS-OXOCAL] 2.2.1.27).
func globalObjectID(created time.Time, r *rng) []byte {
	b := []byte("\x04\x00\x00\x00\x82\x00\xE0\x00\x74\xC5\xB7\x10\x1A\x82\xE0\x08\x00\x00\x00\x00")
	b = binary.LittleEndian.AppendUint64(b, uint64(created.Unix()+11644473600)*10_000_000)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	unique := make([]byte, 16)
	_, _ = r.Read(unique)
	return append(b, unique...)
}

// transportHeaders are the headers that a message came with, one to three KB of them.
func transportHeaders(l *letter) string {
	var b strings.Builder
	routed := mixed(uint64(l.rng), 'h')
	r := &routed
	date := l.created.Format(time.RFC1123Z)
	for range 2 + r.below(4) {
		host := strings.ToUpper(r.guid()[:12])
		fmt.Fprintf(&b, "Received: from %s.eurprd04.prod.outlook.com (2603:10a6:%x:%x::%x)\r\n by %s.eurprd04.prod.outlook.com"+
			" with HTTPS;\r\n %s\r\n", host, r.below(4096), r.below(4096), r.below(64), strings.ToUpper(r.guid()[:12]), date)
	}
	fmt.Fprintf(&b, "Authentication-Results: spf=pass (sender IP is 40.107.%d.%d)\r\n dkim=pass (signature was verified)\r\n",
		r.below(256), r.below(256))
	fmt.Fprintf(&b, "From: %s <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nMIME-Version: 1.0\r\n", l.from.display, l.from.address,
		l.subject, date, r.guid(), "prod.outlook.com")
	for _, p := range l.to {
		fmt.Fprintf(&b, "To: %s <%s>\r\n", p.display, p.address)
	}
	fmt.Fprintf(&b, "X-MS-Exchange-Organization-Network-Message-Id: %s\r\nX-MS-Exchange-Organization-SCL: %d\r\n\r\n", r.guid(), r.below(5)-1)
	return b.String()
}
