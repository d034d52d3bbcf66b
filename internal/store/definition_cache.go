package store

import (
	"context"
	"fmt"
	"sync"

	"github.com/sinewhq/sinew"
)

// definitionGeneration reads the counter that grows with every change of an
// integration or an installation. Lists select it beside their rows, so that a
// page knows in one query whether what is cached still holds.
const definitionGeneration = "(SELECT value FROM change_counter WHERE name = 'definition')"

// definitionChanged makes every node read integrations and installations anew.
func definitionChanged(ctx context.Context, t *tx) error {
	_, err := t.ExecContext(ctx, "UPDATE change_counter SET value = value + 1 WHERE name = 'definition'")
	return wrap(err, "count change of definitions")
}

// maxDefinitions bounds the installations kept in memory.
const maxDefinitions = 4096

// definitionCache keeps installations with their integrations, which many
// accounts share. An entry is good as long as the generation it was read at is
// the current one. Entries are never changed once they are in.
type definitionCache struct {
	mu      sync.RWMutex
	entries map[string]cachedDefinition
}

type cachedDefinition struct {
	generation   int64
	installation *sinew.EnvironmentIntegration
}

func (c *definitionCache) get(id string, generation int64) *sinew.EnvironmentIntegration {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if entry, ok := c.entries[id]; ok && entry.generation == generation {
		return entry.installation
	}
	return nil
}

func (c *definitionCache) put(entries []cachedDefinition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil || len(c.entries)+len(entries) > maxDefinitions {
		c.entries = make(map[string]cachedDefinition)
	}
	for _, entry := range entries {
		old, ok := c.entries[entry.installation.ID]
		if ok && old.installation.Key() == entry.installation.Key() {
			entry.installation = old.installation // one copy is enough
		}
		c.entries[entry.installation.ID] = entry
	}
}

// attach gives each row its installation, reading those that are not cached
// for the generation in one query.
func (s *Store) attach(ctx context.Context, q querier, rows []accountRow) ([]sinew.AccountView, error) {
	var missing []any
	seen := make(map[string]bool)
	for i := range rows {
		id := rows[i].EnvironmentIntegrationID
		if !seen[id] && s.definitions.get(id, rows[i].generation) == nil {
			missing = append(missing, id)
		}
		seen[id] = true
	}
	fresh, err := s.readDefinitions(ctx, q, missing)
	if err != nil {
		return nil, err
	}
	views := make([]sinew.AccountView, len(rows))
	for i := range rows {
		id := rows[i].EnvironmentIntegrationID
		installation := fresh[id]
		if installation == nil {
			installation = s.definitions.get(id, rows[i].generation)
		}
		if installation == nil {
			// Another page evicted it in between, or the account went away
			// with its installation after this page was read.
			more, err := s.readDefinitions(ctx, q, []any{id})
			if err != nil {
				return nil, err
			}
			if installation = more[id]; installation == nil {
				continue
			}
		}
		views[i] = rows[i].view(installation)
	}
	return dropGone(views), nil
}

func dropGone(views []sinew.AccountView) []sinew.AccountView {
	kept := views[:0]
	for _, view := range views {
		if view.EnvironmentIntegration != nil {
			kept = append(kept, view)
		}
	}
	return kept
}

func (s *Store) readDefinitions(ctx context.Context, q querier, ids []any) (map[string]*sinew.EnvironmentIntegration, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var generation int64
	if err := q.QueryRowContext(ctx, "SELECT value FROM change_counter WHERE name = 'definition'").Scan(&generation); err != nil {
		return nil, fmt.Errorf("read generation of definitions: %w", err)
	}
	w := &where{}
	in := w.in(column{name: "ei.id"}, sinew.Compare{Op: sinew.OpIn, Values: ids})
	found, err := queryRows(ctx, q, scanInstallation, installationFrom+" WHERE "+in, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read installations: %w", err)
	}
	entries := make([]cachedDefinition, len(found))
	fresh := make(map[string]*sinew.EnvironmentIntegration, len(found))
	for i := range found {
		entries[i] = cachedDefinition{generation, &found[i]}
		fresh[found[i].ID] = &found[i]
	}
	s.definitions.put(entries)
	return fresh, nil
}
