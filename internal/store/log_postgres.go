package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew"
)

const day = 24 * time.Hour

// logDays are the days whose partition is known to be there.
type logDays struct {
	mu    sync.Mutex
	known map[int64]bool
}

// insertPostgresLogs hands each column over as one array, which costs a
// fraction of a parameter for each value.
func insertPostgresLogs(ctx context.Context, logs *logStore, entries []sinew.LogEntry) error {
	if err := prepareDays(ctx, logs, entries); err != nil {
		return err
	}
	var columns [8][]string
	created := make([]int64, len(entries))
	for i := range columns {
		columns[i] = make([]string, len(entries))
	}
	for i, e := range entries {
		for j, text := range [...]string{e.ID, e.EnvironmentID, string(e.Type), e.AccountID, e.Integration, e.RequestType, string(e.Entry), e.Failure} {
			columns[j][i] = text
		}
		created[i] = e.CreatedAt.UnixMilli()
	}
	_, err := logs.writer.ExecContext(ctx, `INSERT INTO request_log (id, environment_id, log_type, account_id, integration, request_type, entry, created_at, failure)
		SELECT id, environment_id, log_type, nullif(account_id, ''), nullif(integration, ''), nullif(request_type, ''), entry, created_at, nullif(failure, '')
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
			AS r (id, environment_id, log_type, account_id, integration, request_type, entry, failure, created_at)`,
		columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], columns[6], columns[7], created)
	return err
}

// partitionPrefix begins the name of a partition; its day follows.
const partitionPrefix = "request_log_"

// prepareDays makes the partitions that records go to.
func prepareDays(ctx context.Context, logs *logStore, entries []sinew.LogEntry) error {
	logs.days.mu.Lock()
	defer logs.days.mu.Unlock()
	for _, e := range entries {
		start := e.CreatedAt.UTC().Truncate(day)
		if logs.days.known[start.Unix()] {
			continue
		}
		if err := makeDay(ctx, logs, start); err != nil {
			return fmt.Errorf("make partition of %s: %w", start.Format(time.DateOnly), err)
		}
		if logs.days.known == nil {
			logs.days.known = make(map[int64]bool)
		}
		logs.days.known[start.Unix()] = true
	}
	return nil
}

func makeDay(ctx context.Context, logs *logStore, start time.Time) error {
	t, err := logs.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }()
	// Two nodes that make the same partition at once would fail each other.
	if _, err := t.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('request_log'))"); err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s%s PARTITION OF request_log FOR VALUES FROM (%d) TO (%d)",
		partitionPrefix, start.Format("20060102"), start.UnixMilli(), start.Add(day).UnixMilli()))
	if err != nil {
		return err
	}
	return t.Commit()
}

// prunePostgresLogs drops whole days: those that ended before the moment, and
// the oldest while all of them are too large. The day under way stays.
func prunePostgresLogs(ctx context.Context, logs *logStore, before time.Time, maxBytes int64) error {
	type partition struct {
		name string
		size int64
	}
	partitions, err := queryRows(ctx, logs.reader, func(row scanner) (p partition, err error) {
		return p, row.Scan(&p.name, &p.size)
	}, `SELECT c.relname::text, pg_total_relation_size(c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		JOIN pg_class p ON p.oid = i.inhparent WHERE p.relname = 'request_log' ORDER BY c.relname`)
	if err != nil {
		return err
	}
	var total int64
	for _, p := range partitions {
		total += p.size
	}
	for i, p := range partitions {
		start, err := time.Parse("20060102", strings.TrimPrefix(p.name, partitionPrefix))
		if err != nil || i == len(partitions)-1 {
			continue
		}
		if !start.Add(day).After(before) || maxBytes > 0 && total > maxBytes {
			if _, err := logs.writer.ExecContext(ctx, "DROP TABLE IF EXISTS "+p.name); err != nil {
				return fmt.Errorf("drop partition %s: %w", p.name, err)
			}
			total -= p.size
			logs.days.mu.Lock()
			delete(logs.days.known, start.Unix())
			logs.days.mu.Unlock()
		}
	}
	return nil
}
