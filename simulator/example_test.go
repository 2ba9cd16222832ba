package simulator_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/mailhaul/mailhaul/simulator"
)

// A server answers Graph's requests over HTTP, such as one for the folders of a mailbox.
func Example() {
	sim, err := simulator.New(simulator.Options{Seed: 1, Items: 500})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(sim)
	defer server.Close()

	box := sim.Mailboxes()[0]
	url := server.URL + "/v1.0/admin/exchange/mailboxes/" + box.ID + "/folders/msgfolderroot/childFolders?$top=4"
	resp, err := server.Client().Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var page struct {
		Value []struct {
			DisplayName    string
			TotalItemCount int
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		log.Fatal(err)
	}
	fmt.Println(box.User)
	for _, f := range page.Value {
		fmt.Printf("%s: %d items\n", f.DisplayName, f.TotalItemCount)
	}
	// Output:
	// megan.bowen@contoso.com
	// Inbox: 185 items
	// Drafts: 4 items
	// Sent Items: 83 items
	// Deleted Items: 25 items
}

// A fault makes the next request go wrong.
func ExampleServer_Inject() {
	sim, err := simulator.New(simulator.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fault := sim.Inject(simulator.Fault{Operation: simulator.OpUsers, Status: 503, RetryAfter: "2"})
	for range 2 {
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, httptest.NewRequest("GET", "/v1.0/users", nil))
		fmt.Printf("status %d, Retry-After %q\n", w.Code, w.Header().Get("Retry-After"))
	}
	fmt.Println("hits:", fault.Hits())
	// Output:
	// status 503, Retry-After "2"
	// status 200, Retry-After ""
	// hits: 1
}
