package graph_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// A tree has each folder's parent. Folders of parent "root" are at the top.
type tree map[string]string

func (tr tree) server(more func(id string) object) *listServer {
	s := &listServer{lists: map[string][]any{"folders": {}}}
	ids := []string{}
	for id := range tr {
		ids = append(ids, id)
		s.lists["folders/"+id+"/childFolders"] = []any{}
	}
	slices.Sort(ids)
	for _, id := range ids {
		f := object{"id": id, "displayName": "n" + id, "parentFolderId": tr[id]}
		if more != nil {
			for k, v := range more(id) {
				f[k] = v
			}
		}
		path := "folders"
		if tr[id] != "root" {
			path = "folders/" + tr[id] + "/childFolders"
		}
		s.lists[path] = append(s.lists[path], f)
	}
	return s
}

// paths returns the paths of folders, joined with "|".
func paths(folders []graph.Folder) []string {
	all := []string{}
	for _, f := range folders {
		all = append(all, strings.Join(f.Path, "|"))
	}
	return all
}

func TestFolderTrees(t *testing.T) {
	tests := []struct {
		name   string
		tree   tree
		extra  map[string][]string // what lists hold besides, by path
		more   func(id string) object
		folded []string
	}{
		{"none", tree{}, nil, nil, []string{}},
		{"deep", tree{"a": "root", "b": "a", "c": "b", "d": "c"}, nil, nil, []string{"na", "na|nb", "na|nb|nc", "na|nb|nc|nd"}},
		{"descendants listed twice", tree{"a": "root", "b": "a", "c": "b"}, map[string][]string{"folders": {"a", "b", "c"}, "folders/a/childFolders": {"b", "c"}},
			nil, []string{"na", "na|nb", "na|nb|nc"}},
		{"no parent", tree{"a": "root", "b": "root"}, nil, func(id string) object { return object{"parentFolderId": "gone" + id} }, []string{"na", "nb"}},
		{"own parent", tree{"a": "root"}, nil, func(string) object { return object{"parentFolderId": "a"} }, []string{"na"}},
		{"circle", tree{"a": "root", "b": "a", "c": "b"}, map[string][]string{"folders/c/childFolders": {"a"}},
			func(id string) object {
				return object{"parentFolderId": map[string]string{"a": "c", "b": "a", "c": "b"}[id]}
			}, []string{"na", "na|nb", "na|nb|nc"}},
		{"hostile names", tree{"a": "root", "b": "a", "c": "a", "d": "a", "e": "root"}, nil,
			func(id string) object {
				return object{"displayName": map[string]string{"a": "", "b": "../..", "c": "x/y\\z", "d": "x", "e": "\x00\ufffd"}[id]}
			}, []string{"", "|../..", "|x", "|x/y\\z", "\x00\ufffd"}},
		{"equal names", tree{"a": "root", "b": "root", "c": "b"}, nil, func(string) object { return object{"displayName": "n"} }, []string{"n", "n", "n|n"}},
		{"search folder by type", tree{"a": "root", "b": "root"}, nil,
			func(id string) object {
				return object{"singleValueExtendedProperties": []object{{"id": "Integer 0x3601", "value": map[string]string{"a": "2", "b": "1"}[id]}}}
			}, []string{"nb"}},
		{"search folders and all below", tree{"a": "root", "b": "a", "c": "b", "d": "root"}, map[string][]string{"folders": {"b", "c"}},
			func(id string) object {
				return object{"wellKnownName": map[string]any{"a": "SearchFolders", "d": nil}[id]}
			}, []string{"nd"}},
		{"search folder by kind", tree{"a": "root"}, nil, func(string) object { return object{"@odata.type": "#microsoft.graph.mailSearchFolder"} }, []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.tree.server(tt.more)
			for path, ids := range tt.extra {
				for _, id := range ids {
					f := object{"id": id, "displayName": "n" + id, "parentFolderId": tt.tree[id]}
					if tt.more != nil {
						for k, v := range tt.more(id) {
							f[k] = v
						}
					}
					s.lists[path] = append(s.lists[path], f)
				}
			}
			got, err := open(t, s.ServeHTTP).Folders(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.folded, paths(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestFolderProperties reads the properties of a folder in all spellings.
func TestFolderProperties(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders": {
		object{"id": "a", "displayName": "A", "type": "IPF.Note", "wellKnownName": "inbox", "childFolderCount": 3, "totalItemCount": 7, "parentFolderId": "root"},
		object{"id": "b", "displayName": "B", "singleValueExtendedProperties": []object{{"id": " boolean 0x010f4", "value": "True"}}},
		object{"id": "c", "displayName": "C", "singleValueExtendedProperties": []object{{"id": "Boolean 0x10f4", "value": true}}},
		object{"id": "d", "displayName": "D", "isHidden": true},
		object{"id": "e", "displayName": "E", "singleValueExtendedProperties": []object{{"id": "Boolean 0x10F5", "value": "true"}, {"id": "Boolean 0x10F4", "value": "false"}}},
	}}}
	for _, f := range []string{"a", "b", "c", "d", "e"} {
		s.lists["folders/"+f+"/childFolders"] = nil
	}
	got, err := open(t, s.ServeHTTP).Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []graph.Folder{
		{ID: "a", ParentFolderID: "root", DisplayName: "A", Path: []string{"A"}, Type: "IPF.Note", WellKnownName: "inbox", ChildFolderCount: 3, TotalItemCount: 7},
		{ID: "b", DisplayName: "B", Path: []string{"B"}, Hidden: true},
		{ID: "c", DisplayName: "C", Path: []string{"C"}, Hidden: true},
		{ID: "d", DisplayName: "D", Path: []string{"D"}, Hidden: true},
		{ID: "e", DisplayName: "E", Path: []string{"E"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFolderVanishes checks that a folder which is deleted while the tree is listed is no error,
// and that refused children affect only their own part of the tree.
func TestFolderVanishes(t *testing.T) {
	s := tree{"a": "root", "b": "root", "c": "b"}.server(nil)
	delete(s.lists, "folders/a/childFolders")
	got, err := open(t, s.ServeHTTP).Folders(t.Context())
	if diff := cmp.Diff([]string{"na", "nb", "nb|nc"}, paths(got)); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/c/") {
			refuse(w, 403, "ErrorAccessDenied", "why")
			return true
		}
		return false
	}
	got, err = open(t, s.ServeHTTP).Folders(t.Context())
	if diff := cmp.Diff([]string{"na", "nb", "nb|nc"}, paths(got)); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, f := range got {
		if f.ID == "c" {
			graphError(t, f.ChildrenErr, 403, "ErrorAccessDenied")
		} else if f.ChildrenErr != nil {
			t.Errorf("folder %s: %v", f.ID, f.ChildrenErr)
		}
	}
	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, 403, "ErrorAccessDenied", "why")
		return true
	}
	_, err = open(t, s.ServeHTTP).Folders(t.Context())
	graphError(t, err, 403, "ErrorAccessDenied")
}

// TestFoldersWithoutEnd checks that a tree without an end is refused.
func TestFoldersWithoutEnd(t *testing.T) {
	n := 0
	m := newClient(t, func(w http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprintf(w, `{"value":[{"id":"%d"}]}`, n)
	}, graph.Options{Budget: -1}).Open(mailboxID)
	_, err := m.Folders(t.Context())
	graphError(t, err, 0, "")
	if n > 1100 {
		t.Errorf("%d lists were requested", n)
	}
}

func TestFolder(t *testing.T) {
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		switch id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; id {
		case "there":
			if r.URL.Query().Has("$expand") {
				refuse(w, 400, "BadRequest", "no")
				return
			}
			fmt.Fprint(w, `{"id":"there","displayName":"T","totalItemCount":5,"wellKnownName":"searchfolders"}`)
		case "empty":
			fmt.Fprint(w, `{}`)
		case "denied":
			refuse(w, 403, "ErrorAccessDenied", "why")
		case "mailbox":
			refuse(w, 404, "MailboxNotEnabledForRESTAPI", "why")
		default:
			refuse(w, 404, "ErrorItemNotFound", "why")
		}
	})
	got, err := m.Folder(t.Context(), "there")
	want := graph.Folder{ID: "there", DisplayName: "T", TotalItemCount: 5, WellKnownName: "searchfolders", Search: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for id, gone := range map[string]bool{"gone": true, "mailbox": false, "denied": false, "empty": false} {
		if _, err := m.Folder(t.Context(), id); err == nil || errors.Is(err, graph.ErrFolderGone) != gone {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestTreeKeepsFields checks that Tree sets the paths of folders from elsewhere, and keeps
// their other fields.
func TestTreeKeepsFields(t *testing.T) {
	got := graph.Tree(map[string]graph.Folder{
		"a": {ID: "a", DisplayName: "new", Path: []string{"old"}, TotalItemCount: 4, Mailbox: "MBX:x"},
		"b": {ID: "b", ParentFolderID: "a", DisplayName: "b", Path: []string{"old", "b"}},
		"s": {ID: "s", DisplayName: "s", Search: true},
		"t": {ID: "t", DisplayName: "t", ParentFolderID: "s"},
	})
	want := []graph.Folder{
		{ID: "a", DisplayName: "new", Path: []string{"new"}, TotalItemCount: 4, Mailbox: "MBX:x"},
		{ID: "b", ParentFolderID: "a", DisplayName: "b", Path: []string{"new", "b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAuxiliaryFolders checks that each folder names the mailbox that answers for it.
func TestAuxiliaryFolders(t *testing.T) {
	s := tree{"a": "root", "b": "a", "c": "b", "d": "root"}.server(nil)
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		own := strings.Contains(r.URL.Path, mailboxID)
		if own && (strings.Contains(r.URL.Path, "/b/") || strings.Contains(r.URL.Path, "/c/")) {
			w.Header().Set("Location", strings.Replace(r.URL.RequestURI(), mailboxID, auxiliary, 1))
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		r.URL.Path = strings.Replace(r.URL.Path, auxiliary, mailboxID, 1)
		s.ServeHTTP(w, r)
	})
	folders, err := m.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{}
	for _, f := range folders {
		of[f.ID] = f.Mailbox
	}
	if diff := cmp.Diff(map[string]string{"a": "", "b": auxiliary, "c": auxiliary, "d": ""}, of); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestImplausibleCounts checks that an impossible count is replaced by the nearest possible one.
func TestImplausibleCounts(t *testing.T) {
	for count, want := range map[int]int{-5: 0, 1 << 40: 1<<31 - 1, 7: 7} {
		m := open(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"value":[{"id":"a","totalItemCount":%d}],"id":"a","totalItemCount":%[1]d,"@odata.deltaLink":"?$deltatoken=x"}`, count)
		})
		one, err := m.Folder(t.Context(), "a")
		if err != nil || one.TotalItemCount != want {
			t.Errorf("%d: folder counts %d, %v", count, one.TotalItemCount, err)
		}
		all, err := m.FolderDelta(t.Context())
		if err != nil || len(all) != 1 || all[0].TotalItemCount != want {
			t.Errorf("%d: delta has %+v, %v", count, all, err)
		}
	}
}
