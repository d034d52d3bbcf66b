package inbound

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// hidden stands for a secret.
const hidden = "[hidden]"

// mask takes the secrets out of a delivery: header fields and parameters that are
// credentials by their name, and whatever is a secret of the account or of what it
// hangs on. Signatures stay, since they are what one looks for.
func (s *Service) mask(ctx context.Context, w *sinew.InboundWebhook) error {
	record, err := s.recordOf(ctx, w)
	if err != nil {
		return err
	}
	clean := func(text string) string { return proxy.Redact(record, jsonx.StringValue(text)).Str() }
	r := *w.Request
	header := make(http.Header, len(r.Header))
	for name, values := range r.Header {
		for _, value := range values {
			if credentialName(name) {
				value = hidden
			}
			header[name] = append(header[name], clean(strings.ToValidUTF8(value, "\uFFFD")))
		}
	}
	r.Header, r.URL = header, clean(maskQuery(r.URL))
	r.Body = maskBody(record, r)
	w.Request = &r
	return nil
}

func maskBody(record *sinew.AccountRecord, r sinew.InboundRequest) []byte {
	if body, err := jsonx.Parse(r.Body); err == nil {
		if masked := proxy.Redact(record, body); !jsonx.Equal(masked, body) {
			return masked.Bytes()
		}
		return r.Body // as it came, down to its spaces
	}
	if !jsonx.ValidText(string(r.Body)) {
		return r.Body
	}
	return []byte(proxy.Redact(record, jsonx.StringValue(string(r.Body))).Str())
}

// recordOf is the account of a delivery, or its installation.
func (s *Service) recordOf(ctx context.Context, w *sinew.InboundWebhook) (*sinew.AccountRecord, error) {
	if w.AccountID == "" {
		r, err := s.store.UnconnectedAccount(ctx, w.EnvironmentID, w.EnvironmentIntegrationID)
		return &r, err
	}
	var opened *account.Opened
	opened, err := s.accounts.ForCall(ctx, actor(w.EnvironmentID), w.AccountID)
	if err != nil {
		return nil, err
	}
	return &opened.Record, nil
}

func credentialName(name string) bool {
	return definition.SecretName(name) && !strings.HasSuffix(strings.ToLower(name), "signature")
}

// maskQuery hides the parameters that are credentials by their name.
func maskQuery(address string) string {
	path, query, ok := strings.Cut(address, "?")
	if !ok {
		return address
	}
	parts := strings.Split(query, "&")
	for i, p := range parts {
		name, _, _ := strings.Cut(p, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil || credentialName(plain) {
			parts[i] = name + "=" + hidden
		}
	}
	return path + "?" + strings.Join(parts, "&")
}
