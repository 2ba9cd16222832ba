package graph

import (
	"cmp"
	"slices"
)

// Tree sets the paths of a mailbox's folders and returns the folders in the order of their paths,
// without search folders and the folders below them. A folder whose parent is missing is at the
// top.
func Tree(byID map[string]Folder) []Folder {
	t := &tree{byID: byID, paths: map[string][]string{}, searches: map[string]bool{}}
	var folders []Folder
	for id, f := range byID {
		var search bool
		if f.Path, search = t.resolve(id); !search {
			folders = append(folders, f)
		}
	}
	slices.SortFunc(folders, func(a, b Folder) int {
		return cmp.Or(slices.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	return folders
}

type tree struct {
	byID     map[string]Folder
	paths    map[string][]string
	searches map[string]bool
}

// resolve returns a folder's path, and whether it is a search folder or below one. If parents form
// a circle, its folder with the least id is at the top, whichever folder is resolved first.
func (t *tree) resolve(id string) (path []string, search bool) {
	var chain []string // from the folder up to the first folder that is resolved
	seen := map[string]int{}
	for {
		f, ok := t.byID[id]
		if !ok || t.paths[id] != nil {
			break
		}
		if at, circle := seen[id]; circle {
			chain = cut(chain, at)
			id = ""
			break
		}
		seen[id] = len(chain)
		chain = append(chain, id)
		id = f.ParentFolderID
	}
	path, search = t.paths[id], t.searches[id]
	for _, id := range slices.Backward(chain) {
		path = append(slices.Clip(path), t.byID[id].DisplayName)
		search = search || t.byID[id].Search
		t.paths[id], t.searches[id] = path, search
	}
	return path, search
}

// cut ends a chain, whose folders from index at on form a circle, at the folder with the least id.
// The folders behind it are below it, and are resolved later.
func cut(chain []string, at int) []string {
	top := at
	for i := at; i < len(chain); i++ {
		if chain[i] < chain[top] {
			top = i
		}
	}
	return chain[:top+1]
}
