package sinks_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// sentinel is part of secrets. No error may contain it.
const sentinel = "Sentinel0Secret"

// An account holds credentials for a store, and the places that provide them.
type account struct {
	key, secret            string
	tempKey, tempSec, temp string // for a session
	server                 string // URL of a machine's metadata, a container's, and a security token service
	store                  string // URL of the store
	dir                    string // for files
}

// set clears the environment of credentials, and sets the given names and values.
func (a *account) set(t *testing.T, env ...string) {
	t.Helper()
	servers.Setenv(t, "", "", "")
	for _, name := range []string{
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ENDPOINT_URL_STS", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(a.dir, "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(a.dir, "none"))
	for i := 0; i < len(env); i += 2 {
		t.Setenv(env[i], env[i+1])
	}
}

// files writes an AWS configuration file and a credentials file. {name} stands for a field of the
// account.
func (a *account) files(t *testing.T, config, credentials string) {
	t.Helper()
	for env, text := range map[string]string{"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials} {
		file := filepath.Join(t.TempDir(), env)
		write(t, file, a.fill(text))
		t.Setenv(env, file)
	}
}

func (a *account) fill(text string) string {
	return strings.NewReplacer("{key}", a.key, "{secret}", a.secret, "{dir}", a.dir, "{server}", a.server, "{store}", a.store, "{sentinel}", sentinel).Replace(text)
}

func newAccount(t *testing.T, s *servers.S3) *account {
	t.Helper()
	a := &account{key: s.AccessKey, secret: s.Secret, store: "http://" + s.Endpoint, dir: t.TempDir()}
	a.tempKey, a.tempSec, a.temp = s.Restricted(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}]}`)
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "machine") })
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-aws-ec2-metadata-token") != "machine" {
			w.WriteHeader(http.StatusUnauthorized)
		} else if strings.HasSuffix(r.URL.Path, "/") {
			fmt.Fprintln(w, "role")
		} else {
			a.give(w)
		}
	})
	mux.HandleFunc("GET /container", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "container" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		a.give(w)
	})
	mux.HandleFunc("POST /sts", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("WebIdentityToken") != "identity" || r.FormValue("RoleArn") != "arn:role" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>AccessDenied</Code><Message>this role is not for you</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>
			<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration>
			</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, a.tempKey, a.tempSec, a.temp, inAnHour())
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	a.server = web.URL
	write(t, filepath.Join(a.dir, "identity"), "identity\n")
	write(t, filepath.Join(a.dir, "other"), sentinel)
	write(t, filepath.Join(a.dir, "process"), fmt.Sprintf(`{"Version":1,"AccessKeyId":%q,"SecretAccessKey":%q}`, a.key, a.secret))
	return a
}

func inAnHour() string { return time.Now().Add(time.Hour).UTC().Format(time.RFC3339) }

// give responds with credentials as a machine's or a container's metadata service does.
func (a *account) give(w http.ResponseWriter) {
	_ = json.NewEncoder(w).Encode(map[string]string{
		"Code": "Success", "AccessKeyId": a.tempKey, "SecretAccessKey": a.tempSec, "Token": a.temp, "Expiration": inAnHour(),
	})
}

const credentialsFile = "[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"

// TestS3Credentials: credentials are found wherever S3's own tools look.
func TestS3Credentials(t *testing.T) {
	s := servers.MinIO(t)
	a, bucket := newAccount(t, s), s.Bucket(t)
	for i, c := range []struct {
		name                string
		env                 []string
		config, credentials string
		query               string
	}{
		{name: "environment", env: []string{"AWS_ACCESS_KEY_ID", a.key, "AWS_SECRET_ACCESS_KEY", a.secret}},
		{name: "session", env: []string{"AWS_ACCESS_KEY_ID", a.tempKey, "AWS_SECRET_ACCESS_KEY", a.tempSec, "AWS_SESSION_TOKEN", a.temp}},
		{name: "MinIO's environment", env: []string{"MINIO_ROOT_USER", a.key, "MINIO_ROOT_PASSWORD", a.secret}},
		{name: "environment before the default profile", env: []string{"AWS_ACCESS_KEY_ID", a.key, "AWS_SECRET_ACCESS_KEY", a.secret},
			credentials: "[default]\naws_access_key_id = x\naws_secret_access_key = y\n"},
		{name: "default profile", credentials: credentialsFile},
		{name: "profile in the URL", query: "&profile=p", credentials: strings.Replace(credentialsFile, "default", "p", 1),
			env: []string{"AWS_ACCESS_KEY_ID", "another", "AWS_SECRET_ACCESS_KEY", "another"}},
		{name: "profile in the environment", env: []string{"AWS_PROFILE", "p"}, config: "[profile p]\nregion = us-east-1\n",
			credentials: strings.Replace(credentialsFile, "default", "p", 1)},
		{name: "process", config: "[default]\ncredential_process = cat {dir}/process\n"},
		{name: "source profile", query: "&profile=p", env: []string{"AWS_ENDPOINT_URL_STS", a.store}, credentials: credentialsFile,
			config: "[profile p]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\nregion = us-east-1\n"},
		{name: "web identity in a profile", query: "&profile=p", env: []string{"AWS_ENDPOINT_URL_STS", a.server + "/sts"},
			config: "[profile p]\nrole_arn = arn:role\nweb_identity_token_file = {dir}/identity\n"},
		{name: "web identity in the default profile", env: []string{"AWS_ENDPOINT_URL_STS", a.server + "/sts"},
			config: "[default]\nrole_arn = arn:role\nweb_identity_token_file = {dir}/identity\n"},
		{name: "machine", env: []string{"AWS_EC2_METADATA_DISABLED", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT", a.server}},
		{name: "machine and a profile without credentials", env: []string{"AWS_EC2_METADATA_DISABLED", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT", a.server},
			config: "[default]\nregion = us-east-1\n"},
		{name: "container", env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", a.server + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "container"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.set(t, c.env...)
			if c.config+c.credentials != "" {
				a.files(t, c.config, c.credentials)
			}
			repo, err := repository.Init(t.Context(), open(t, s.URL(bucket, fmt.Sprint("mail", i))+c.query))
			if err != nil || repo.Retries() > 0 {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestS3CredentialsMissing: the error of missing or malformed credentials says so and contains no
// secret. No request is sent unsigned instead.
func TestS3CredentialsMissing(t *testing.T) {
	s := servers.MinIO(t)
	a, bucket := newAccount(t, s), s.Bucket(t)
	machine := []string{"AWS_EC2_METADATA_DISABLED", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT"}
	for _, c := range []struct {
		name                string
		env                 []string
		config, credentials string
		query, want         string
	}{
		{name: "nothing", want: "no credentials: set AWS_ACCESS_KEY_ID"},
		{name: "key alone", env: []string{"AWS_ACCESS_KEY_ID", sentinel}, want: "an access key without a secret"},
		{name: "secret alone", env: []string{"AWS_SECRET_ACCESS_KEY", sentinel}, want: "a secret without an access key"},
		{name: "wrong secret", env: []string{"AWS_ACCESS_KEY_ID", a.key, "AWS_SECRET_ACCESS_KEY", sentinel}, want: "signature"},
		{name: "wrong key", env: []string{"AWS_ACCESS_KEY_ID", "nobody", "AWS_SECRET_ACCESS_KEY", sentinel}, want: "Access Key Id"},
		{name: "wrong session", env: []string{"AWS_ACCESS_KEY_ID", a.tempKey, "AWS_SECRET_ACCESS_KEY", a.tempSec, "AWS_SESSION_TOKEN", sentinel}, want: "token"},
		{name: "no such profile", query: "&profile=p", credentials: credentialsFile, want: `no profile "p"`},
		{name: "no such profile in the environment", env: []string{"AWS_PROFILE", "p"}, want: `no profile "p"`},
		{name: "profile without credentials", query: "&profile=p", config: "[profile p]\nregion = x\n", want: "no credentials"},
		{name: "half a profile", credentials: "[default]\naws_secret_access_key = {sentinel}\n", want: "aws_access_key_id and aws_secret_access_key must both be set"},
		{name: "malformed file", credentials: "{sentinel}\n", want: "cannot be read as an AWS configuration file"},
		{name: "process that fails", config: "[default]\ncredential_process = cat {dir}/none\n", want: "exit status 1"},
		{name: "process that says something else", config: "[default]\ncredential_process = cat {dir}/other\n", want: "invalid character"},
		{name: "role without a source", config: "[default]\nrole_arn = arn:role\n", want: "neither source_profile nor web_identity_token_file"},
		{name: "role with a source that is not there", config: "[default]\nrole_arn = arn:role\nsource_profile = p\n", want: "source profile p"},
		{name: "role with wrong credentials", env: []string{"AWS_ENDPOINT_URL_STS", a.store}, want: "credentials: ",
			config:      "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = p\n",
			credentials: "[p]\naws_access_key_id = {key}\naws_secret_access_key = {sentinel}\n"},
		{name: "no identity", env: []string{"AWS_ENDPOINT_URL_STS", a.server + "/sts"}, want: "no such file",
			config: "[default]\nrole_arn = arn:role\nweb_identity_token_file = {dir}/none\n"},
		{name: "wrong identity", env: []string{"AWS_ENDPOINT_URL_STS", a.server + "/sts"}, want: "this role is not for you",
			config: "[default]\nrole_arn = arn:role\nweb_identity_token_file = {dir}/other\n"},
		{name: "no metadata service", env: append(machine, "http://127.0.0.1:1"), want: "the machine has no role"},
		{name: "no metadata", env: append(machine, a.server+"/nowhere"), want: "the machine has no role"},
		{name: "container that refuses", env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", a.server + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN", sentinel}, want: "401"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a.set(t, c.env...)
			if c.config+c.credentials != "" {
				a.files(t, c.config, c.credentials)
			}
			refused(t, s.URL(bucket, "mail")+c.query, c.want)
		})
	}
}

// refused checks that a repository cannot be opened, and that the error contains want and no
// secret.
func refused(t *testing.T, place, want string) error {
	t.Helper()
	bucket, err := sinks.Open(t.Context(), place)
	if err == nil {
		defer bucket.Close()
		_, err = repository.Init(t.Context(), bucket)
	}
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), sentinel) {
		t.Errorf("error is %v, want %q", err, want)
	}
	return err
}
