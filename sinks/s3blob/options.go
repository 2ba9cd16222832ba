package s3blob

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"github.com/mailhaul/mailhaul/sinks/internal/params"
)

// Options are those of each new object. The zero value is useful.
type Options struct {
	StorageClass string
	Encryption   encrypt.ServerSide // a customer's key (SSE-C) also decrypts what is read
	Tags         map[string]string

	// RetainDays is the number of days from its creation for which an object is retained, in
	// RetainMode; 0 is no retention.
	RetainDays int
	RetainMode minio.RetentionMode
	LegalHold  bool
}

const customerKey = encrypt.SSEC

// offline are the storage classes that no URL may have: their objects cannot be read before they
// are restored, and a run reads what earlier runs wrote.
var offline = []string{"GLACIER", "DEEP_ARCHIVE"}

// writeOptions reads the options in a URL's parameters.
func writeOptions(p *params.Params) Options {
	lock := p.Lock()
	o := Options{StorageClass: p.String("storage_class"), Tags: p.Tags("tags"), LegalHold: lock.Hold, RetainDays: int(lock.For.Hours() / 24)}
	for _, class := range offline {
		if strings.EqualFold(o.StorageClass, class) {
			p.Refuse("objects of this class cannot be read without restoring them first: use GLACIER_IR, or a lifecycle rule for packs/", "storage_class")
		}
	}
	if o.RetainDays > 0 {
		o.RetainMode = minio.Governance
		if lock.Compliance {
			o.RetainMode = minio.Compliance
		}
	}
	var err error
	if o.Encryption, err = encryption(p); err != nil {
		p.Fail(err)
	}
	return o
}

// encryption reads the encryption in a URL's parameters, which exclude each other.
func encryption(p *params.Params) (encrypt.ServerSide, error) {
	p.Alias("sse", "ssetype")
	p.Alias("kms_key", "kmskeyid")
	kind, key := p.OneOf("sse", "aes256", "aws:kms"), p.String("kms_key")
	file, env := p.String("sse_c_key_file"), p.String("sse_c_key_env")
	if (kind != "" || key != "") && (file != "" || env != "") || file != "" && env != "" {
		return nil, errors.New("sse and kms_key, sse_c_key_file, and sse_c_key_env exclude each other")
	}
	switch {
	case file != "":
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("sse_c_key_file: %w", err)
		}
		return customer(string(data))
	case env != "":
		return customer(os.Getenv(env))
	case kind == "aws:kms", kind == "" && key != "":
		return encrypt.NewSSEKMS(key, nil)
	case key != "":
		return nil, errors.New("kms_key is for sse=aws:kms")
	case kind != "":
		return encrypt.NewSSE(), nil
	}
	return nil, nil
}

// customer reads a customer's key. No error contains the key.
func customer(text string) (encrypt.ServerSide, error) {
	const size = 32
	if len(text) == size {
		return encrypt.NewSSEC([]byte(text))
	}
	text = strings.TrimSpace(text)
	for _, decode := range []func(string) ([]byte, error){base64.StdEncoding.DecodeString, hex.DecodeString} {
		if key, err := decode(text); err == nil && len(key) == size {
			return encrypt.NewSSEC(key)
		}
	}
	return nil, fmt.Errorf("the customer's key is not %d bytes, nor their base64 or hexadecimal form", size)
}

// put returns the options with which minio-go writes an object.
func (o Options) put() minio.PutObjectOptions {
	put := minio.PutObjectOptions{StorageClass: o.StorageClass, ServerSideEncryption: o.Encryption, UserTags: o.Tags}
	if o.RetainDays > 0 {
		put.Mode, put.RetainUntilDate = o.RetainMode, time.Now().AddDate(0, 0, o.RetainDays).UTC().Truncate(time.Second)
	}
	if o.LegalHold {
		put.LegalHold = minio.LegalHoldEnabled
	}
	return put
}

// read returns the encryption with which minio-go reads an object.
func (o Options) read() encrypt.ServerSide {
	if o.Encryption != nil && o.Encryption.Type() == customerKey {
		return o.Encryption
	}
	return nil
}
