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
	local := plain(firstNames[f]) + "." + plain(lastNames[l])
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
	f, l := pick(r, firstNames), pick(r, lastNames)
	return correspondent{f + " " + l, plain(f) + "." + plain(l) + "@" + pick(r, domains)}
}

var toPlain = strings.NewReplacer("ú", "u", "ø", "o", "ü", "u", "ë", "e", "ß", "ss", "ı", "i")

// plain makes a name fit for an address.
func plain(name string) string {
	return toPlain.Replace(strings.ToLower(name))
}
