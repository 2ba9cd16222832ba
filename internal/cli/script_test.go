package cli_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mailhaul/mailhaul/internal/cli"
	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/simulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mailhaul": func() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the commands as a user does. Each script has its own simulated Graph at $GRAPH,
// with the mailbox $MAILBOX of $USER.
func TestScripts(t *testing.T) {
	runScripts(t, "testdata/script", nil)
}

// TestS3Scripts runs scripts with an S3 server: $S3 is a prefix in a bucket.
func TestS3Scripts(t *testing.T) {
	server := servers.MinIO(t)
	bucket := server.Bucket(t)
	runScripts(t, "testdata/s3", map[string]string{
		"AWS_ACCESS_KEY_ID": server.AccessKey, "AWS_SECRET_ACCESS_KEY": server.Secret, "SECRET": server.Secret,
		"S3": server.URL(bucket, "mail"), "S3NONE": server.URL("not-there", "mail"),
	})
}

func runScripts(t *testing.T, dir string, env map[string]string) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			for name, value := range env {
				e.Setenv(name, value)
			}
			return setUp(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "flip": flip, "setfile": setFile, "change": change, "fail": fail,
			"refuse": refuse, "omit": omit, "repair": repair, "bysum": bySum,
		},
	})
}

// setUp starts a script's simulated Graph.
func setUp(env *testscript.Env) error {
	sim, err := simulator.New(simulator.Options{Seed: 11, Mailboxes: 2, Items: 150, MaxItemSize: 200 << 10})
	if err != nil {
		return err
	}
	server := httptest.NewServer(sim)
	env.Defer(server.Close)
	env.Values["simulator"] = sim
	env.Values["faults"] = &[]*simulator.Injection{}
	m := sim.Mailboxes()
	env.Setenv("GRAPH", server.URL+"/v1.0")
	env.Setenv("MAILBOX", m[0].ID)
	env.Setenv("USER", m[0].User)
	env.Setenv("USER2", m[1].User)
	return nil
}

// exits CODE COMMAND... runs a command and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code is %d, expected %d", got, want)
	}
}

// flip GLOB flips the lowest bit in the middle of the first file that matches, and sets $FLIPPED to
// its name.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip glob")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	data, err := os.ReadFile(files[0])
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(files[0], data, 0o666))
	ts.Setenv("FLIPPED", filepath.Base(files[0]))
}

// setFile NAME LINE writes a file of one line.
func setFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setfile name line")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o666))
}

// change KIND deletes, touches or adds an item of the first mailbox's inbox.
func change(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: change delete|touch|add")
	}
	sim := ts.Value("simulator").(*simulator.Server)
	mailbox := sim.Mailboxes()[0].ID
	if args[0] == "add" {
		_, err := sim.Add(mailbox, "inbox")
		ts.Check(err)
		return
	}
	do := map[string]func(mailbox, item string) error{"delete": sim.Delete, "touch": sim.Touch}[args[0]]
	if do == nil {
		ts.Fatalf("usage: change delete|touch|add")
	}
	for item := range sim.Items(mailbox) {
		ts.Check(do(mailbox, item.ID))
		return
	}
}

// fail makes the export of one item of the second mailbox fail permanently.
func fail(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: fail")
	}
	sim := ts.Value("simulator").(*simulator.Server)
	mailbox := sim.Mailboxes()[1].ID
	for item := range sim.Items(mailbox) {
		sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: item.ID, Times: -1, ItemCode: "ErrorCorruptData"})
		return
	}
}

// listFaults injects a fault into all listings of a folder of the first mailbox, until repair.
func listFaults(ts *testscript.TestScript, folder string, fault simulator.Fault) {
	sim := ts.Value("simulator").(*simulator.Server)
	faults := ts.Value("faults").(*[]*simulator.Injection)
	mailbox := sim.Mailboxes()[0].ID
	for _, f := range sim.Folders(mailbox) {
		if f.WellKnownName == folder {
			fault.Mailbox, fault.Folder, fault.Times = mailbox, f.ID, -1
		}
	}
	if fault.Folder == "" {
		ts.Fatalf("there is no folder %s", folder)
	}
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		fault.Operation = op
		*faults = append(*faults, sim.Inject(fault))
	}
}

// refuse FOLDER CODE makes Graph refuse to list a folder of the first mailbox.
func refuse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: refuse folder code")
	}
	listFaults(ts, args[0], simulator.Fault{Status: http.StatusForbidden, Code: args[1]})
}

// omit FOLDER N makes Graph omit N items from the listings of a folder.
func omit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: omit folder n")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	listFaults(ts, args[0], simulator.Fault{Omit: n})
}

// repair ends refuse and omit.
func repair(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: repair")
	}
	faults := ts.Value("faults").(*[]*simulator.Injection)
	for _, f := range *faults {
		f.Remove()
	}
	*faults = nil
}

// bysum FILE GLOB stores a file, with $MAILBOX in it replaced, in the first directory
// that matches, under the SHA-256 of its bytes.
func bySum(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: bysum file glob")
	}
	dirs, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(dirs) == 0 {
		ts.Fatalf("no directory matches %s", args[1])
	}
	data := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	name := fmt.Sprintf("%x.json", sha256.Sum256([]byte(data)))
	ts.Check(os.WriteFile(filepath.Join(dirs[0], name), []byte(data), 0o666))
	ts.Setenv("STORED", name)
}
