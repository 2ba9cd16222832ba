package fasttransfer_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

// A message has properties, and then its recipients.
func ExampleWriter() {
	var stream bytes.Buffer
	w := fasttransfer.NewWriter(&stream)
	w.String(fasttransfer.ID(0x001A), "IPM.Note") // PidTagMessageClass
	w.String(fasttransfer.ID(0x0037), "Hello")    // PidTagSubject
	w.StartRecipient()
	w.String(fasttransfer.ID(0x3003), "megan.bowen@contoso.com") // PidTagEmailAddress
	w.EndRecipient()
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	for b := stream.Bytes(); len(b) > 0; {
		opcode, n := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
		fmt.Printf("record with opcode %d: %d bytes\n", opcode, n)
		b = b[8+n:]
	}
	// Output:
	// record with opcode 1: 8 bytes
	// record with opcode 3: 24 bytes
	// record with opcode 4: 6 bytes
	// record with opcode 2: 110 bytes
}
