package store

// dialect holds what the two engines say differently. Everything else is one
// text for both: parameters are $1, times are milliseconds, JSON is text, and
// text compares by bytes.
type dialect struct {
	name string
	// forUpdate locks the rows of a SELECT until the transaction ends. SQLite
	// needs none: its one writer holds the whole database.
	forUpdate string
	// noKeyUpdate is forUpdate for rows whose key will not change, which lets
	// others refer to them meanwhile.
	noKeyUpdate string
	// indexHints lets a statement name the index to use. SQLite plans without
	// knowing how values are spread, PostgreSQL keeps statistics.
	indexHints bool
}

func sqliteDialect() dialect {
	return dialect{name: "sqlite", indexHints: true}
}

func postgresDialect() dialect {
	return dialect{name: "postgres", forUpdate: " FOR UPDATE", noKeyUpdate: " FOR NO KEY UPDATE"}
}

// using returns the clause behind a table name that picks an index.
func (d dialect) using(index string) string {
	if !d.indexHints || index == "" {
		return ""
	}
	return " INDEXED BY " + index
}
