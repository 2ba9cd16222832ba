package s3blob

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// A profile is a named part of the AWS configuration and credentials files.
type profile struct {
	name             string
	region, endpoint string
	role             role
	found            bool // in one of the files
}

// A role is what a profile assumes with another's credentials or a web identity.
type role struct {
	arn, session, externalID string
	source                   string // profile
	tokenFile                string
}

// loadProfile reads a profile. It must exist if it is required.
func loadProfile(name string, required bool) (profile, error) {
	if name == "" {
		name = "default"
	}
	p := profile{name: name}
	for _, f := range []struct{ env, file, section string }{
		{"AWS_CONFIG_FILE", "config", configSection(name)}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials", name},
	} {
		s, err := section(f.env, f.file, f.section)
		if err != nil {
			return p, err
		}
		if s != nil {
			p.read(s)
		}
	}
	if !p.found && (required || name != "default" && os.Getenv("AWS_ACCESS_KEY_ID") == "") {
		return p, fmt.Errorf("there is no profile %.100q in the AWS configuration and credentials files", name)
	}
	return p, nil
}

// configSection returns the name of a profile's section in the configuration file.
func configSection(name string) string {
	if name == "default" {
		return name
	}
	return "profile " + name
}

// section returns the settings of a section of a file, nil if the section or the file is absent.
func section(env, name, section string) (map[string]string, error) {
	file := os.Getenv(env)
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, nil
		}
		file = filepath.Join(home, ".aws", name)
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var settings map[string]string
	if err == nil {
		defer f.Close()
		settings, err = readSection(f, section)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: it cannot be read as an AWS configuration file", file) // it may hold keys
	}
	return settings, nil
}

func (p *profile) read(settings map[string]string) {
	p.found = true
	for name, to := range map[string]*string{
		"region": &p.region, "endpoint_url": &p.endpoint, "role_arn": &p.role.arn, "role_session_name": &p.role.session,
		"external_id": &p.role.externalID, "source_profile": &p.role.source, "web_identity_token_file": &p.role.tokenFile,
	} {
		if value, ok := settings[name]; ok {
			*to = value
		}
	}
}

// credentials returns the source of a location's credentials.
func (l *location) credentials(t http.RoundTripper) (*credentials.Credentials, error) {
	if l.anonymous {
		return credentials.NewStaticV4("", "", ""), nil
	}
	env := []credentials.Provider{&credentials.EnvAWS{}, &credentials.EnvMinio{}}
	own := []credentials.Provider{&credentials.FileAWSCredentials{Profile: l.profile.name}}
	if !l.profile.found {
		own = nil
	}
	if p, err := l.profile.assumed(l.region); err != nil {
		return nil, err
	} else if p != nil {
		own = []credentials.Provider{p}
	}
	if l.profile.name != "default" && l.profile.found {
		return credentials.New(&chain{providers: own}), nil
	}
	return credentials.New(&chain{providers: slices.Concat(env, own, []credentials.Provider{newMachine(l.region, t)})}), nil
}

// assumed returns a provider that assumes the profile's role, nil if it has none.
func (p profile) assumed(region string) (credentials.Provider, error) {
	r := p.role
	switch {
	case r.arn == "":
		return nil, nil
	case r.tokenFile != "":
		return &credentials.STSWebIdentity{
			STSEndpoint: stsEndpoint(region), RoleARN: r.arn,
			GetWebIDTokenExpiry: func() (*credentials.WebIdentityToken, error) {
				token, err := os.ReadFile(r.tokenFile)
				return &credentials.WebIdentityToken{Token: strings.TrimSpace(string(token))}, err
			},
		}, nil
	case r.source == "":
		return nil, fmt.Errorf("profile %s has a role_arn, and neither source_profile nor web_identity_token_file", p.name)
	}
	return &sourced{role: r, region: region}, nil
}

// stsEndpoint returns the URL of the security token service of a region.
func stsEndpoint(region string) string {
	if s := os.Getenv("AWS_ENDPOINT_URL_STS"); s != "" {
		return s
	}
	if region == "" {
		return "https://sts.amazonaws.com"
	}
	return "https://sts." + region + ".amazonaws.com"
}

// sourced assumes a role with another profile's credentials.
type sourced struct {
	credentials.STSAssumeRole
	role   role
	region string
}

// Retrieve implements credentials.Provider.
func (s *sourced) Retrieve() (credentials.Value, error) { return s.RetrieveWithCredContext(nil) }

// RetrieveWithCredContext implements credentials.Provider.
func (s *sourced) RetrieveWithCredContext(cc *credentials.CredContext) (credentials.Value, error) {
	source, err := (&credentials.FileAWSCredentials{Profile: s.role.source}).RetrieveWithCredContext(cc)
	if err != nil {
		return source, fmt.Errorf("source profile %s: %w", s.role.source, err)
	}
	s.STSEndpoint = stsEndpoint(s.region)
	s.Options = credentials.STSAssumeRoleOptions{
		AccessKey: source.AccessKeyID, SecretKey: source.SecretAccessKey, SessionToken: source.SessionToken, Location: s.region,
		RoleARN: s.role.arn, RoleSessionName: cmp.Or(s.role.session, "mailhaul"), ExternalID: s.role.externalID,
	}
	return s.STSAssumeRole.RetrieveWithCredContext(cc)
}
