package bench

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// thisMachine describes the machine, as far as the system tells.
func thisMachine() Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU()}
	m.CPU = field("/proc/cpuinfo", "model name")
	if kib, _, ok := strings.Cut(field("/proc/meminfo", "MemTotal"), " "); ok {
		n, _ := strconv.ParseInt(kib, 10, 64)
		m.Memory = n << 10
	}
	return m
}

// field returns the value behind the first line "name: value" of a file, or nothing.
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
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

// versions returns those of what takes part.
func (l *lab) versions() map[string]string {
	v := map[string]string{"go": runtime.Version(), Mailhaul: l.opts.Version}
	if l.minio != nil {
		v["minio"] = minIOVersion(l.opts.MinIO)
	}
	if path, err := exec.LookPath(Restic); err == nil {
		v[Restic] = firstLine(path, "version")
	}
	return v
}

// minIOVersion returns the release that a MinIO server tells, or, where it was built from the module and knows of none, the
// module's version.
func minIOVersion(binary string) string {
	told := firstLine(binary, "--version")
	if v := moduleVersion(binary, "github.com/minio/minio"); v != "" && !strings.Contains(told, "RELEASE.") {
		return "minio " + v
	}
	return told
}

// moduleVersion returns the version of a module that a Go program was built from, or nothing.
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
