package bench

import (
	"context"
	"slices"
)

// suiteCores is how many processors the table is about.
const suiteCores = 2

// Suite measures all scenarios on two cores, and makes the table of what is to be reached. Those that need a store are left
// out where there is none. Like [Measure], it may return a report beside an error, of a suite that was ended early too.
func Suite(ctx context.Context, opts Options) (*Report, error) {
	opts = opts.withDefaults()
	if opts.Cores == 0 {
		opts.Cores = suiteCores
	}
	scenarios := slices.DeleteFunc(Scenarios(), func(s Scenario) bool { return !opts.canStore(s.Store) })
	if !opts.canStore(StoreS3) {
		opts.Logger.Warn("scenarios that store in S3 are left out", "error", errNoMinIO)
	}
	report, err := Measure(ctx, opts, scenarios...)
	if report != nil {
		report.Table = table(report.Scenarios, report.Failed)
	}
	return report, err
}
