package graph_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/simulator"
)

// A client of a simulated Graph lists the folders of a mailbox. With the zero Options and a
// credential of NewCredential, it would be Microsoft's Graph.
func Example() {
	sim, err := simulator.New(simulator.Options{Items: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(sim)
	defer server.Close()

	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	ctx := context.Background()
	mailboxes, err := client.Mailboxes(ctx, sim.Mailboxes()[0].User, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	folders, err := client.Open(mailboxes[0].ID).Folders(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range folders {
		if f.TotalItemCount > 10 {
			fmt.Printf("%s: %d items\n", strings.Join(f.Path, "/"), f.TotalItemCount)
		}
	}
	// Output:
	// Inbox: 37 items
	// Sent Items: 17 items
}
