package inbound

import (
	"errors"

	"github.com/sinewhq/sinew"
)

// Metrics counts deliveries.
type Metrics interface {
	// CountInbound counts deliveries with an outcome: received, unrouted, duplicate,
	// handshake, processed or failed.
	CountInbound(outcome string, n int)
	// RefuseInbound counts one that was not taken, and why: a code.
	RefuseInbound(reason string)
}

// The outcomes that are counted beside the statuses of deliveries.
const (
	outcomeDuplicate = "duplicate"
	outcomeHandshake = "handshake"
)

// uncounted is the Metrics of nobody.
type uncounted struct{}

func (uncounted) CountInbound(string, int) {}
func (uncounted) RefuseInbound(string)     {}

// NoteFailure counts a delivery that was answered with an error. What the inbox says of
// those that are not genuine is counted where that is known.
func (s *Service) NoteFailure(err error) {
	reason := string(sinew.KindOf(err))
	if known, ok := errors.AsType[*sinew.Error](err); ok && known.Code != "" {
		reason = known.Code
	}
	if reason != CodeRefused && reason != CodeLimited {
		s.metrics.RefuseInbound(reason)
	}
}
