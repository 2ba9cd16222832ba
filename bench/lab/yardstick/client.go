package yardstick

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const (
	// BatchSize is how many ids exportItems takes.
	BatchSize = 20

	// InFlight is how many requests for a mailbox Graph accepts at a time.
	InFlight = 4
)

// A client reads a mailbox in the simplest way. It shares no code with package graph, which it
// is compared with.
type client struct {
	http *http.Client
	base string // URL of the mailbox
}

func newClient(graphURL, mailbox string) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = InFlight
	return &client{&http.Client{Transport: transport}, graphURL + "/admin/exchange/mailboxes/" + url.PathEscape(mailbox)}
}

func (c *client) close() { c.http.CloseIdleConnections() }

type listPage struct {
	Value []struct{ ID string }
	Next  string `json:"@odata.nextLink"`
}

// list returns the ids of all elements of a list.
func (c *client) list(ctx context.Context, url string) ([]string, error) {
	var ids []string
	for url != "" {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		body, err := c.do(req)
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

// itemIDs returns the ids of all items, each once, in the order of the folders.
func (c *client) itemIDs(ctx context.Context) ([]string, error) {
	folders, err := c.list(ctx, c.base+"/folders/delta?includeHiddenFolders=true")
	if err != nil {
		return nil, err
	}
	var all []string
	seen := map[string]bool{} // search folders show items of other folders
	for _, f := range folders {
		ids, err := c.list(ctx, c.base+"/folders/"+url.PathEscape(f)+"/items?$top=1000&$select=id")
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

// ItemIDs returns the ids of all items of a simulated mailbox.
func ItemIDs(ctx context.Context, graphURL, mailbox string) ([]string, error) {
	c := newClient(graphURL, mailbox)
	defer c.close()
	return c.itemIDs(ctx)
}

// export requests items. The caller closes the response's body.
func (c *client) export(ctx context.Context, ids []string) (io.ReadCloser, error) {
	body, err := json.Marshal(map[string][]string{"itemIds": ids})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/exportItems", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(req)
}

func (c *client) do(req *http.Request) (io.ReadCloser, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", req.URL.Path, resp.Status)
	}
	return resp.Body, nil
}
