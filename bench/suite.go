package bench

import "context"

// suiteCores is how many processors the table is about.
const suiteCores = 2

// Suite measures all scenarios on two cores, and makes the table of what is to be reached.
func Suite(ctx context.Context, opts Options) (*Report, error) {
	if opts.Cores == 0 {
		opts.Cores = suiteCores
	}
	report, err := Measure(ctx, opts, Scenarios()...)
	if err != nil {
		return nil, err
	}
	report.Table = table(report.Scenarios)
	return report, nil
}
