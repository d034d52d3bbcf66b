package simulator

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	pathWebhooks = "/webhooks"
	// DefaultWebhookSecret is what deliveries are signed with unless a subscription
	// brings a secret of its own.
	DefaultWebhookSecret = "simulator-webhook-secret"
	// The header fields of a delivery.
	headerDelivery  = "X-Simulator-Delivery"
	headerSignature = "X-Simulator-Signature"
	// deliveryTime is how long a receiver may take.
	deliveryTime = 5 * time.Second
	// maxSubscriptions bounds the receivers.
	maxSubscriptions = 20
)

// subscription is a receiver of what happens to records.
type subscription struct{ id, url, secret string }

// webhooks tell receivers of every change of a record, while the change is answered,
// so that whoever has the answer knows that they were told.
type webhooks struct {
	client *upstream.Client

	mu   sync.Mutex // guards what follows
	next int
	sent int
	all  []subscription
}

func newWebhooks() *webhooks {
	client, err := upstream.New(upstream.Config{Allow: []string{"127.0.0.0/8", "::1/128"}, IdleTimeout: 50 * time.Millisecond, UserAgent: "simulator"})
	if err != nil {
		panic(fmt.Sprintf("simulator: %v", err)) // only a list above that is none
	}
	return &webhooks{client: client}
}

// subscribe adds a receiver, once it has shown that the address is its own.
func (h *webhooks) subscribe(w http.ResponseWriter, r *http.Request) {
	in, wrong := readObject(r)
	if wrong != nil {
		refuseWith(w, wrong)
		return
	}
	s := subscription{url: in.Get("url").Str(), secret: or(in.Get("secret").Str(), DefaultWebhookSecret)}
	if u, err := url.Parse(s.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		refuse(w, http.StatusBadRequest, "bad_parameter", "url must be where deliveries are to go")
		return
	}
	if err := h.challenge(r.Context(), s); err != nil {
		refuse(w, http.StatusBadRequest, "not_verified", err.Error())
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.all) >= maxSubscriptions {
		h.all = h.all[1:]
	}
	h.next++
	s.id = fmt.Sprintf("hook-%d", h.next)
	h.all = append(h.all, s)
	reply(w, http.StatusCreated, jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(s.id)}, jsonx.Member{Name: "url", Value: jsonx.StringValue(s.url)}))
}

func (h *webhooks) unsubscribe(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.all {
		if s.id == r.PathValue("id") {
			h.all = append(h.all[:i:i], h.all[i+1:]...)
			reply(w, http.StatusOK, jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(s.id)}))
			return
		}
	}
	refuse(w, http.StatusNotFound, "not_found", "There is no such webhook")
}

// challenge asks a receiver to repeat a word.
func (h *webhooks) challenge(ctx context.Context, s subscription) error {
	h.mu.Lock()
	word := fmt.Sprintf("challenge-%d", h.next+1)
	h.mu.Unlock()
	status, body, err := h.post(ctx, s, word, jsonx.ObjectValue(jsonx.Member{Name: "challenge", Value: jsonx.StringValue(word)}), false)
	if err != nil || status != http.StatusOK || !strings.Contains(body, word) {
		return fmt.Errorf("the receiver has not repeated the challenge; it answered %d", status)
	}
	return nil
}

// tell sends what happened to a record to every receiver.
func (h *webhooks) tell(ctx context.Context, resource, event string, record jsonx.Value) {
	h.mu.Lock()
	receivers := append([]subscription(nil), h.all...)
	h.sent++
	id := fmt.Sprintf("delivery-%d", h.sent)
	h.mu.Unlock()
	body := jsonx.ObjectValue(
		jsonx.Member{Name: "event", Value: jsonx.StringValue(resource + "." + event)},
		jsonx.Member{Name: "resource", Value: jsonx.StringValue(resource)},
		jsonx.Member{Name: "data", Value: record},
	)
	for _, s := range receivers {
		// A receiver that does not listen misses it, as at most vendors.
		_, _, _ = h.post(ctx, s, id, body, true)
	}
}

func (h *webhooks) post(ctx context.Context, s subscription, id string, body jsonx.Value, signed bool) (status int, answer string, err error) {
	text := body.String()
	header := http.Header{"Content-Type": {"application/json"}}
	header.Set(headerDelivery, id)
	if signed {
		header.Set(headerSignature, SignWebhook(s.secret, time.Now(), text))
	}
	response, err := h.client.Do(context.WithoutCancel(ctx), &upstream.Request{
		Method: http.MethodPost, URL: s.url, Header: header, Body: []byte(text), NoRedirects: true, Limits: upstream.Limits{Total: deliveryTime}, MaxResponse: 4096,
	})
	if err != nil {
		return 0, "", err
	}
	said, err := response.ReadAll()
	return response.Status, string(said), err
}

// SignWebhook is the signature of a delivery: t=SECONDS,v1=HEX, of the seconds, a dot
// and the body.
func SignWebhook(secret string, at time.Time, body string) string {
	m := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(m, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(m.Sum(nil)))
}
