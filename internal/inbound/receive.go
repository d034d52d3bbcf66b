package inbound

import (
	"context"
	"net/http"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// CodeRefused is what the sender of a delivery that is not genuine learns: nothing
// more.
const CodeRefused = "webhook_refused"

// maxUnverified bounds the body of a delivery without a signature that
// handle_verification looks at, in bytes: handshakes are small.
const maxUnverified = 64 << 10

// ToAccount takes a delivery to the address of an account. NotFound when there is no
// such address, Unauthenticated when the delivery is not genuine. When it returns a
// reply, the delivery is in the inbox, or was a handshake.
func (s *Service) ToAccount(ctx context.Context, id string, in sinew.InboundRequest) (Reply, error) {
	r, err := newRequest(in)
	if err != nil {
		return Reply{}, err
	}
	if !sinew.IsUUID(id) {
		return Reply{}, unknown()
	}
	environmentID, err := s.store.InboundAccount(ctx, id)
	if err != nil {
		return Reply{}, orUnknown(err)
	}
	t, err := s.accountTarget(ctx, environmentID, id)
	if err != nil {
		return Reply{}, orUnknown(err)
	}
	checked, refusal := t.hook.verify(ctx, r, t.root)
	return s.receive(ctx, r, t, []verified{{t, checked, refusal}})
}

// ToInstallation takes a delivery to the address of an installation: for the accounts
// that its content names. Errors are those of ToAccount.
func (s *Service) ToInstallation(ctx context.Context, id string, in sinew.InboundRequest) (Reply, error) {
	r, err := newRequest(in)
	if err != nil {
		return Reply{}, err
	}
	if !sinew.IsUUID(id) {
		return Reply{}, unknown()
	}
	environmentID, err := s.store.InboundInstallation(ctx, id)
	if err != nil {
		return Reply{}, orUnknown(err)
	}
	base, err := s.installationTarget(ctx, environmentID, id)
	if err != nil {
		return Reply{}, orUnknown(err)
	}
	held, err := s.route(ctx, r, base)
	if err != nil {
		return Reply{}, err
	}
	return s.receive(ctx, r, base, held)
}

// orUnknown says of a row that has gone the same as of one that never was.
func orUnknown(err error) error {
	if sinew.IsNotFound(err) && codeOf(err) == "" {
		return unknown()
	}
	return err
}

// verified is a target with what its signature says of a delivery.
type verified struct {
	*target
	checked bool
	refusal *Refusal
}

// route finds the accounts of a delivery to an installation. Where the secrets of the
// installation are enough to see that it is not genuine, nothing is looked up; where
// they belong to the accounts, each account's own have the word.
func (s *Service) route(ctx context.Context, r *Request, base *target) ([]verified, error) {
	checked, refusal := base.hook.verify(ctx, r, base.root)
	own := verified{base, checked, refusal}
	if base.hook.lookup.field == "" || refusal != nil && refusal.Code != CodeSecretMissing {
		return []verified{own}, nil
	}
	values, err := base.hook.values(ctx, s, r)
	if err != nil || len(values) == 0 {
		return []verified{own}, nil //nolint:nilerr // a delivery that names nobody goes to the inbox of the installation
	}
	ids, err := s.store.AccountsByContext(ctx, base.installationID(), base.hook.lookup.field, values, maxValues)
	if err != nil {
		return nil, err
	}
	held, err := s.hold(ctx, r, base, ids)
	if err != nil || len(held) == 0 {
		return []verified{own}, err
	}
	return held, nil
}

// hold holds a delivery against the signature of each of some accounts.
func (s *Service) hold(ctx context.Context, r *Request, base *target, ids []string) (held []verified, err error) {
	for _, id := range ids {
		t, err := s.accountTarget(ctx, base.environmentID(), id)
		if sinew.IsNotFound(err) {
			continue // gone since, or its own definition takes none
		}
		if err != nil {
			return nil, err
		}
		checked, refusal := t.hook.verify(ctx, r, t.root)
		held = append(held, verified{t, checked, refusal})
	}
	return held, nil
}

// receive does with a delivery what its signature allows.
func (s *Service) receive(ctx context.Context, r *Request, base *target, held []verified) (Reply, error) {
	var genuine []verified
	for _, v := range held {
		if v.refusal == nil {
			genuine = append(genuine, v)
		}
	}
	if reply, ok, err := s.handshake(ctx, r, base, genuine); ok || err != nil {
		if ok {
			s.metrics.CountInbound(outcomeHandshake, 1)
		}
		return reply, err
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return Reply{}, sinew.Errorf(sinew.KindNotAllowed, "This is no handshake, and deliveries come by POST").WithCode("method_not_allowed")
	}
	if len(genuine) == 0 {
		first := held[0]
		s.noteRefusal(ctx, r, first.target, first.refusal)
		return Reply{}, sinew.Errorf(sinew.KindUnauthenticated, "The delivery is not signed as it should be").WithCode(CodeRefused)
	}
	return s.accept(ctx, r, genuine)
}

// accept writes a delivery to the inbox of each account that it is for. Limited when it is
// beyond what one of them may get: the others have it, and do not get it twice when it
// comes again.
func (s *Service) accept(ctx context.Context, r *Request, genuine []verified) (Reply, error) {
	var longest time.Duration
	arrivals := make([]sinew.InboundArrival, 0, len(genuine))
	for _, v := range genuine {
		a := s.arrival(ctx, r, v)
		if over := s.quotas.take(a.Scope(), a.Size, time.Now()); over > 0 {
			s.noteRefusal(ctx, r, v.target, s.quotas.overQuota())
			longest = max(longest, over)
			continue
		}
		arrivals = append(arrivals, a)
	}
	if len(arrivals) > 0 {
		fresh, err := s.store.AcceptInbound(ctx, arrivals)
		if err != nil {
			return Reply{}, orUnknown(err)
		}
		s.metrics.CountInbound(string(arrivals[0].Status), fresh)
		s.metrics.CountInbound(outcomeDuplicate, len(arrivals)-fresh)
	}
	if longest > 0 {
		return Reply{}, limited(longest)
	}
	return Reply{Status: http.StatusOK}, nil
}

// arrival is a delivery for the inbox.
func (s *Service) arrival(ctx context.Context, r *Request, v verified) sinew.InboundArrival {
	now := s.store.Now()
	key, lasts := v.hook.key(ctx, r, s.kept)
	a := sinew.InboundArrival{
		InboundWebhook: newWebhook(r, v.target, sinew.InboundReceived, now),
		Key:            key, KeyUntil: now.Add(lasts),
	}
	a.Verified, a.Request = v.checked, &r.InboundRequest
	if v.record.ID == "" {
		a.Status, a.Code, a.Reason = sinew.InboundUnrouted, "account_unknown", "no account of the installation is the one that the delivery names"
		if v.hook.lookup.field == "" {
			a.Reason = "the definition does not say how accounts are told apart: context_lookup_field_name and context_lookup_field_value"
		}
	}
	return a
}

// handshake answers a handshake; ok is false for any other delivery. Of one without a
// good signature nothing else is looked at.
func (s *Service) handshake(ctx context.Context, r *Request, base *target, genuine []verified) (reply Reply, ok bool, err error) {
	t := base
	if len(genuine) > 0 {
		t = genuine[0].target
	}
	h := t.hook
	if h.handle == nil || h.broken != nil || len(genuine) == 0 && (h.signedHandshake || len(r.Body) > maxUnverified) {
		return reply, false, nil
	}
	more := t.more()
	if secret, ok := h.secret(t.root); ok {
		more["secret"] = secret
	}
	in, _, err := h.shape(ctx, r.shaped(), more)
	if err != nil {
		return reply, false, ctx.Err() // said by the job, of those that are genuine
	}
	v, err := h.judge(ctx, in, more)
	if err != nil || v.kind != verdictVerify {
		return reply, false, ctx.Err()
	}
	if t.record.ID != "" && v.patch.Exists() {
		signed := len(genuine) > 0 && genuine[0].checked
		if err := s.learn(ctx, t, v.patch, signed); err != nil {
			return reply, false, err
		}
	}
	return v.reply, true, nil
}

// learn keeps what a handshake brings. Without a signature that is no more than what
// the definition lists, and only what the account does not have yet: the first one to
// say it has it.
func (s *Service) learn(ctx context.Context, t *target, patch jsonx.Value, signed bool) error {
	if !signed {
		allowed := jsonx.NewBuilder(len(t.hook.mayLearn))
		for _, name := range t.hook.mayLearn {
			if value := patch.Get(name); value.Exists() && !value.IsNull() && !t.root.Get(name).Exists() {
				allowed.Set(name, value)
			}
		}
		patch = allowed.Value()
	}
	if patch.Len() == 0 {
		return nil
	}
	return s.accounts.Remember(ctx, actor(t.environmentID()), t.record.ID, patch, sinew.EventAccountUpdated)
}

// secret is the first secret of the signature, for handshakes whose answer is a digest
// with it.
func (h *hook) secret(root jsonx.Value) (jsonx.Value, bool) {
	v, ok := h.verifier.(*keyedDigest)
	if !ok {
		return jsonx.Value{}, false
	}
	known, refusal := v.secrets.values(root)
	if refusal != nil {
		return jsonx.Value{}, false
	}
	return jsonx.StringValue(string(known[0])), true
}
