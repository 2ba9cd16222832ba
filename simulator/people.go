package simulator

import (
	"fmt"
	"strings"
)

var firstNames = []string{"Megan", "Adele", "Alex", "Diego", "Grady", "Henrietta", "Isaiah", "Johanna", "Lee", "Lidia",
	"Lynne", "Miriam", "Nestor", "Patti", "Pradeep", "Raúl", "Søren", "Jürgen", "Zoë", "Emre", "Yuki", "Wei", "Amara", "Olga"}

var lastNames = []string{"Bowen", "Vance", "Wilber", "Siciliani", "Archie", "Mueller", "Langer", "Lorenz", "Gu", "Holloway",
	"Robbins", "Graham", "Wilke", "Fernandez", "Gupta", "Ortiz", "Kierkegaard", "Weiß", "Brontë", "Yılmaz", "Tanaka", "Zhang", "Okafor", "Petrova"}

var domains = []string{"contoso.com", "contoso.com", "contoso.com", "fabrikam.com", "adatum.com", "tailspintoys.com", "northwindtraders.com"}

// person names the n-th employee. The first is Megan Bowen; names repeat with a number after some hundreds.
func person(n int) (display, address string) {
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
func someone(r *rng) correspondent {
	f, l := r.below(int64(len(firstNames))), r.below(int64(len(lastNames)))
	return correspondent{firstNames[f] + " " + lastNames[l], plainFirst[f] + "." + plainLast[l] + "@" + pick(r, domains)}
}

// The names as they stand in addresses.
var plainFirst, plainLast = allPlain(firstNames), allPlain(lastNames)

func allPlain(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = plain(name)
	}
	return all
}

var toPlain = strings.NewReplacer("ú", "u", "ø", "o", "ü", "u", "ë", "e", "ß", "ss", "ı", "i")

// plain makes a name fit for an address.
func plain(name string) string {
	return toPlain.Replace(strings.ToLower(name))
}
