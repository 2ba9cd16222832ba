package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// A plainMailbox reads a mailbox in the plainest way. The baseline and the stages use it, so that neither depends on what
// they are compared with.
type plainMailbox struct {
	client *http.Client
	base   string // URL of the mailbox
}

func openPlain(graphURL, mailbox string) *plainMailbox {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = inFlight
	return &plainMailbox{&http.Client{Transport: transport}, graphURL + "/admin/exchange/mailboxes/" + url.PathEscape(mailbox)}
}

func (m *plainMailbox) close() { m.client.CloseIdleConnections() }

const (
	// batchSize is how many ids exportItems takes.
	batchSize = 20

	// inFlight is how many requests Graph takes at once for a mailbox.
	inFlight = 4
)

type listPage struct {
	Value []struct{ ID string }
	Next  string `json:"@odata.nextLink"`
}

// list returns the ids of all elements of a list.
func (m *plainMailbox) list(ctx context.Context, url string) ([]string, error) {
	var ids []string
	for url != "" {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		body, err := m.do(req)
		if err != nil {
			return nil, err
		}
		var page listPage
		err = json.NewDecoder(body).Decode(&page)
		body.Close()
		if err != nil {
			return nil, fmt.Errorf("list: %w", err)
		}
		for _, e := range page.Value {
			ids = append(ids, e.ID)
		}
		url = page.Next
	}
	return ids, nil
}

// items returns the ids of all items, each once, in the order of the folders.
func (m *plainMailbox) items(ctx context.Context) ([]string, error) {
	folders, err := m.list(ctx, m.base+"/folders/delta?includeHiddenFolders=true")
	if err != nil {
		return nil, err
	}
	var all []string
	seen := map[string]bool{} // search folders show what lies elsewhere
	for _, f := range folders {
		ids, err := m.list(ctx, m.base+"/folders/"+url.PathEscape(f)+"/items?$top=1000&$select=id")
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all, nil
}

// export asks for items. The caller closes the response's body.
func (m *plainMailbox) export(ctx context.Context, ids []string) (io.ReadCloser, error) {
	body, err := json.Marshal(map[string][]string{"itemIds": ids})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.base+"/exportItems", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return m.do(req)
}

func (m *plainMailbox) do(req *http.Request) (io.ReadCloser, error) {
	resp, err := m.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", req.URL.Path, resp.Status)
	}
	return resp.Body, nil
}
