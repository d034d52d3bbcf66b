package simulator

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// The number of records that a Simulator starts with.
const (
	SeedCompanies = 40
	SeedContacts  = 120
	SeedTickets   = 150
)

// seed makes the initial tables. The generator has a fixed seed, so that tests
// and documentation can name records.
func seed() []*table {
	random := rand.New(rand.NewPCG(2026, 11))
	companies := &table{
		name: "companies", noun: "company", idFormat: "co/%04d", required: []string{"name"}, unique: "name",
		defaults: jsonx.MustParse(`{"plan":"free"}`), filters: []string{"name", "plan", "country"},
	}
	contacts := &table{
		name: "contacts", noun: "contact", idFormat: "C-%04d", required: []string{"name", "email"}, unique: "email",
		defaults: jsonx.MustParse(`{"status":"active"}`), filters: []string{"name", "email", "status", "company_id"},
	}
	tickets := &table{
		name: "tickets", noun: "ticket", idFormat: "T-%05d", required: []string{"title"},
		defaults: jsonx.MustParse(`{"status":"open","priority":"normal","tags":[]}`), filters: []string{"status", "priority", "contact_id", "company_id"},
	}
	fill(companies, SeedCompanies, func(i int) string { return company(random, i) })
	fill(contacts, SeedContacts, func(i int) string { return contact(random, i) })
	fill(tickets, SeedTickets, func(i int) string { return ticket(random, i) })
	return []*table{companies, contacts, tickets}
}

// fill inserts n records, one every hour from a fixed day on.
func fill(t *table, n int, record func(int) string) {
	began := time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)
	for i := range n {
		if _, wrong := t.insert(jsonx.MustParse(record(i)), began.Add(time.Duration(i)*time.Hour)); wrong != nil {
			panic(fmt.Sprintf("simulator: seed of %s: %s", t.name, wrong.message))
		}
	}
}

func company(random *rand.Rand, i int) string {
	first := []string{"Blue", "North", "Silver", "Quiet", "Rapid", "Green", "Old", "Bright"}
	second := []string{"Harbor", "Mill", "Forge", "Valley", "Bridge"}
	name := first[i%len(first)] + " " + second[i/len(first)%len(second)]
	return fmt.Sprintf(`{"name":%q,"domain":%q,"country":%q,"plan":%q,"employees":%d}`,
		name, strings.ToLower(strings.ReplaceAll(name, " ", "-"))+".example", one(random, "DE", "FR", "IN", "US", "BR"), one(random, "free", "team", "enterprise"), 5+random.IntN(5000))
}

func contact(random *rand.Rand, i int) string {
	given := []string{"Ada", "Boris", "Chandra", "Dolores", "Émile", "Fatima", "Goran", "Hana", "Iris", "João"}
	family := []string{"Ahlgren", "Okafor", "Petrov", "Quispe", "Rossi", "Sato", "Tanaka", "Umarov", "Vega", "Weiß", "Xu", "Yilmaz"}
	name := given[i%len(given)] + " " + family[i/len(given)%len(family)]
	return fmt.Sprintf(`{"name":%q,"email":"contact%d@example.com","phone":"+49 30 %07d","status":%q,"company_id":"co/%04d"}`,
		name, i+1, random.IntN(10000000), one(random, "active", "active", "active", "inactive"), 1+random.IntN(SeedCompanies))
}

func ticket(random *rand.Rand, i int) string {
	subject := one(random, "Cannot sign in", "Invoice is wrong", "Export stops halfway", "Please add a field", "Page is slow", "Webhook arrives twice")
	contact := 1 + random.IntN(SeedContacts)
	return fmt.Sprintf(`{"title":%q,"description":"Ticket number %d of the simulated vendor.","status":%q,"priority":%q,"contact_id":"C-%04d","company_id":"co/%04d","tags":[%q]}`,
		subject, i+1, one(random, "open", "open", "pending", "closed"), one(random, "low", "normal", "high", "urgent"), contact, 1+random.IntN(SeedCompanies), one(random, "web", "mail", "phone"))
}

func one(random *rand.Rand, values ...string) string { return values[random.IntN(len(values))] }
