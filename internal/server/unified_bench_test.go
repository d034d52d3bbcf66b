package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
	"github.com/sinewhq/sinew/internal/store/storetest"
	"github.com/sinewhq/sinew/internal/testkit"
	"github.com/sinewhq/sinew/jsonata"
	"github.com/sinewhq/sinew/jsonata/extensions"
)

// BenchmarkUnified prints what it costs to map a contact of 1 KB by the catalogue's
// mapping of HubSpot, beside the reference engine on Node, and what a unified list of
// a hundred of them takes beside the same list through the proxy. It runs once
// whatever b.N is.
func BenchmarkUnified(b *testing.B) {
	if b.N > 1 {
		return
	}
	b.Run("mapping", benchMapping)
	b.Run("list", benchUnifiedLists)
}

// mappingRounds is how often ours and the reference are measured in turn.
const mappingRounds = 3

// benchMapping maps one record. What both engines make of it has to be alike.
func benchMapping(b *testing.B) {
	if b.N > 1 {
		return
	}
	text, _ := catalog.Mapping("crm", "hubspot")
	file, err := definition.Read(text)
	if err != nil {
		b.Fatal(err)
	}
	source := mapping.Source(file.At("resources", "contacts", "get", mapping.FieldResponseMapping))
	input := append(append([]byte(`{"response":`), hubspotContact(b)...), '}')
	// Bounded, and with the extension functions, as the platform evaluates.
	x, err := jsonata.Compile(source, extensions.With(), jsonata.WithLimits(jsonata.Limits{Steps: 5_000_000, Depth: 2_000, Time: time.Second, Memory: 64 << 20, Output: 64 << 20}))
	if err != nil {
		b.Fatal(err)
	}
	doc, err := jsonata.Decode(input)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	mapped, err := x.EvalBytes(ctx, input)
	if err != nil {
		b.Fatal(err)
	}
	var tree, whole, theirTree, theirWhole []float64
	var reference mappingTimes
	var without error
	for range mappingRounds {
		tree = append(tree, nanoseconds(func() { _, _ = x.Eval(ctx, doc) }))
		whole = append(whole, nanoseconds(func() { _, _ = x.EvalBytes(ctx, input) }))
		if without != nil {
			continue
		}
		if reference, without = timeReference(source, input); without != nil {
			continue
		}
		theirTree, theirWhole = append(theirTree, reference.Eval), append(theirWhole, reference.Bytes)
		if !jsonx.Equal(jsonx.MustParse(string(reference.Result)), jsonx.MustParse(string(mapped))) {
			b.Fatalf("the reference maps to\n%s\nwe to\n%s", reference.Result, mapped)
		}
	}
	fmt.Printf("\ncontacts.get of hubspot, %d bytes to %d\n", len(input), len(mapped))
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\tsinew\treference\tratio\t\n")
	for _, row := range []struct {
		name         string
		ours, theirs []float64
	}{{"on a parsed record", tree, theirTree}, {"bytes to bytes", whole, theirWhole}} {
		theirs, ratio := "-", "-"
		if len(row.theirs) > 0 {
			theirs, ratio = inMicroseconds(median(row.theirs)), fmt.Sprintf("%.1f x", median(row.theirs)/median(row.ours))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t\n", row.name, inMicroseconds(median(row.ours)), theirs, ratio)
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
	if without != nil {
		fmt.Printf("without the reference: %v\n", without)
	} else {
		fmt.Printf("the reference is jsonata %s on node %s\n", reference.Version, reference.Node)
	}
}

func inMicroseconds(nanoseconds float64) string { return fmt.Sprintf("%.1f µs", nanoseconds/1e3) }

// hubspotContact is a contact as HubSpot gives it, 1 KB of it.
func hubspotContact(b *testing.B) []byte {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "hubspot-contact.json"))
	if err != nil {
		b.Fatal(err)
	}
	return bytes.TrimSpace(text)
}

// nanoseconds is what a call takes on average, for half a second of them.
func nanoseconds(f func()) float64 {
	const length, block = 500 * time.Millisecond, 64
	for range block {
		f()
	}
	began, calls := time.Now(), 0
	for time.Since(began) < length {
		for range block {
			f()
		}
		calls += block
	}
	return float64(time.Since(began)) / float64(calls)
}

// mappingTimes is what test/npm/time-mapping.mjs prints.
type mappingTimes struct {
	Node    string          `json:"node"`
	Version string          `json:"version"`
	Result  json.RawMessage `json:"result"`
	Eval    float64         `json:"eval_ns"`
	Bytes   float64         `json:"bytes_ns"`
}

// timeReference measures the reference engine; the error says why it cannot.
func timeReference(source string, record []byte) (t mappingTimes, err error) {
	folder := filepath.Join("..", "..", "test", "npm")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "jsonata")); err != nil {
		return t, errors.New("npm's jsonata is not here (npm ci in test/npm)")
	}
	asked, err := json.Marshal(map[string]string{"source": source, "record": string(record)})
	if err != nil {
		return t, err
	}
	command := exec.Command("node", "time-mapping.mjs")
	command.Dir, command.Stdin = folder, bytes.NewReader(asked)
	out, err := command.Output()
	if err != nil {
		return t, fmt.Errorf("node time-mapping.mjs: %w", err)
	}
	return t, json.Unmarshal(out, &t)
}

// benchUnifiedLists asks for the same hundred contacts through the proxy and as
// unified records, one call after the other, each for a while in turn.
func benchUnifiedLists(b *testing.B) {
	if b.N > 1 {
		return
	}
	vendor := newContactsVendor(b)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\na list of 100 contacts\tp50\tp99\tadded p50\tadded p99\tbytes\t\n")
	for _, database := range []testkit.Database{storetest.NewSQLite(b), storetest.NewPostgres(b)} {
		lists, token := benchContacts(b, database, vendor.URL)
		results := make([]benchResult, len(lists))
		for range benchRounds {
			for i, list := range lists {
				results[i].inTurn(b, list.address, token)
			}
		}
		for i, list := range lists {
			r := &results[i]
			added := [2]string{"-", "-"}
			if i > 0 {
				added = [2]string{(r.p50() - results[0].p50()).Round(10 * time.Microsecond).String(), (r.p99() - results[0].p99()).Round(10 * time.Microsecond).String()}
			}
			fmt.Fprintf(table, "%s, %s\t%s\t%s\t%s\t%s\t%d\t\n", list.name, database.Name, r.p50().Round(10*time.Microsecond), r.p99().Round(10*time.Microsecond), added[0], added[1], sizeOf(b, list.address, token))
		}
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// inTurn makes one call after the other and takes down how long they took.
func (r *benchResult) inTurn(b *testing.B, address, token string) {
	length := time.Duration(*secondsFlag) * time.Second / benchRounds
	all := oneByOne(b, length, address, token)
	r.p50s = append(r.p50s, all[(len(all)-1)*50/100])
	r.p99s = append(r.p99s, all[(len(all)-1)*99/100])
}

// contactList is one way to ask for the contacts.
type contactList struct{ name, address string }

// benchContacts starts a server that knows the contacts of HubSpot, at the vendor.
func benchContacts(b *testing.B, db testkit.Database, vendor string) ([]contactList, string) {
	c := platformConfig(b, db)
	p := startPlatform(b, c)
	hubspot := p.call("POST", "/catalog/hubspot/install", "").want(201)
	installed := hubspot.text("id")
	p.call("PATCH", "/integration/"+hubspot.text("integration_id"), `{"config":{"base_url":"`+vendor+`","allowed_hosts":null}}`).want(200)
	p.call("POST", "/unified-model-catalog/crm/install", "").want(201)
	account := p.call("POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{"api_key":"key-of-the-bench"}}`).want(201).text("id")
	p.stop()
	address := serveChild(b, exec.Command(benchProgram(b), serveFlags(c)...))
	query := "?limit=100&integrated_account_id=" + account
	return []contactList{
		{"proxy", address + "/proxy/contacts" + query},
		{"unified", address + "/unified/crm/contacts" + query},
		{"unified without remote_data", address + "/unified/crm/contacts" + query + "&truto_ignore_remote_data=true"},
	}, p.token
}

// newContactsVendor starts a vendor that lists a hundred contacts at once.
func newContactsVendor(b *testing.B) *countedServer {
	contact := string(hubspotContact(b))
	contacts := make([]string, 100)
	for i := range contacts {
		contacts[i] = strings.ReplaceAll(contact, "70001234", strconv.Itoa(70001234+i))
	}
	page := []byte(`{"results":[` + strings.Join(contacts, ",") + `],"paging":{"next":{"after":"70001334"}}}`)
	return newCountedServer(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = w.Write(page)
	}))
}
