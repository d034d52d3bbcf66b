package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
	"github.com/sinewhq/sinew/internal/wire"
)

const (
	// waitFor is how long the server waits for an event, and askWithin how long an
	// answer may take.
	waitFor   = 20 * time.Second
	askWithin = 60 * time.Second
	// pageSize is how many events are asked for at once, and mostKnown how many are
	// left out by their ids: proxies take addresses of 8 KB.
	pageSize  = 200
	mostKnown = 150
	// maxEvents bounds one answer, in bytes.
	maxEvents = 256 << 20
)

// eventAPI asks a server for events.
type eventAPI struct {
	server, token string
	client        *upstream.Direct
}

// refusedError is an answer that asking again will not change.
type refusedError struct{ text string }

func (e *refusedError) Error() string { return e.text }

// page is a part of what was asked for.
type eventPage struct {
	events []sinew.Event
	next   string
	// at is the server's time, to the second.
	at time.Time
}

// latest asks for the newest events and returns them from the oldest on.
func (a *eventAPI) latest(ctx context.Context, n int) (eventPage, error) {
	p, err := a.ask(ctx, url.Values{"limit": {strconv.Itoa(n)}})
	slices.Reverse(p.events)
	return p, err
}

// after asks for events from a moment on, but for those that are known, and waits for
// one.
func (a *eventAPI) after(ctx context.Context, from time.Time, known []string, cursor string) (eventPage, error) {
	query := url.Values{
		"created_at[gte]": {from.UTC().Format(time.RFC3339Nano)}, "sort_by[created_at]": {"asc"}, "limit": {strconv.Itoa(pageSize)}, "wait": {strconv.Itoa(int(waitFor.Seconds()))},
	}
	if len(known) > 0 {
		query.Set("id[nin]", strings.Join(known, ","))
	}
	if cursor != "" {
		query.Set("next_cursor", cursor)
		query.Del("wait")
	}
	return a.ask(ctx, query)
}

func (a *eventAPI) ask(ctx context.Context, query url.Values) (p eventPage, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server+"/event?"+query.Encode(), http.NoBody)
	if err != nil {
		return p, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := a.client.Do(request)
	if err != nil {
		return p, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxEvents))
	if err != nil {
		return p, fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return p, refusal(response.StatusCode, text)
	}
	body, err := jsonx.Parse(text)
	if err != nil {
		return p, fmt.Errorf("the answer is not that of a server: %w", err)
	}
	p.next = body.Get("next_cursor").Str()
	if p.at, err = http.ParseTime(response.Header.Get("Date")); err != nil {
		p.at = time.Now()
	}
	for _, row := range body.Get("result").Items() {
		p.events = append(p.events, eventOf(row))
	}
	return p, nil
}

// refusal is the error of an answer. One that is about the token or the question stays.
func refusal(status int, text []byte) error {
	said := http.StatusText(status)
	if body, err := jsonx.Parse(text); err == nil && body.Get("message").Str() != "" {
		said = body.Get("message").Str()
	}
	message := fmt.Sprintf("the server answers %d: %s", status, said)
	if status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout {
		return fmt.Errorf("%s", message)
	}
	return &refusedError{message}
}

func eventOf(row jsonx.Value) sinew.Event {
	e := sinew.Event{
		ID: row.Get("id").Str(), EnvironmentID: row.Get("environment_id").Str(), Type: sinew.EventType(row.Get("event").Str()),
		AccountID: row.Get("integrated_account_id").Str(), Payload: sinew.JSON(row.Get("payload").String()),
	}
	e.Sequence, _ = row.Get("sequence").Int()
	e.CreatedAt, _ = wire.ParseTime(row.Get("created_at").Str())
	return e
}
