package store

import (
	"context"
	"strings"

	"github.com/sinewhq/sinew"
)

// AccountsByContext returns the accounts of an installation that have one of some
// values at a place of their visible context: names with dots between them. Sandbox
// accounts are among them only when there is no other. The first call for a place
// makes an index of it, which the database keeps from then on.
func (s *Store) AccountsByContext(ctx context.Context, installationID, field string, values []string, limit int) (ids []string, err error) {
	if err := s.routeBy(ctx, installationID, field); err != nil {
		return nil, wrap(err, "index the accounts of %s by %s", installationID, field)
	}
	type found struct {
		id      string
		sandbox bool
	}
	w := &where{args: []any{installationID, field}}
	in := w.in(column{name: "l.value"}, sinew.Compare{Op: sinew.OpIn, Values: anys(values)})
	rows, err := queryRows(ctx, s.reader, func(row scanner) (f found, err error) { return f, row.Scan(&f.id, &f.sandbox) },
		"SELECT DISTINCT a.id, a.is_sandbox FROM inbound_lookup l JOIN integrated_account a ON a.id = l.account_id WHERE l.environment_integration_id = $1 AND l.field = $2 AND "+in+
			" ORDER BY a.is_sandbox, a.id LIMIT "+w.param(limit), w.args...)
	for _, f := range rows {
		if !f.sandbox || rows[0].sandbox {
			ids = append(ids, f.id)
		}
	}
	return ids, wrap(err, "find accounts of %s by %s", installationID, field)
}

// routeBy makes sure that the accounts of an installation are indexed by a place.
func (s *Store) routeBy(ctx context.Context, installationID, field string) error {
	var known int
	err := s.reader.QueryRowContext(ctx, "SELECT count(*) FROM inbound_route WHERE environment_integration_id = $1 AND field = $2", installationID, field).Scan(&known)
	if err != nil || known > 0 {
		return err
	}
	path := s.dialect.jsonPath(strings.Split(field, "."))
	return s.changeAside(ctx, func(t *tx) error {
		// Accounts that are being written see neither the row of this transaction, nor
		// does it see them: it waits until there are none.
		if s.dialect.lockAccounts != "" {
			if _, err := t.ExecContext(ctx, s.dialect.lockAccounts); err != nil {
				return err
			}
		}
		first, err := affected(t.ExecContext(ctx, "INSERT INTO inbound_route (environment_integration_id, field, path) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", installationID, field, path))
		if err != nil || !first {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO inbound_lookup (environment_integration_id, field, value, account_id)
			SELECT v.environment_integration_id, $2, v.value, v.id FROM (SELECT a.environment_integration_id, a.id, `+s.dialect.jsonText("a.context", "$3")+` AS value
				FROM integrated_account a WHERE a.environment_integration_id = $1) v
			WHERE v.value IS NOT NULL AND length(v.value) <= 500 ON CONFLICT DO NOTHING`, installationID, field, path)
		return err
	})
}
