package azure

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	azure "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/repository/store"
	"github.com/mailhaul/mailhaul/sinks/internal/params"
)

// writeOptions are those of each new object.
type writeOptions struct {
	tier  string
	scope string
	tags  map[string]string
	lock  params.Lock
}

// tiers are those whose objects can be read without delay, in Azure's spelling.
var tiers = map[string]azure.AccessTier{"hot": azure.AccessTierHot, "cool": azure.AccessTierCool, "cold": azure.AccessTierCold}

func parseWrite(p *params.Params) writeOptions {
	return writeOptions{
		tier: p.OneOf("access_tier", "hot", "cool", "cold"), scope: p.String("encryption_scope"),
		tags: p.Tags("tags"), lock: p.Lock(),
	}
}

// A putter stores objects.
type putter struct {
	client  *container.Client
	write   writeOptions
	checked atomic.Bool // the store keeps the options
}

// put stores an object with one request. The service refuses content with another MD5 than that
// of the request.
func (p *putter) put(ctx context.Context, key string, body io.ReadSeeker, opts *blob.WriterOptions) error {
	if err := checkPlain(key, opts); err != nil {
		return err
	}
	sum := md5.New()
	if _, err := io.Copy(sum, body); err != nil {
		return err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	upload := p.write.upload()
	upload.TransactionalValidation = azure.TransferValidationTypeMD5(sum.Sum(nil))
	upload.HTTPHeaders = &azure.HTTPHeaders{
		BlobContentType: &opts.ContentType, BlobContentMD5: sum.Sum(nil), BlobContentEncoding: some(opts.ContentEncoding),
		BlobContentLanguage: some(opts.ContentLanguage), BlobContentDisposition: some(opts.ContentDisposition), BlobCacheControl: some(opts.CacheControl),
	}
	if opts.IfNotExist {
		upload.AccessConditions = &azure.AccessConditions{ModifiedAccessConditions: &azure.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
	}
	if opts.BeforeWrite != nil {
		if err := opts.BeforeWrite(func(to any) bool { return assign(to, upload) }); err != nil {
			return err
		}
	}
	if _, err := p.client.NewBlockBlobClient(key).Upload(ctx, streaming.NopCloser(body), upload); err != nil {
		return err
	}
	return p.check(ctx, key)
}

func (w writeOptions) upload() *blockblob.UploadOptions {
	o := &blockblob.UploadOptions{Tags: w.tags}
	if tier, ok := tiers[w.tier]; ok {
		o.Tier = &tier
	}
	if w.scope != "" {
		o.CPKScopeInfo = &azure.CPKScopeInfo{EncryptionScope: &w.scope}
	}
	if w.lock.Hold {
		o.LegalHold = to.Ptr(true)
	}
	if w.lock.For > 0 {
		o.ImmutabilityPolicyExpiryTime = to.Ptr(w.lock.Until())
		o.ImmutabilityPolicyMode = to.Ptr(w.mode())
	}
	return o
}

// mode returns the mode of an immutability policy in Azure's words.
func (w writeOptions) mode() azure.ImmutabilityPolicySetting {
	if w.lock.Compliance {
		return azure.ImmutabilityPolicySettingLocked
	}
	return azure.ImmutabilityPolicySettingUnlocked
}

// checkPlain refuses what Go CDK would write differently from this package: keys that it escapes,
// and metadata. A repository has neither.
func checkPlain(key string, opts *blob.WriterOptions) error {
	isEscaped := strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c == 0x7f || strings.ContainsRune(`"#%?\`, c) })
	if isEscaped || strings.Contains(key, "../") || strings.Contains(key, "__0x") || strings.HasSuffix(key, "/") {
		return &store.Error{Kind: store.Other, Reason: fmt.Sprintf("the key %.200q has characters that Azure does not take", key)}
	}
	if len(opts.Metadata) > 0 {
		return &store.Error{Kind: store.Other, Reason: "metadata is not written to Azure"}
	}
	return nil
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// assign sets what to points to, if it points to a T.
func assign[T any](to any, v T) bool {
	p, ok := to.(*T)
	if ok {
		*p = v
	}
	return ok
}
