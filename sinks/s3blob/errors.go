package s3blob

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/repository/store"
)

const (
	checkEndpoint = "what answers does not speak S3: check the endpoint in --repo; it is the address of the store's S3 API, not of its console"
	unknownKey    = "the store does not know the access key: check AWS_ACCESS_KEY_ID or the profile, and that it is of this store"
	wrongSecret   = "the secret does not belong to the access key: check AWS_SECRET_ACCESS_KEY or the profile; a proxy that changes requests also causes this"
	newSession    = "the session's credentials are expired or of another store: get new ones (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN)"
	otherRegion   = "the bucket is in another region: give region= in --repo"
	makeRoom      = "the store is full or the bucket has a quota: make room and run the same command again"
	needsRights   = "the credentials may not do this: an export needs s3:ListBucket on the bucket, and s3:PutObject, s3:GetObject and " +
		"s3:AbortMultipartUpload below the prefix; mailhaul doctor shows which is missing"
	needsLock = "lock_mode, lock_days and legal_hold need a bucket that was created with Object Lock"
	checkKMS  = "check kmskeyid, and that the credentials may use the key (kms:GenerateDataKey, kms:Decrypt)"
)

// A meaning is what one of S3's error codes means.
type meaning struct {
	kind   store.Kind
	remedy string
}

// meanings are those of the codes of AWS, MinIO and VersityGW.
var meanings = map[string]meaning{
	"NoSuchKey":     {store.NotFound, ""},
	"NoSuchVersion": {store.NotFound, ""},
	"NotFound":      {store.NotFound, ""},
	"NoSuchBucket":  {store.NoBucket, "check the bucket's name, the endpoint and the account, or create the bucket; mailhaul creates none"},

	"PreconditionFailed": {store.Exists, ""},

	"AccessDenied":                   {store.Denied, needsRights},
	"ObjectLocked":                   {store.Denied, "Object Lock keeps the object"},
	"XMinioStorageFull":              {store.Denied, makeRoom},
	"QuotaExceeded":                  {store.Denied, makeRoom},
	"XMinioAdminBucketQuotaExceeded": {store.Denied, makeRoom},

	"InvalidAccessKeyId":    {store.NoAccess, unknownKey},
	"XAdminUserNotFound":    {store.NoAccess, unknownKey}, // VersityGW's code of an unknown access key
	"SignatureDoesNotMatch": {store.NoAccess, wrongSecret},
	"ExpiredToken":          {store.NoAccess, newSession},
	"InvalidToken":          {store.NoAccess, newSession},
	"InvalidTokenId":        {store.NoAccess, newSession},
	"AllAccessDisabled":     {store.NoAccess, "the bucket is disabled: ask its owner"},
	"AccountProblem":        {store.NoAccess, "the store's account has a problem: ask who runs it"},
	"RequestTimeTooSkewed":  {store.NoAccess, "this machine's clock is off: set it, or let it follow a time server"},

	"SlowDown":           {store.Busy, ""},
	"SlowDownRead":       {store.Busy, ""},
	"SlowDownWrite":      {store.Busy, ""},
	"ServiceUnavailable": {store.Busy, ""},
	"RequestTimeout":     {store.Busy, ""},
	"OperationAborted":   {store.Busy, ""},
	// Two writers create the object at the same time. Neither knows yet whether it will exist.
	"ConditionalRequestConflict": {store.Busy, ""},

	"InternalError": {store.Unavailable, ""},
	// The content changed on its way.
	"BadDigest":                   {store.Unavailable, ""},
	"InvalidDigest":               {store.Unavailable, ""},
	"IncompleteBody":              {store.Unavailable, ""},
	"XAmzContentSHA256Mismatch":   {store.Unavailable, ""},
	"XAmzContentChecksumMismatch": {store.Unavailable, ""},

	"NotImplemented": {store.Unsupported, "the store lacks a feature that this needs: leave the option out, or use another store; mailhaul doctor shows which feature"},

	"InvalidArgument":              {store.Other, ""},
	"InvalidRequest":               {store.Other, ""},
	"KeyTooLongError":              {store.Other, ""},
	"XMinioInvalidObjectName":      {store.Other, ""},
	"InvalidBucketName":            {store.Other, "check the bucket's name: it has 3 to 63 lower-case letters, digits, dots and hyphens"},
	"PermanentRedirect":            {store.Other, otherRegion},
	"AuthorizationHeaderMalformed": {store.Other, otherRegion},
	"IllegalLocationConstraint":    {store.Other, otherRegion},
	"InvalidRegion":                {store.Other, otherRegion},
	"InvalidStorageClass":          {store.Other, "the store does not have this storage class: check --storage-class"},
	"TokenRefreshRequired":         {store.Other, newSession},
}

// classify makes the error of a driver's method a *store.Error.
func classify(err *error) {
	if *err != nil && *err != io.EOF {
		*err = describe(*err)
	}
}

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode { return describe(err).Code() }

func (b *bucket) ErrorAs(err error, to any) bool {
	p, ok := to.(*minio.ErrorResponse)
	return ok && errors.As(err, p)
}

// describe classifies an error of the client. Errors of this package are classified already.
func describe(err error) *store.Error {
	var own *store.Error
	var s3 minio.ErrorResponse
	e := store.Describe(err)
	switch {
	case errors.As(err, &own):
	case errors.As(err, &s3):
		e.Kind, e.Remedy = kindOf(s3), remedyOf(s3)
	case errors.As(err, new(*xml.SyntaxError)), errors.As(err, new(xml.UnmarshalError)):
		e.Remedy = checkEndpoint
	}
	return e
}

// kindOf returns the kind of an error response.
func kindOf(s3 minio.ErrorResponse) store.Kind {
	if s3.Code == "InternalError" && s3.StatusCode == 0 {
		return store.Unsupported // the client's code for a response that is not S3's
	}
	if m, ok := meanings[s3.Code]; ok {
		return m.kind
	}
	if s3.StatusCode == http.StatusConflict {
		return store.Busy // S3 answers 412 if the object exists, and 409 to concurrent requests
	}
	return store.OfStatus(s3.StatusCode)
}

// remedyOf returns what the user can do about an error response, or nothing.
func remedyOf(s3 minio.ErrorResponse) string {
	switch {
	case strings.Contains(s3.Message, "Object Lock"), s3.Code == "InvalidRequest" && strings.Contains(s3.Message, "ObjectLock"):
		return needsLock
	case s3.StatusCode == http.StatusBadRequest && strings.Contains(s3.Message, "HTTP request to an HTTPS server"):
		return "the endpoint speaks TLS: give it as https://"
	case strings.HasPrefix(s3.Code, "KMS"):
		return checkKMS
	case s3.XMLName.Local == "" && s3.RequestID == "" && s3.HostID == "":
		return checkEndpoint // S3 and its like give each response an id, or an error in XML
	}
	remedy := meanings[s3.Code].remedy
	if remedy == otherRegion && s3.Region != "" {
		return "the bucket is in another region: give region=" + s3.Region + " in --repo"
	}
	return remedy
}
