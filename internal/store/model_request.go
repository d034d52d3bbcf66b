package store

import (
	"context"

	"github.com/sinewhq/sinew"
)

const (
	modelRequestColumns = "id, unified_model_id, team_id, status, created_at, updated_at"
	modelRequestFrom    = "SELECT " + modelRequestColumns + " FROM unified_model_request"
)

func scanModelRequest(row scanner) (r sinew.UnifiedModelRequest, err error) {
	var created, updated int64
	err = row.Scan(&r.ID, &r.UnifiedModelID, &r.TeamID, &r.Status, &created, &updated)
	r.CreatedAt, r.UpdatedAt = fromMillis(created), fromMillis(updated)
	return r, err
}

// PutModelRequest writes a team's request for a unified model. A request that is there
// already stays as it is, except that a refused one is pending again.
func (s *Store) PutModelRequest(ctx context.Context, r sinew.UnifiedModelRequest) (stored sinew.UnifiedModelRequest, err error) {
	err = s.change(ctx, func(t *tx) error {
		stored, err = scanModelRequest(t.QueryRowContext(ctx, `INSERT INTO unified_model_request (`+modelRequestColumns+`)
			VALUES ($1, $2, $3, 'pending', $4, $4)
			ON CONFLICT (unified_model_id, team_id) DO UPDATE SET
				updated_at = CASE WHEN unified_model_request.status = 'refused' THEN excluded.updated_at ELSE unified_model_request.updated_at END,
				status = CASE WHEN unified_model_request.status = 'refused' THEN 'pending' ELSE unified_model_request.status END
			RETURNING `+modelRequestColumns, newID(), r.UnifiedModelID, r.TeamID, r.CreatedAt.UnixMilli()))
		return err
	})
	return stored, wrap(err, "request unified model %s", r.UnifiedModelID)
}

// ModelRequests returns one page of the requests for a unified model.
func (s *Store) ModelRequests(ctx context.Context, modelID string, q sinew.ListQuery) (sinew.Page[sinew.UnifiedModelRequest], error) {
	list := listing[sinew.UnifiedModelRequest]{
		selects: modelRequestFrom, columns: plainColumns("id", "team_id", "status", "created_at", "updated_at"), scan: scanModelRequest,
		position: func(r sinew.UnifiedModelRequest, sort sinew.Sort) sinew.Position {
			return stamped(r.CreatedAt, r.UpdatedAt, r.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "unified_model_id = $1", modelID)
	return page, wrap(err, "list requests for unified model %s", modelID)
}

// AnswerModelRequest approves or refuses a request. NotFound when the model has no such
// request.
func (s *Store) AnswerModelRequest(ctx context.Context, r sinew.UnifiedModelRequest) (stored sinew.UnifiedModelRequest, err error) {
	err = s.change(ctx, func(t *tx) error {
		stored, err = scanModelRequest(t.QueryRowContext(ctx, `UPDATE unified_model_request SET status = $3, updated_at = $4 WHERE unified_model_id = $1 AND id = $2
			RETURNING `+modelRequestColumns, r.UnifiedModelID, r.ID, string(r.Status), r.UpdatedAt.UnixMilli()))
		return notFound("Request", r.ID, err)
	})
	return stored, wrap(err, "answer request for unified model %s", r.UnifiedModelID)
}
