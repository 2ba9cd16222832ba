package s3blob

import (
	"context"
	"errors"
	"net/http"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/gcerrors"
)

var codes = map[string]gcerrors.ErrorCode{
	"NoSuchKey": gcerrors.NotFound, "NoSuchBucket": gcerrors.NotFound, "NoSuchVersion": gcerrors.NotFound, "NotFound": gcerrors.NotFound,
	"PreconditionFailed": gcerrors.FailedPrecondition,
	"XAdminUserNotFound": gcerrors.PermissionDenied, // VersityGW's word for an access key that it does not know
	"AccessDenied":       gcerrors.PermissionDenied, "InvalidAccessKeyId": gcerrors.PermissionDenied, "SignatureDoesNotMatch": gcerrors.PermissionDenied,
	"ExpiredToken": gcerrors.PermissionDenied, "InvalidToken": gcerrors.PermissionDenied, "AllAccessDisabled": gcerrors.PermissionDenied,
	"InvalidTokenId": gcerrors.PermissionDenied, "AccountProblem": gcerrors.PermissionDenied, "RequestTimeTooSkewed": gcerrors.PermissionDenied,
	"ObjectLocked": gcerrors.PermissionDenied, "XMinioStorageFull": gcerrors.PermissionDenied, "QuotaExceeded": gcerrors.PermissionDenied,
	"XMinioAdminBucketQuotaExceeded": gcerrors.PermissionDenied,
	"SlowDown":                       gcerrors.ResourceExhausted, "SlowDownRead": gcerrors.ResourceExhausted, "SlowDownWrite": gcerrors.ResourceExhausted,
	"ServiceUnavailable": gcerrors.ResourceExhausted, "RequestTimeout": gcerrors.ResourceExhausted, "OperationAborted": gcerrors.ResourceExhausted,
	// Two that create an object at once: it may be there or not when one asks again.
	"ConditionalRequestConflict": gcerrors.ResourceExhausted,
	"InvalidArgument":            gcerrors.InvalidArgument, "InvalidBucketName": gcerrors.InvalidArgument, "KeyTooLongError": gcerrors.InvalidArgument,
	"InvalidRequest": gcerrors.InvalidArgument, "AuthorizationHeaderMalformed": gcerrors.InvalidArgument, "XMinioInvalidObjectName": gcerrors.InvalidArgument,
	"PermanentRedirect": gcerrors.InvalidArgument, "IllegalLocationConstraint": gcerrors.InvalidArgument, "InvalidRegion": gcerrors.InvalidArgument,
	"NotImplemented": gcerrors.Unimplemented, "InternalError": gcerrors.Internal,
	// Content that changed on its way is sent again.
	"BadDigest": gcerrors.Internal, "XAmzContentSHA256Mismatch": gcerrors.Internal, "XAmzContentChecksumMismatch": gcerrors.Internal,
	"InvalidDigest": gcerrors.Internal, "IncompleteBody": gcerrors.Internal,
}

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	var s3 minio.ErrorResponse
	var credentials credentialsError
	var ignored *ignoredError
	switch {
	case errors.As(err, &ignored):
		return gcerrors.Unimplemented
	case errors.As(err, &credentials):
		return gcerrors.PermissionDenied
	case errors.Is(err, context.Canceled):
		return gcerrors.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return gcerrors.DeadlineExceeded
	case errors.Is(err, errors.ErrUnsupported):
		return gcerrors.Unimplemented
	case !errors.As(err, &s3):
		return gcerrors.Unknown
	}
	if s3.Code == "InternalError" && s3.StatusCode == 0 {
		return gcerrors.Unimplemented // the client's word for an answer that is none of S3's
	}
	if code, ok := codes[s3.Code]; ok {
		return code
	}
	return codeOf(s3.StatusCode)
}

// codeOf is for what S3 does not name.
func codeOf(status int) gcerrors.ErrorCode {
	switch {
	case status == http.StatusNotFound:
		return gcerrors.NotFound
	case status == http.StatusBadRequest, status == http.StatusMethodNotAllowed:
		return gcerrors.InvalidArgument
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return gcerrors.PermissionDenied
	case status == http.StatusPreconditionFailed:
		return gcerrors.FailedPrecondition
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, status == http.StatusConflict:
		return gcerrors.ResourceExhausted
	case status >= http.StatusInternalServerError:
		return gcerrors.Internal
	}
	return gcerrors.Unknown
}
