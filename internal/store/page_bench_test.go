package store_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/testkit"
)

// accountsFlag is the size of the data that the benchmark of pages runs on.
var accountsFlag = flag.Int("accounts", 10_000, "accounts in the benchmark of pages")

// pageRepeats is how often each page is read; the bare statement in turn.
const pageRepeats = 200

// BenchmarkAccountPages prints, for each documented list, how long a page of
// 100 rows takes inside the store, the first one and one 500 pages deep, beside
// a bare prepared statement that returns the same rows by their ids. It runs
// once whatever b.N is.
func BenchmarkAccountPages(b *testing.B) {
	if b.N > 1 {
		return
	}
	databases := map[string]func(testing.TB) testkit.Database{testkit.SQLite: testkit.NewSQLite, testkit.Postgres: testkit.NewPostgres}
	for _, name := range []string{testkit.SQLite, testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, databases[name](b))
			w.load(*accountsFlag)
			printPages(b, w)
		})
	}
}

func printPages(b *testing.B, w *world) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n%s, %d accounts\tp50 first\tp99 first\tp50 deep\tp99 deep\tbare p50\tratio\t\n", w.db.Name, *accountsFlag)
	for _, q := range documentedQueries() {
		deep := w.deepPage(q.ListQuery)
		first, bare := w.measure(q.ListQuery)
		later, _ := w.measure(deep)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t\n", q.name, round(first, 50), round(first, 99), round(later, 50), round(later, 99), round(bare, 50),
			float64(percentile(first, 50))/float64(percentile(bare, 50)))
	}
	if err := table.Flush(); err != nil {
		b.Fatal(err)
	}
}

// deepPage moves a query 500 pages on, or to the middle of a shorter list.
func (w *world) deepPage(q sinew.ListQuery) sinew.ListQuery {
	var ends []*sinew.Position
	for range 500 {
		page, err := w.store.ListAccounts(context.Background(), w.environment(), q)
		w.must(err)
		if page.Next == nil {
			break
		}
		ends = append(ends, page.Next)
		q.After = page.Next
	}
	switch len(ends) {
	case 0:
		q.After = nil
	case 500:
	default:
		q.After = ends[len(ends)/2]
	}
	return q
}

// measure reads a page many times, and the same rows by a bare statement in
// turn.
func (w *world) measure(q sinew.ListQuery) (store, bare []time.Duration) {
	conn := testkit.Raw(w.t, w.db)
	page, err := w.store.ListAccounts(context.Background(), w.environment(), q)
	w.must(err)
	if len(page.Rows) == 0 {
		w.t.Fatalf("no rows for %v", q)
	}
	statement, err := conn.Prepare(bareStatement(page.Rows))
	w.must(err)
	defer statement.Close()
	for range pageRepeats {
		started := time.Now()
		_, err := w.store.ListAccounts(context.Background(), w.environment(), q)
		store = append(store, time.Since(started))
		w.must(err)
		bare = append(bare, w.readBare(statement))
	}
	return store, bare
}

func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.SortedFunc(slices.Values(all), cmp.Compare)
	return sorted[(len(sorted)-1)*p/100]
}

func round(all []time.Duration, p int) string {
	return percentile(all, p).Round(time.Microsecond).String()
}
