package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// failureGroups is how many kinds of failure a summary has at most.
const failureGroups = 20

// FailedCalls counts the calls of an environment that failed in a window, by account
// and by how they failed, but for some ways of failing. The most frequent come first.
func (s *Store) FailedCalls(ctx context.Context, environmentID string, since, until time.Time, ignored []string) (sinew.FailedSummary, error) {
	summary := sinew.FailedSummary{Since: since, Until: until}
	w := &where{args: []any{environmentID, since.UnixMilli(), until.UnixMilli()}}
	scope := " FROM request_log WHERE environment_id = $1 AND failure IS NOT NULL AND created_at >= $2 AND created_at < $3"
	if len(ignored) > 0 {
		scope += " AND " + w.in(column{name: "failure"}, sinew.Compare{Op: sinew.OpNotIn, Values: anys(ignored)})
	}
	if err := s.logs.reader.QueryRowContext(ctx, "SELECT count(*)"+scope, w.args...).Scan(&summary.Total); err != nil || summary.Total == 0 {
		return summary, wrap(err, "count failed calls")
	}
	newest := map[string]int{}
	groups, err := queryRows(ctx, s.logs.reader, func(row scanner) (f sinew.FailedCalls, err error) {
		var last int64
		var id string
		err = row.Scan(&f.AccountID, &f.Integration, &f.Failure, &f.Count, &last, &id)
		f.LastAt = fromMillis(last)
		newest[id] = len(newest)
		return f, err
	}, "SELECT coalesce(account_id, ''), coalesce(integration, ''), failure, count(*), max(created_at), max(id)"+scope+
		" GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 3 LIMIT "+strconv.Itoa(failureGroups), w.args...)
	if err != nil {
		return summary, fmt.Errorf("group failed calls: %w", err)
	}
	summary.Groups = groups
	return summary, wrap(s.addMessages(ctx, &summary, newest, environmentID), "read failed calls")
}

// addMessages adds what the newest call of each group says.
func (s *Store) addMessages(ctx context.Context, summary *sinew.FailedSummary, newest map[string]int, environmentID string) error {
	ids := make([]string, 0, len(newest))
	for id := range newest {
		ids = append(ids, id)
	}
	in, args := idList(4, ids)
	type entry struct {
		id   string
		text []byte
	}
	entries, err := queryRows(ctx, s.logs.reader, func(row scanner) (e entry, err error) { return e, row.Scan(&e.id, &e.text) },
		"SELECT id, entry FROM request_log WHERE environment_id = $1 AND failure IS NOT NULL AND created_at >= $2 AND created_at < $3 AND id IN ("+in+")",
		append([]any{environmentID, summary.Since.UnixMilli(), summary.Until.UnixMilli()}, args...)...)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if record, err := jsonx.Parse(e.text); err == nil {
			summary.Groups[newest[e.id]].Message = record.Get("message").Str()
		}
	}
	return nil
}
