package lab

import (
	"debug/buildinfo"
	"os/exec"
	"runtime"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
)

// versions returns the versions of Go, mailhaul and the other programs that ran.
func (l *lab) versions() map[string]string {
	v := map[string]string{"go": runtime.Version(), report.Mailhaul: l.opts.Version}
	if l.minio != nil {
		v["minio"] = minIOVersion(l.opts.MinIO)
	}
	if path, err := exec.LookPath(resticName); err == nil {
		v[resticName] = firstLine(path, "version")
	}
	return v
}

// minIOVersion returns the release that a MinIO server prints. A server that is built from its
// module knows no release: then it is the version of the module.
func minIOVersion(binary string) string {
	printed := firstLine(binary, "--version")
	if v := moduleVersion(binary, "github.com/minio/minio"); v != "" && !strings.Contains(printed, "RELEASE.") {
		return "minio " + v
	}
	return printed
}

// moduleVersion returns the version of a module in a Go program, or nothing.
func moduleVersion(binary, module string) string {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return ""
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "(devel)" {
			return m.Version
		}
	}
	return ""
}

// firstLine returns the first line that a command prints, or nothing.
func firstLine(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}
