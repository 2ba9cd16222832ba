package content

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/fasttransfer"
	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// propertySet returns the GUID of a property set. Most of Exchange's differ in their first field
// alone.
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

// envelope writes the properties with lower ids than the body.
func (c *composer) envelope(w propertyWriter, l *letter) {
	if l.depth > 0 {
		w.Int64(0x674A, int64(l.rng)) // PidTagMid; receivers ignore it
	}
	w.Int32(0x0017, 1)                                                       // PidTagImportance
	w.String(0x001A, l.class)                                                // PidTagMessageClass
	w.Bool(0x0023, false)                                                    // PidTagOriginatorDeliveryReportRequested
	w.Int32(0x0026, 0)                                                       // PidTagPriority
	w.Bool(0x0029, false)                                                    // PidTagReadReceiptRequested
	w.Int32(0x0036, 0)                                                       // PidTagSensitivity
	w.String(0x0037, l.subject)                                              // PidTagSubject
	w.Time(0x0039, l.created.Add(-4*time.Second))                            // PidTagClientSubmitTime
	w.Binary(0x003B, []byte("SMTP:"+strings.ToUpper(l.from.address)+"\x00")) // PidTagSentRepresentingSearchKey
	w.String(0x003D, "")                                                     // PidTagSubjectPrefix
	w.String(0x0042, l.from.display)                                         // PidTagSentRepresentingName
	w.String(0x0064, "SMTP")                                                 // PidTagSentRepresentingAddressType
	w.String(0x0065, l.from.address)                                         // PidTagSentRepresentingEmailAddress
	w.String(0x0070, l.subject)                                              // PidTagConversationTopic
	if l.external {
		w.Lazy(0x007D, func() string { return transportHeaders(l) }) // PidTagTransportMessageHeaders
	}
	w.String(0x0C1A, l.from.display) // PidTagSenderName
	w.String(0x0C1E, "SMTP")         // PidTagSenderAddressType
	w.String(0x0C1F, l.from.address) // PidTagSenderEmailAddress
	names := make([]string, 0, len(l.to))
	for _, p := range l.to {
		names = append(names, p.display)
	}
	w.String(0x0E04, strings.Join(names, "; ")) // PidTagDisplayTo
	w.Time(0x0E06, l.created)                   // PidTagMessageDeliveryTime
	w.Int32(0x0E07, 1)                          // PidTagMessageFlags: read
	w.Bool(0x0E1B, len(l.attachments) > 0)      // PidTagHasAttachments
	w.String(0x0E1D, l.subject)                 // PidTagNormalizedSubject
}

// identity writes the properties without a name that have higher ids than the body.
func (c *composer) identity(w propertyWriter, l *letter) {
	r := l.identity
	w.String(0x1035, fmt.Sprintf("<%s@%s>", strings.ToUpper(r.GUID()), "prod.outlook.com")) // PidTagInternetMessageId
	w.Time(0x3007, l.created)                                                               // PidTagCreationTime
	w.Time(0x3008, l.created.Add(3*time.Second))                                            // PidTagLastModificationTime
	key := make([]byte, 16)
	_, _ = r.Read(key)
	w.Binary(0x300B, key) // PidTagSearchKey
	if l.class == "IPM.Contact" {
		c.contact(w, l, &r)
	}
	w.Int32(0x3FDE, 65001)           // PidTagInternetCodepage: UTF-8
	w.Int32(0x3FF1, 2057)            // PidTagMessageLocaleId: en-GB
	w.String(0x5D01, l.from.address) // PidTagSenderSmtpAddress
	w.String(0x5D02, l.from.address) // PidTagSentRepresentingSmtpAddress
}

// contact writes the properties without a name that only contacts have.
func (c *composer) contact(w propertyWriter, l *letter, r *rng.Rand) {
	first, last, _ := strings.Cut(l.from.display, " ")
	w.String(0x3A06, first)                                                                                               // PidTagGivenName
	w.String(0x3A08, fmt.Sprintf("+1 425 555 %04d", r.Below(10_000)))                                                     // PidTagBusinessTelephoneNumber
	w.String(0x3A11, last)                                                                                                // PidTagSurname
	w.String(0x3A16, "Contoso, Ltd.")                                                                                     // PidTagCompanyName
	w.String(0x3A17, c.vocabulary.title(r))                                                                               // PidTagTitle
	w.String(0x3A1C, fmt.Sprintf("+1 206 555 %04d", r.Below(10_000)))                                                     // PidTagMobileTelephoneNumber
	w.Time(0x3A42, time.Date(1950+int(r.Below(50)), time.Month(1+r.Below(12)), 1+int(r.Below(28)), 0, 0, 0, 0, time.UTC)) // PidTagBirthday
}

// named writes the named properties. In a real mailbox, their ids depend on which names came first.
func (c *composer) named(l *letter) {
	r := rng.New(uint64(l.rng), 'p')
	if len(l.categories) > 0 {
		c.w.Strings(fasttransfer.Name(0x8005, setPublic, "Keywords"), l.categories)
	}
	c.w.Bool(fasttransfer.LID(0x8011, setCommon, 0x8506), false) // PidLidPrivate
	switch {
	case l.class == "IPM.Appointment" || strings.HasPrefix(l.class, "IPM.Schedule"):
		c.appointment(l, &r)
	case l.class == "IPM.Task":
		c.w.Int32(fasttransfer.LID(0x8060, setTask, 0x8101), int32(r.Below(5)))                        // PidLidTaskStatus
		c.w.Float64(fasttransfer.LID(0x8061, setTask, 0x8102), float64(r.Below(5))/4)                  // PidLidPercentComplete
		c.w.Time(fasttransfer.LID(0x8062, setTask, 0x8105), l.created.AddDate(0, 0, int(r.Below(60)))) // PidLidTaskDueDate
		c.w.Bool(fasttransfer.LID(0x8063, setTask, 0x811C), r.Chance(500))                             // PidLidTaskComplete
	case l.class == "IPM.Contact":
		c.w.String(fasttransfer.LID(0x8070, setAddress, 0x8005), l.from.display) // PidLidFileUnder
		c.w.String(fasttransfer.LID(0x8071, setAddress, 0x8080), l.from.display) // PidLidEmail1DisplayName
		c.w.String(fasttransfer.LID(0x8072, setAddress, 0x8082), "SMTP")         // PidLidEmail1AddressType
		c.w.String(fasttransfer.LID(0x8073, setAddress, 0x8083), l.from.address) // PidLidEmail1EmailAddress
	case l.class == "IPM.DistList":
		members := make([][]byte, 0, len(l.to))
		for _, p := range l.to {
			members = append(members, entryID(p))
		}
		c.w.Binaries(fasttransfer.LID(0x8074, setAddress, 0x8055), members) // PidLidDistributionListMembers
	}
}

// appointment writes the named properties of meetings and of messages about them.
func (c *composer) appointment(l *letter, r *rng.Rand) {
	start := l.created.Add(time.Duration(r.Below(30*24)) * time.Hour).Truncate(30 * time.Minute)
	w := c.w
	w.Int32(fasttransfer.LID(0x8040, setAppointment, 0x8205), 2)                                                                 // PidLidBusyStatus: busy
	w.String(fasttransfer.LID(0x8041, setAppointment, 0x8208), rng.Pick(r, []string{"Room 4.17", "Teams", "", "Café Luitpold"})) // PidLidLocation
	w.Time(fasttransfer.LID(0x8042, setAppointment, 0x820D), start)                                                              // PidLidAppointmentStartWhole
	w.Time(fasttransfer.LID(0x8043, setAppointment, 0x820E), start.Add(time.Duration(1+r.Below(4))*30*time.Minute))              // PidLidAppointmentEndWhole
	w.Bool(fasttransfer.LID(0x8044, setAppointment, 0x8215), r.Chance(80))                                                       // PidLidAppointmentSubType
	w.Bool(fasttransfer.LID(0x8045, setAppointment, 0x8223), false)                                                              // PidLidRecurring
	w.Binary(fasttransfer.LID(0x8050, setMeeting, 0x0003), globalObjectID(l.created, r))                                         // PidLidGlobalObjectId
}

// globalObjectID identifies a meeting in all calendars ([MS-OXOCAL] 2.2.1.27).
func globalObjectID(created time.Time, r *rng.Rand) []byte {
	b := []byte("\x04\x00\x00\x00\x82\x00\xE0\x00\x74\xC5\xB7\x10\x1A\x82\xE0\x08\x00\x00\x00\x00")
	b = binary.LittleEndian.AppendUint64(b, uint64(created.Unix()+11644473600)*10_000_000)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	unique := make([]byte, 16)
	_, _ = r.Read(unique)
	return append(b, unique...)
}

// transportHeaders makes the headers of a message from outside, one to three KB.
func transportHeaders(l *letter) string {
	var b strings.Builder
	routed := rng.New(uint64(l.rng), 'h')
	r := &routed
	date := l.created.Format(time.RFC1123Z)
	for range 2 + r.Below(4) {
		host := strings.ToUpper(r.GUID()[:12])
		fmt.Fprintf(&b, "Received: from %s.eurprd04.prod.outlook.com (2603:10a6:%x:%x::%x)\r\n by %s.eurprd04.prod.outlook.com"+
			" with HTTPS;\r\n %s\r\n", host, r.Below(4096), r.Below(4096), r.Below(64), strings.ToUpper(r.GUID()[:12]), date)
	}
	fmt.Fprintf(&b, "Authentication-Results: spf=pass (sender IP is 40.107.%d.%d)\r\n dkim=pass (signature was verified)\r\n",
		r.Below(256), r.Below(256))
	fmt.Fprintf(&b, "From: %s <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nMIME-Version: 1.0\r\n", l.from.display, l.from.address,
		l.subject, date, r.GUID(), "prod.outlook.com")
	for _, p := range l.to {
		fmt.Fprintf(&b, "To: %s <%s>\r\n", p.display, p.address)
	}
	fmt.Fprintf(&b, "X-MS-Exchange-Organization-Network-Message-Id: %s\r\nX-MS-Exchange-Organization-SCL: %d\r\n\r\n", r.GUID(), r.Below(5)-1)
	return b.String()
}
