package params_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/sinks/internal/params"
)

func of(t *testing.T, query string) *params.Params {
	t.Helper()
	u, err := url.Parse("s3://bucket/prefix?" + query)
	if err != nil {
		t.Fatal(err)
	}
	return params.Of(u)
}

func TestParams(t *testing.T) {
	p := of(t, "a=x&b=true&mode=ONE&r=20MiB/s&tags=team=mail,env=a=b,none=&lock_mode=Compliance&lock_days=30&legal_hold=1&old=y")
	type all struct {
		A, Alias, Mode, None string
		B, C                 bool
		Rate                 int64
		Tags                 map[string]string
		Lock                 params.Lock
	}
	got := all{p.String("a"), p.String("new", "old"), p.OneOf("mode", "one", "two"), p.String("none"), p.Bool("b"), p.Bool("c"), p.Rate("r"), p.Tags("tags"), p.Lock()}
	want := all{"x", "y", "one", "", true, false, 20 << 20, map[string]string{"team": "mail", "env": "a=b", "none": ""},
		params.Lock{Compliance: true, For: 30 * 24 * time.Hour, Hold: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
}

func TestMistakes(t *testing.T) {
	for query, want := range map[string]string{
		"other=1":                                `unknown parameter "other"`,
		"a=1&a=2":                                "given 2 times",
		"a=1&alias=2":                            "given 2 times",
		"a=":                                     "empty",
		"flag=perhaps":                           "neither true nor false",
		"r=fast":                                 "no number of bytes",
		"r=-1MiB":                                "no number of bytes",
		"r=NaN":                                  "no number of bytes",
		"r=1":                                    "no number of bytes",
		"tags=x":                                 "no list",
		"tags=x=1,x=2":                           "no list",
		"lock_mode=governance":                   "go together",
		"lock_days=3":                            "go together",
		"lock_mode=forever&lock_days=3":          "none of governance, compliance",
		"lock_mode=governance&lock_days=0":       "no number from 1",
		"lock_mode=governance&lock_days=1e9":     "no number from 1",
		"lock_mode=governance&lock_days=9999999": "no number from 1",
		"class=x":                                "it has none",
		"a=%zz":                                  "no list of parameters",
	} {
		p := of(t, query)
		p.String("a", "alias")
		p.Bool("flag")
		p.Rate("r")
		p.Tags("tags")
		p.Lock()
		p.Refuse("it has none", "class")
		if err := p.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, expected %q", query, err, want)
		}
	}
}

func TestRates(t *testing.T) {
	for text, want := range map[string]int64{
		"20MiB/s": 20 << 20, "20 MiB": 20 << 20, "1.5m": 3 << 19, "500kB/s": 500_000, "4096": 4096, "4096b": 4096, "2GB": 2e9, "1G/S": 1 << 30,
	} {
		if got, err := params.ParseRate(text); got != want || err != nil {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	f.Add("20MiB/s")
	f.Add("1e300GB")
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := params.ParseRate(text); err == nil && n < 1<<10 {
			t.Errorf("%q is %d", text, n)
		}
	})
}
