package content

import (
	"fmt"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

var firstNames = []string{"Megan", "Adele", "Alex", "Diego", "Grady", "Henrietta", "Isaiah", "Johanna", "Lee", "Lidia",
	"Lynne", "Miriam", "Nestor", "Patti", "Pradeep", "Raúl", "Søren", "Jürgen", "Zoë", "Emre", "Yuki", "Wei", "Amara", "Olga"}

var lastNames = []string{"Bowen", "Vance", "Wilber", "Siciliani", "Archie", "Mueller", "Langer", "Lorenz", "Gu", "Holloway",
	"Robbins", "Graham", "Wilke", "Fernandez", "Gupta", "Ortiz", "Kierkegaard", "Weiß", "Brontë", "Yılmaz", "Tanaka", "Zhang", "Okafor", "Petrova"}

var domains = []string{"contoso.com", "contoso.com", "contoso.com", "fabrikam.com", "adatum.com", "tailspintoys.com", "northwindtraders.com"}

// LastName returns the n-th last name; they repeat.
func LastName(n int) string { return lastNames[n%len(lastNames)] }

// Employee names the n-th user of the tenant. The first is Megan Bowen. After some hundreds,
// display names repeat and addresses have a number.
func Employee(n int) (display, address string) {
	f := n % len(firstNames)
	l := (n + n/len(firstNames)) % len(lastNames)
	round := n / (len(firstNames) * len(lastNames))
	display = firstNames[f] + " " + lastNames[l]
	local := plainFirst[f] + "." + plainLast[l]
	if round > 0 {
		local += fmt.Sprint(round + 1)
	}
	return display, local + "@contoso.com"
}

// correspondent is a person that mail comes from or goes to.
type correspondent struct {
	display, address string
}

// someone chooses a correspondent, inside the organisation or not.
func someone(r *rng.Rand) correspondent {
	f, l := r.Below(int64(len(firstNames))), r.Below(int64(len(lastNames)))
	return correspondent{firstNames[f] + " " + lastNames[l], plainFirst[f] + "." + plainLast[l] + "@" + rng.Pick(r, domains)}
}

// The names as addresses spell them.
var plainFirst, plainLast = allPlain(firstNames), allPlain(lastNames)

func allPlain(names []string) []string {
	toPlain := strings.NewReplacer("ú", "u", "ø", "o", "ü", "u", "ë", "e", "ß", "ss", "ı", "i")
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = toPlain.Replace(strings.ToLower(name))
	}
	return all
}
