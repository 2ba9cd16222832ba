package s3blob

import (
	"encoding/xml"
	"errors"
	"strings"

	"github.com/minio/minio-go/v7"
)

const (
	checkEndpoint = "what answers does not speak S3: check the endpoint in --repo; it is the address of the store's S3 API, not of its console"
	unknownKey    = "the store does not know the access key: check AWS_ACCESS_KEY_ID or the profile, and that it is of this store"
	newSession    = "the session's credentials are expired or of another store: get new ones (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN)"
	otherRegion   = "the bucket is in another region: give region= in --repo"
	makeRoom      = "the store is full or the bucket has a quota: make room and run the same command again"
)

// remedies are by S3's codes.
var remedies = map[string]string{
	"NoSuchBucket":          "check the bucket's name, the endpoint and the account, or create the bucket; mailhaul creates none",
	"InvalidBucketName":     "check the bucket's name: it has 3 to 63 small letters, digits, dots and hyphens",
	"InvalidAccessKeyId":    unknownKey,
	"XAdminUserNotFound":    unknownKey,
	"SignatureDoesNotMatch": "the secret does not go with the access key: check AWS_SECRET_ACCESS_KEY or the profile; a proxy that changes requests does this, too",
	"ExpiredToken":          newSession,
	"InvalidToken":          newSession,
	"InvalidTokenId":        newSession,
	"TokenRefreshRequired":  newSession,
	"AccessDenied": "the credentials may not do this: an export needs s3:ListBucket on the bucket, and s3:PutObject, s3:GetObject and " +
		"s3:AbortMultipartUpload below the prefix; mailhaul doctor tells which is missing",
	"AllAccessDisabled":              "the bucket is disabled: ask its owner",
	"AccountProblem":                 "the store's account has a problem: ask who runs it",
	"RequestTimeTooSkewed":           "this machine's clock is off: set it, or let it follow a time server",
	"PermanentRedirect":              otherRegion,
	"AuthorizationHeaderMalformed":   otherRegion,
	"IllegalLocationConstraint":      otherRegion,
	"InvalidRegion":                  otherRegion,
	"XMinioStorageFull":              makeRoom,
	"QuotaExceeded":                  makeRoom,
	"XMinioAdminBucketQuotaExceeded": makeRoom,
	"InvalidStorageClass":            "the store does not have this storage class: check --storage-class",
	"NotImplemented":                 "the store does not have what this needs: leave the option out, or use another store; mailhaul doctor tells",
	"ObjectLocked":                   "Object Lock keeps the object",
}

// Remedy returns what the user can do about what a store said, or nothing.
func Remedy(err error) string {
	var e minio.ErrorResponse
	var syntax *xml.SyntaxError
	var other xml.UnmarshalError
	switch {
	case errors.As(err, &syntax), errors.As(err, &other):
		return checkEndpoint
	case !errors.As(err, &e):
		return ""
	case strings.Contains(e.Message, "Object Lock"), e.Code == "InvalidRequest" && strings.Contains(e.Message, "ObjectLock"):
		return "lock_mode, lock_days and legal_hold need a bucket that was created with Object Lock"
	case e.StatusCode == 400 && strings.Contains(e.Message, "HTTP request to an HTTPS server"):
		return "the endpoint speaks TLS: give it as https://"
	case strings.HasPrefix(e.Code, "KMS"):
		return "check kmskeyid, and that the credentials may use the key (kms:GenerateDataKey, kms:Decrypt)"
	case e.XMLName.Local == "" && e.RequestID == "" && e.HostID == "":
		return checkEndpoint // S3 and what is like it names each answer, or tells in XML what is wrong
	}
	if text := remedies[e.Code]; text != otherRegion || e.Region == "" {
		return text
	}
	return "the bucket is in another region: give region=" + e.Region + " in --repo"
}

// IsDenied reports whether a store knows who asks, and says that they may not.
func IsDenied(err error) bool {
	var e minio.ErrorResponse
	return errors.As(err, &e) && e.Code == "AccessDenied"
}

// IsNoBucket reports whether there is no such bucket.
func IsNoBucket(err error) bool {
	var e minio.ErrorResponse
	return errors.As(err, &e) && e.Code == "NoSuchBucket"
}
