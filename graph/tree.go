package graph

import (
	"cmp"
	"slices"
)

// folderTree puts listed folders in order, with their paths, and leaves out search
// folders and all below them.
func folderTree(byID map[string]*listedFolder) []Folder {
	t := &tree{byID: byID, paths: map[string][]string{}, searches: map[string]bool{}}
	var folders []Folder
	for id, f := range byID {
		path, search := t.resolve(id)
		if search {
			continue
		}
		folders = append(folders, Folder{
			ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName, Path: path,
			Type: f.Type, WellKnownName: f.WellKnownName, Hidden: f.hidden(),
			ChildFolderCount: f.ChildFolderCount, TotalItemCount: f.TotalItemCount,
		})
	}
	slices.SortFunc(folders, func(a, b Folder) int {
		return cmp.Or(slices.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	return folders
}

type tree struct {
	byID     map[string]*listedFolder
	paths    map[string][]string
	searches map[string]bool
}

// resolve returns a folder's path, and whether it is a search folder or below one.
// Parents that lead in a circle are cut: the circle's folder with the least id is
// at the top, whichever folder is asked for first.
func (t *tree) resolve(id string) (path []string, search bool) {
	var chain []*listedFolder // from the folder up to the first that is known
	seen := map[string]int{}
	for {
		f := t.byID[id]
		if f == nil || t.paths[id] != nil {
			break
		}
		if at, circle := seen[id]; circle {
			chain = cut(chain, at)
			id = ""
			break
		}
		seen[id] = len(chain)
		chain = append(chain, f)
		id = f.ParentFolderID
	}
	path, search = t.paths[id], t.searches[id]
	for _, f := range slices.Backward(chain) {
		path = append(slices.Clip(path), f.DisplayName)
		search = search || f.search()
		t.paths[f.ID], t.searches[f.ID] = path, search
	}
	return path, search
}

// cut ends a chain, whose folders from at on lead in a circle, at that with the
// least id. The folders beyond it, which are above none but below it, are left for
// later.
func cut(chain []*listedFolder, at int) []*listedFolder {
	top := at
	for i := at; i < len(chain); i++ {
		if chain[i].ID < chain[top].ID {
			top = i
		}
	}
	return chain[:top+1]
}
