package proxy

import (
	"context"
	"fmt"
	"net/http"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/upstream"
)

// The headers of the static gate's protocol (spec 04 section 8). The last one is
// ours: it asks the gate to hand redirects back, in the words of the Fetch
// standard.
const (
	headerGateToken     = "Truto-StaticGate-Token"
	headerGateTarget    = "Truto-Target-URL"
	headerGateRedirects = "Truto-Redirect"
)

// CodeGateRefused says that a static gate does not take its token.
const CodeGateRefused = "static_gate_refused"

// throughGate sends a request through the account's static gate, which forwards
// it. Its token is no part of the request, so that no redirect takes it along.
func (c *call) throughGate(ctx context.Context, request *upstream.Request) (*upstream.Request, error) {
	r := c.account
	if r.StaticGateID == "" {
		return request, nil
	}
	gate, token, err := c.service.gates.StaticGateToken(ctx, r.EnvironmentID, r.StaticGateID)
	if err != nil {
		return nil, fmt.Errorf("static gate of account %s: %w", r.ID, err)
	}
	header := http.Header{}
	header.Set(headerGateToken, token)
	header.Set(headerGateRedirects, "manual")
	request.Gate = &upstream.Gate{URL: "https://" + gate.Domain + "/", Target: headerGateTarget, Header: header}
	return request, nil
}

// checkGate returns an error when a 401 was the gate's own, which says nothing of
// the account: such an answer looks like a vendor's. The gate is asked for what
// needs no vendor, its own health page, in the form of a call. Whatever comes of
// that, a gate that takes the token does not answer 401 to it.
func (c *call) checkGate(ctx context.Context, request *upstream.Request, response *upstream.Response) error {
	if request.Gate == nil || response.Status != http.StatusUnauthorized {
		return nil
	}
	probe := &upstream.Request{Method: http.MethodGet, URL: request.Gate.URL + "up", Header: http.Header{}, Limits: request.Limits, Gate: request.Gate}
	health, err := c.service.sender.Do(ctx, probe)
	if err != nil {
		return nil //nolint:nilerr // nothing is known, and the vendor's answer stands
	}
	defer health.Body.Close()
	if health.Status != http.StatusUnauthorized {
		return nil
	}
	return sinew.Errorf(sinew.KindUpstream, "The static gate %s of this account refuses its token; the call did not reach the vendor", c.account.StaticGateID).WithCode(CodeGateRefused)
}
