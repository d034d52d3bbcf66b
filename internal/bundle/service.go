package bundle

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Moments show an environment as it is at one moment, for as long as read runs, to
// one goroutine.
type Moments interface {
	AtOneMoment(ctx context.Context, environmentID string, read func(sinew.Environment, Source, Portables) error) error
}

// Auditor keeps who has taken credentials out, or brought them in.
type Auditor interface {
	WriteAudit(ctx context.Context, entry sinew.AuditEntry) error
	Now() time.Time
}

// Service exports and imports environments, with an audit entry each. It is safe for
// concurrent use.
type Service struct {
	moments  Moments
	target   Target
	accounts Restorer
	audit    Auditor
	signer   Signer
}

// NewService returns a service whose exports are signed by signer.
func NewService(moments Moments, target Target, accounts Restorer, audit Auditor, signer Signer) *Service {
	return &Service{moments, target, accounts, audit, signer}
}

// Signer is the public key that exports are signed with.
func (s *Service) Signer() string { return s.signer.Public() }

// Export writes an environment with all its credentials, encrypted to the holder of a
// public key of age. by is who asks. What out has got is a bundle only if there is no
// error. Invalid for a recipient that is none.
func (s *Service) Export(ctx context.Context, e sinew.Environment, by, recipient string, out io.Writer) (counts map[string]int, err error) {
	recipients, err := ParseRecipients(recipient)
	if err != nil {
		return nil, err
	}
	err = s.moments.AtOneMoment(ctx, e.ID, func(e sinew.Environment, source Source, accounts Portables) (err error) {
		counts, err = Export(ctx, e, source, accounts, out, recipients, s.signer)
		return err
	})
	if err != nil {
		return nil, err
	}
	return counts, s.note(ctx, e, by, "environment.export", "recipient", recipient)
}

// AnySigner stands for a signer that is not asked about.
const AnySigner = "any"

// Import fills an empty environment from a bundle. signer is the public key of the
// installation that it must come from, "" for this one. by is who asks. Forbidden when
// another one has signed it; see the function Import for the rest.
func (s *Service) Import(ctx context.Context, e sinew.Environment, by string, in io.ReadSeeker, identity, signer string) (Checked, error) {
	identities, err := ParseIdentities(strings.NewReader(identity))
	if err != nil {
		return Checked{}, err
	}
	if signer == "" {
		signer = s.Signer()
	}
	return Import(ctx, e, s.target, s.accounts, in, identities, func(b Checked) error {
		if signer != AnySigner && b.Signer != signer {
			return sinew.Errorf(sinew.KindForbidden, "The bundle is signed by %s, which is not who was expected; name the signer if you trust it", b.Signer).WithCode(CodeSigner)
		}
		return s.note(ctx, e, by, "environment.import", "signer", b.Signer)
	})
}

// note says that all credentials of an environment have left, or come.
func (s *Service) note(ctx context.Context, e sinew.Environment, by, action, name, value string) error {
	detail := jsonx.ObjectValue(jsonx.Member{Name: name, Value: jsonx.StringValue(value)})
	return s.audit.WriteAudit(ctx, sinew.AuditEntry{
		EnvironmentID: e.ID, Actor: by, Action: action, Subject: e.ID, Detail: sinew.JSON(detail.String()), CreatedAt: s.audit.Now(),
	})
}
