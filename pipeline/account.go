package pipeline

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// keepUnlisted leaves the rows alone that a listing did not show which is short of Graph's count.
func (r *run) keepUnlisted() {
	for _, f := range r.folders {
		if through, _ := f.isThrough(); through && r.inTree(f.ID) && f.missing() > 0 {
			f.unbury()
		}
	}
}

// account notes which of the rows that are held stand in for items that a listing did not show.
func (r *run) account() {
	failed := map[string][]manifest.Failure{}
	for _, f := range r.manifestFailures(true) {
		failed[f.Folder] = append(failed[f.Folder], f)
	}
	for _, f := range r.folders {
		if through, _ := f.isThrough(); through && r.inTree(f.ID) {
			f.setUnconfirmed(max(0, f.missing()-r.lacking(f, failed[f.ID])))
		}
	}
}

// lacking returns how many items Graph counts that are neither held, nor failed, nor left out.
func (r *run) lacking(f *folder, failed []manifest.Failure) int64 {
	m := f.manifest(r.index.count(f.ID), false)
	return snapshots.CountsOf(&m, failed).Missing
}

// anyRefused reports whether there is a selected folder that could not be listed.
func (r *run) anyRefused() bool {
	for _, f := range r.folders {
		if f.leftOut == "" && f.refusal() != nil {
			return true
		}
	}
	return false
}

// errorCode returns what kind of error kept a folder from being listed, such as
// "403 ErrorAccessDenied": the same in each run that fails alike.
func errorCode(err error) string {
	var e *graph.Error
	switch {
	case errors.Is(err, graph.ErrEndless):
		return "endless list"
	case !errors.As(err, &e):
		return "other"
	case e.Err != nil && e.StatusCode == 0:
		return "no answer"
	case e.Err != nil:
		return "unreadable answer"
	case e.Code != "":
		return clip(fmt.Sprintf("%d %s", e.StatusCode, e.Code), 100)
	}
	return fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
}
