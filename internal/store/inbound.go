package store

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

const (
	inboundColumns = `id, environment_id, environment_integration_id, coalesce(account_id, ''), status, method, size, verified, events, duplicates,
	coalesce(code, ''), coalesce(reason, ''), created_at, processed_at`
	inboundFrom = "SELECT " + inboundColumns + " FROM inbound_webhook"
)

func scanInbound(row scanner) (w sinew.InboundWebhook, err error) {
	var created int64
	var processed sql.NullInt64
	err = row.Scan(&w.ID, &w.EnvironmentID, &w.EnvironmentIntegrationID, &w.AccountID, &w.Status, &w.Method, &w.Size, &w.Verified, &w.Events, &w.Duplicates,
		&w.Code, &w.Reason, &created, &processed)
	w.CreatedAt, w.ProcessedAt = fromMillis(created), fromNullMillis(processed)
	return w, err
}

func inboundPlace(w sinew.InboundWebhook) seal.Place {
	return seal.Place{EnvironmentID: w.EnvironmentID, Table: "inbound_webhook", RowID: w.ID, Column: "request"}
}

// inboundHead is what stands before the body in the sealed form of a request.
type inboundHead struct {
	URL    string      `json:"url"`
	Header http.Header `json:"header"`
}

// packRequest writes a request as a line of JSON and its body behind it.
func packRequest(r *sinew.InboundRequest) (string, error) {
	if r == nil {
		return "", nil
	}
	head := inboundHead{URL: validText(r.URL), Header: make(http.Header, len(r.Header))}
	for name, values := range r.Header {
		for _, value := range values {
			head.Header[validText(name)] = append(head.Header[validText(name)], validText(value))
		}
	}
	text, err := jsonx.Marshal(head)
	return string(text) + "\n" + string(r.Body), err
}

func unpackRequest(method, text string) (*sinew.InboundRequest, error) {
	line, body, ok := bytes.Cut([]byte(text), []byte("\n"))
	if !ok {
		return nil, nil
	}
	var head inboundHead
	if err := jsonx.Unmarshal(line, &head); err != nil {
		return nil, err
	}
	return &sinew.InboundRequest{Method: method, URL: head.URL, Header: head.Header, Body: body}, nil
}

// InboundAccount returns the environment of an account. NotFound when there is none of
// that id.
func (s *Store) InboundAccount(ctx context.Context, accountID string) (environmentID string, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT environment_id FROM integrated_account WHERE id = $1", accountID).Scan(&environmentID)
	return environmentID, notFound("Integrated account", accountID, err)
}

// InboundInstallation returns the environment of an installation. NotFound when there
// is none of that id.
func (s *Store) InboundInstallation(ctx context.Context, installationID string) (environmentID string, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT environment_id FROM environment_integration WHERE id = $1", installationID).Scan(&environmentID)
	return environmentID, notFound("Environment integration", installationID, err)
}

// AcceptInbound writes deliveries and the jobs that process them, and returns how many
// are not there already under their key. NotFound when an account has gone.
func (s *Store) AcceptInbound(ctx context.Context, arrivals []sinew.InboundArrival) (fresh int, err error) {
	arrivals = slices.Clone(arrivals)
	slices.SortFunc(arrivals, func(a, b sinew.InboundArrival) int { return cmp.Compare(a.Scope(), b.Scope()) })
	written := 0 // by the last run of the work
	err = s.changeTogether(ctx, func(ctx context.Context, t *tx) error {
		written = 0
		for _, a := range arrivals {
			a.ID = newID()
			first, err := seeInbound(ctx, t, a)
			if err != nil || !first {
				if err != nil {
					return err
				}
				continue
			}
			if err := s.insertInbound(ctx, t, a.InboundWebhook); err != nil {
				return err
			}
			written++
		}
		return nil
	})
	return written, wrap(err, "accept a delivery")
}

// seeInbound notes the key of a delivery, and reports whether nothing has it. Of a
// delivery that came before, the line in the inbox counts how often.
func seeInbound(ctx context.Context, t *tx, a sinew.InboundArrival) (first bool, err error) {
	if a.Key == "" {
		return true, nil
	}
	now := t.store.Now().UnixMilli()
	first, err = affected(t.ExecContext(ctx, `INSERT INTO inbound_seen (scope, key, webhook_id, kept_until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (scope, key) DO UPDATE SET webhook_id = excluded.webhook_id, kept_until = excluded.kept_until WHERE inbound_seen.kept_until <= $5`,
		a.Scope(), a.Key, a.ID, a.KeyUntil.UnixMilli(), now))
	if err != nil || first {
		return first, err
	}
	_, err = t.ExecContext(ctx, "UPDATE inbound_webhook SET duplicates = duplicates + 1 WHERE id = (SELECT webhook_id FROM inbound_seen WHERE scope = $1 AND key = $2)", a.Scope(), a.Key)
	return false, err
}

// insertInbound writes a delivery, and the job that processes it.
func (s *Store) insertInbound(ctx context.Context, t *tx, w sinew.InboundWebhook) error {
	text, err := packRequest(w.Request)
	if err != nil {
		return err
	}
	sealed, err := s.sealColumn(ctx, inboundPlace(w), text)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `INSERT INTO inbound_webhook (id, environment_id, environment_integration_id, account_id, status, method, size, verified, code, reason, request, created_at, processed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		w.ID, w.EnvironmentID, w.EnvironmentIntegrationID, orNull(w.AccountID), string(w.Status), w.Method, w.Size, w.Verified, orNull(w.Code), orNull(w.Reason), sealed,
		w.CreatedAt.UnixMilli(), millis(w.ProcessedAt))
	if isForeignKey(err) {
		return sinew.NotFound("Integrated account", w.AccountID)
	}
	if err != nil || w.Status != sinew.InboundReceived {
		return err
	}
	return insertJobs(ctx, t, []sinew.Job{inboundJob(w.EnvironmentID, w.AccountID)})
}

// inboundAttempts is how often the job of an account's deliveries may break: what the
// definition cannot read is no failure of the job.
const inboundAttempts = 1 << 20

func inboundJob(environmentID, accountID string) sinew.Job {
	key := "inbound:" + accountID
	return sinew.Job{
		Kind: sinew.JobProcessInbound, EnvironmentID: environmentID, Args: sinew.JSON(`{"integrated_account_id":"` + accountID + `"}`),
		UniqueKey: key, ConcurrencyKey: key, MaxAttempts: inboundAttempts,
	}
}

// RefuseInbound notes a delivery that is not genuine, and forgets all but the newest of
// its address.
func (s *Store) RefuseInbound(ctx context.Context, w sinew.InboundWebhook, keep int) error {
	address, id := "account_id = $1", w.AccountID
	if w.AccountID == "" {
		address, id = "account_id IS NULL AND environment_integration_id = $1", w.EnvironmentIntegrationID
	}
	err := s.changeAside(ctx, func(t *tx) error {
		w.ID, w.Request = newID(), nil
		if err := s.insertInbound(ctx, t, w); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "DELETE FROM inbound_webhook WHERE id IN (SELECT id FROM inbound_webhook WHERE "+address+
			" AND status = 'refused' ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET "+strconv.Itoa(keep)+")", id)
		return err
	})
	return wrap(err, "note a refused delivery")
}

// RouteInbound gives a delivery that had no account to those that it is for.
func (s *Store) RouteInbound(ctx context.Context, w sinew.InboundWebhook, arrivals []sinew.InboundArrival) error {
	err := s.changeAside(ctx, func(t *tx) error {
		found, err := affected(t.ExecContext(ctx, "DELETE FROM inbound_webhook WHERE id = $1 AND status = 'unrouted'", w.ID))
		if err != nil || !found {
			return err
		}
		for _, a := range arrivals {
			a.ID = newID()
			if err := s.insertInbound(ctx, t, a.InboundWebhook); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(err, "route delivery %s", w.ID)
}

// InboundWebhooks returns one page of the inbox of an environment.
func (s *Store) InboundWebhooks(ctx context.Context, environmentID string, q sinew.ListQuery) (sinew.Page[sinew.InboundWebhook], error) {
	columns := plainColumns("id", "environment_id", "environment_integration_id", "status", "created_at")
	columns["integrated_account_id"] = column{name: "account_id", nullable: true}
	columns["code"] = column{name: "code", nullable: true}
	list := listing[sinew.InboundWebhook]{
		selects: inboundFrom, columns: columns, scan: scanInbound,
		position: func(w sinew.InboundWebhook, sort sinew.Sort) sinew.Position {
			return stamped(w.CreatedAt, w.CreatedAt, w.ID, sort)
		},
	}
	page, err := list.page(ctx, s.reader, q, "environment_id = $1", environmentID)
	return page, wrap(err, "list inbound webhooks")
}

// InboundWebhook returns a delivery with what came. NotFound when the environment has
// none of that id.
func (s *Store) InboundWebhook(ctx context.Context, environmentID, id string) (sinew.InboundWebhook, error) {
	w, err := s.openInbound(ctx, s.reader.QueryRowContext(ctx, "SELECT request, "+inboundColumns+" FROM inbound_webhook WHERE environment_id = $1 AND id = $2", environmentID, id))
	return w, s.failClosed(ctx, environmentID, notFound("Inbound webhook", id, err))
}

func (s *Store) openInbound(ctx context.Context, row scanner) (sinew.InboundWebhook, error) {
	var sealed []byte
	w, err := scanInbound(beforeScanner{row, []any{&sealed}})
	if err != nil {
		return w, err
	}
	text, err := s.openColumn(ctx, inboundPlace(w), sealed)
	if err != nil {
		return w, err
	}
	w.Request, err = unpackRequest(w.Method, text)
	return w, err
}

// beforeScanner reads further columns in front of those of another scan function.
type beforeScanner struct {
	scanner
	more []any
}

func (b beforeScanner) Scan(dest ...any) error { return b.scanner.Scan(append(b.more, dest...)...) }

// waitingBytes bounds the bodies of deliveries that are read at once.
const waitingBytes = 8 << 20

// WaitingInbound returns deliveries of an account that are to be processed, in the
// order in which they came. One that cannot be read is without its request.
func (s *Store) WaitingInbound(ctx context.Context, accountID string, limit int) ([]sinew.InboundWebhook, error) {
	waiting, err := queryRows(ctx, s.reader, scanInbound, inboundFrom+" WHERE account_id = $1 AND status = 'received' ORDER BY created_at, id LIMIT "+strconv.Itoa(limit), accountID)
	if err != nil {
		return nil, fmt.Errorf("read the deliveries of account %s: %w", accountID, err)
	}
	size := 0
	for i := range waiting {
		if size += waiting[i].Size; i > 0 && size > waitingBytes {
			return waiting[:i], nil
		}
		whole, err := s.InboundWebhook(ctx, waiting[i].EnvironmentID, waiting[i].ID)
		if sinew.IsNotFound(err) {
			return waiting[:i], nil
		}
		if _, tampered := errors.AsType[*seal.TamperedError](err); err != nil && !tampered {
			return nil, err
		}
		waiting[i].Request = whole.Request
	}
	return waiting, nil
}

// depthCounted is how far deliveries that wait are counted.
const depthCounted = 10_000

// InboundDepth returns how many deliveries wait to become events, and since when the
// first of them does.
func (s *Store) InboundDepth(ctx context.Context) (count int64, oldest time.Time, err error) {
	var first sql.NullInt64
	err = s.reader.QueryRowContext(ctx, "SELECT count(*), min(created_at) FROM (SELECT created_at FROM inbound_webhook WHERE status = 'received' ORDER BY created_at LIMIT "+strconv.Itoa(depthCounted)+") w").Scan(&count, &first)
	return count, fromNullMillis(first), wrap(err, "count deliveries")
}

// FinishInbound writes what has become of a delivery, with its events. ErrJobLost, and
// nothing is written, when the job is another node's by now.
func (s *Store) FinishInbound(ctx context.Context, j sinew.Job, w sinew.InboundWebhook, o sinew.InboundOutcome) error {
	err := s.changeAside(ctx, func(t *tx) error {
		if err := holdJob(ctx, t, j); err != nil {
			return err
		}
		held, err := affected(t.ExecContext(ctx, "UPDATE inbound_webhook SET status = $2, code = $3, reason = $4, events = $5, processed_at = $6 WHERE id = $1 AND status = 'received'",
			w.ID, string(o.Status), orNull(o.Code), orNull(validText(o.Reason)), len(o.Events), s.Now().UnixMilli()))
		if err != nil || !held {
			return err // deleted meanwhile, with its account
		}
		return insertEvents(ctx, t, o.Events)
	})
	return wrap(err, "finish delivery %s", w.ID)
}

// PruneInbound deletes deliveries from before a moment, but for those that wait, and
// what is known of those that may not come again any more.
func (s *Store) PruneInbound(ctx context.Context, before time.Time) (pruned int64, err error) {
	for _, statement := range []struct {
		text string
		at   time.Time
	}{
		{"DELETE FROM inbound_webhook WHERE id IN (SELECT id FROM inbound_webhook WHERE created_at < $1 AND status <> 'received' LIMIT " + strconv.Itoa(pruneBatch) + ")", before},
		{"DELETE FROM inbound_seen WHERE (scope, key) IN (SELECT scope, key FROM inbound_seen WHERE kept_until < $1 LIMIT " + strconv.Itoa(pruneBatch) + ")", s.Now()},
	} {
		for {
			result, err := s.writer.ExecContext(ctx, statement.text, statement.at.UnixMilli())
			if err != nil {
				return pruned, fmt.Errorf("prune deliveries: %w", err)
			}
			n, err := result.RowsAffected()
			if err != nil {
				return pruned, err
			}
			if pruned += n; n < pruneBatch {
				break
			}
		}
	}
	return pruned, nil
}

// validText makes a text that every database and JSON take.
func validText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
