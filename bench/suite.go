package bench

import "context"

// suiteCores is how many processors the table is about.
const suiteCores = 2

// Suite measures all scenarios on two cores, and makes the table of what is to be reached. Like
// [Measure], it may return a report beside an error, of a suite that was ended early too.
func Suite(ctx context.Context, opts Options) (*Report, error) {
	if opts.Cores == 0 {
		opts.Cores = suiteCores
	}
	report, err := Measure(ctx, opts, Scenarios()...)
	if report != nil {
		report.Table = table(report.Scenarios, report.Failed)
	}
	return report, err
}
