package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/sinewhq/sinew"
)

// fanOut writes what the webhooks of an environment have yet to get of events of one
// type, in the transaction of the events, and the jobs that deliver them. Webhooks are
// taken in one order, so that two transactions never wait for each other.
func fanOut(ctx context.Context, t *tx, events []sinew.Event) error {
	environmentID, kind := events[0].EnvironmentID, events[0].Type
	p := sinew.EventPatterns(kind)
	webhooks, err := queryRows(ctx, t.Tx, func(row scanner) (id string, err error) { return id, row.Scan(&id) },
		"SELECT DISTINCT webhook_id FROM webhook_subscription WHERE environment_id = $1 AND pattern IN ($2, $3, $4) ORDER BY webhook_id",
		environmentID, p[0], p[1], p[2])
	if err != nil {
		return fmt.Errorf("find the webhooks of event %s: %w", kind, err)
	}
	for _, id := range webhooks {
		deliveries, err := dueOf(ctx, t, id, events)
		if err != nil {
			return fmt.Errorf("hand event %s to webhook %s: %w", kind, id, err)
		}
		if _, err := insertDeliveries(ctx, t, id, deliveries); err != nil {
			return fmt.Errorf("hand event %s to webhook %s: %w", kind, id, err)
		}
	}
	return nil
}

// insertDeliveries writes that a webhook is due to get events, enqueues the job that
// delivers them, and returns how many it had not to get already.
func insertDeliveries(ctx context.Context, t *tx, webhookID string, due []sinew.Delivery) (written int64, err error) {
	const columns = 6
	for batch := range slices.Chunk(due, deliveryRows) {
		args := make([]any, 0, len(batch)*columns)
		for _, d := range batch {
			args = append(args, newID(), webhookID, d.Event.ID, orNull(d.Event.AccountID), d.Event.Sequence, d.DueAt.UnixMilli())
		}
		result, err := t.ExecContext(ctx, "INSERT INTO webhook_delivery (id, webhook_id, event_id, account_id, sequence, due_at) VALUES "+rowValues(len(batch), columns)+
			" ON CONFLICT (event_id, webhook_id) DO NOTHING", args...)
		if err != nil {
			return 0, err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		written += n
	}
	if written == 0 {
		return 0, nil
	}
	return written, insertJobs(ctx, t, []sinew.Job{deliveryJob(due[0].Event.EnvironmentID, webhookID)})
}

// deliveryRows is how many deliveries one statement writes.
const deliveryRows = 100

// dueOf is when a webhook is due to get events: now, or with what it has yet to get of
// the account before that, when it wants that in order. So the deliveries of an account
// are in the order of their time and their sequence, whatever has failed.
func dueOf(ctx context.Context, t *tx, webhookID string, events []sinew.Event) ([]sinew.Delivery, error) {
	now := t.store.Now()
	last, err := lastDue(ctx, t, webhookID, events)
	if err != nil {
		return nil, err
	}
	due := make([]sinew.Delivery, len(events))
	for i, e := range events {
		due[i] = sinew.Delivery{Event: e, DueAt: now}
		if at, waits := last[e.AccountID]; waits && at.After(now) {
			due[i].DueAt = at
		}
	}
	return due, nil
}

// lastDue is when an ordered webhook gets the last of what it has yet to get of the
// accounts of events.
func lastDue(ctx context.Context, t *tx, webhookID string, events []sinew.Event) (map[string]time.Time, error) {
	var accounts []string
	for _, e := range events {
		if e.AccountID != "" {
			accounts = append(accounts, e.AccountID)
		}
	}
	if len(accounts) == 0 {
		return nil, nil
	}
	// The lock waits for tries that are being written: they put what is behind off.
	var ordered bool
	if err := t.QueryRowContext(ctx, "SELECT ordered FROM webhook WHERE id = $1"+t.store.dialect.noKeyUpdate, webhookID).Scan(&ordered); err != nil || !ordered {
		return nil, err
	}
	type waiting struct {
		account string
		due     int64
	}
	in, args := idList(2, accounts)
	rows, err := queryRows(ctx, t, func(row scanner) (w waiting, err error) { return w, row.Scan(&w.account, &w.due) },
		"SELECT account_id, max(due_at) FROM webhook_delivery WHERE webhook_id = $1 AND account_id IN ("+in+") GROUP BY account_id", append([]any{webhookID}, args...)...)
	last := make(map[string]time.Time, len(rows))
	for _, w := range rows {
		last[w.account] = fromMillis(w.due)
	}
	return last, err
}

// deliveryAttempts is how often the job of a webhook may break: what fails at the
// receiver counts with its delivery.
const deliveryAttempts = 1 << 20

func deliveryJob(environmentID, webhookID string) sinew.Job {
	key := "webhook:" + webhookID
	return sinew.Job{
		Kind: sinew.JobDeliverWebhook, EnvironmentID: environmentID, Args: sinew.JSON(`{"webhook_id":"` + webhookID + `"}`),
		UniqueKey: key, ConcurrencyKey: key, MaxAttempts: deliveryAttempts,
	}
}

const deliveryColumns = `d.id, d.webhook_id, d.attempt, d.due_at, e.id, e.environment_id, e.type, coalesce(e.account_id, ''), e.sequence, e.payload, e.created_at`

func scanDelivery(row scanner) (d sinew.Delivery, err error) {
	var due, created int64
	err = row.Scan(&d.ID, &d.WebhookID, &d.Attempt, &due, &d.Event.ID, &d.Event.EnvironmentID, &d.Event.Type, &d.Event.AccountID, &d.Event.Sequence, &d.Event.Payload, &created)
	d.DueAt, d.Event.CreatedAt = fromMillis(due), fromMillis(created)
	return d, err
}

// DueDeliveries returns what a webhook is due to get, the oldest first.
func (s *Store) DueDeliveries(ctx context.Context, w sinew.Webhook, limit int) ([]sinew.Delivery, error) {
	// The rows are chosen before their events are looked up: a planner that knows
	// nothing of the table yet would join all that is due.
	due, err := queryRows(ctx, s.reader, scanDelivery, "SELECT "+deliveryColumns+` FROM (
			SELECT id, webhook_id, event_id, attempt, due_at, sequence FROM webhook_delivery WHERE webhook_id = $1 AND due_at <= $2
			ORDER BY due_at, sequence, id LIMIT `+strconv.Itoa(limit)+`) d
		JOIN event e ON e.id = d.event_id ORDER BY d.due_at, d.sequence, d.id`, w.ID, s.Now().UnixMilli())
	return due, wrap(err, "read what webhook %s is due to get", w.ID)
}

// NextDelivery returns when a webhook is due to get something that is not due yet, ok
// false for never.
func (s *Store) NextDelivery(ctx context.Context, webhookID string) (at time.Time, ok bool, err error) {
	var first int64
	err = s.reader.QueryRowContext(ctx, "SELECT due_at FROM webhook_delivery WHERE webhook_id = $1 AND due_at > $2 ORDER BY due_at LIMIT 1", webhookID, s.Now().UnixMilli()).Scan(&first)
	if isNoRows(err) {
		return time.Time{}, false, nil
	}
	return fromMillis(first), err == nil, wrap(err, "find what webhook %s is due to get next", webhookID)
}

// ErrJobLost says that a job is another node's by now.
var ErrJobLost = errors.New("the job is another node's by now")

// FinishDeliveries writes what came of tries, and lets health say what that means
// for the webhook. ErrJobLost, and nothing is written, when the job that delivers
// is another node's by now.
func (s *Store) FinishDeliveries(ctx context.Context, j sinew.Job, webhookID string, results []sinew.DeliveryResult, health func(*sinew.Webhook) (changed bool)) error {
	err := s.changeAside(ctx, func(t *tx) error {
		if err := holdJob(ctx, t, j); err != nil {
			return err
		}
		w, err := scanWebhook(t.QueryRowContext(ctx, webhookFrom+" WHERE id = $1"+s.dialect.noKeyUpdate, webhookID))
		if isNoRows(err) {
			return nil // deleted meanwhile, with all that it has yet to get
		}
		if err != nil {
			return err
		}
		for batch := range slices.Chunk(results, attemptRows) {
			if err := insertWebhookAttempts(ctx, t, batch); err != nil {
				return fmt.Errorf("write tries: %w", err)
			}
		}
		var over []string
		for _, r := range results {
			if r.Attempt.NextAt.IsZero() {
				over = append(over, r.Delivery.ID)
				continue
			}
			_, err := t.ExecContext(ctx, "UPDATE webhook_delivery SET attempt = $2, due_at = $3 WHERE id = $1", r.Delivery.ID, r.Attempt.Number, r.Attempt.NextAt.UnixMilli())
			if err != nil {
				return err
			}
			if err := putBehind(ctx, t, w, r); err != nil {
				return err
			}
		}
		for ids := range slices.Chunk(over, maxPutBack) {
			in, args := idList(1, ids)
			if _, err := t.ExecContext(ctx, "DELETE FROM webhook_delivery WHERE id IN ("+in+")", args...); err != nil {
				return err
			}
		}
		before := w
		if !health(&w) {
			return nil
		}
		if err := notifyHealth(ctx, t, before, w); err != nil {
			return err
		}
		return writeWebhook(ctx, t, w)
	})
	return wrap(err, "finish %d deliveries of webhook %s", len(results), webhookID)
}

// putBehind puts off what a webhook has yet to get of an account until it has got what
// comes before.
func putBehind(ctx context.Context, t *tx, w sinew.Webhook, r sinew.DeliveryResult) error {
	if !w.Ordered || r.Delivery.Event.AccountID == "" {
		return nil
	}
	_, err := t.ExecContext(ctx, "UPDATE webhook_delivery SET due_at = $4 WHERE webhook_id = $1 AND account_id = $2 AND sequence > $3 AND due_at < $4",
		w.ID, r.Delivery.Event.AccountID, r.Delivery.Event.Sequence, r.Attempt.NextAt.UnixMilli())
	return err
}

// holdJob makes sure that a job is still whose it was, until the transaction ends.
func holdJob(ctx context.Context, t *tx, j sinew.Job) error {
	var fence int64
	err := t.QueryRowContext(ctx, "SELECT fence FROM job WHERE id = $1 AND state = 'running'"+t.store.dialect.forUpdate, j.ID).Scan(&fence)
	if isNoRows(err) || err == nil && fence != j.Fence {
		return ErrJobLost
	}
	return err
}
