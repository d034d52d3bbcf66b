package credential

import (
	"net/http"

	"github.com/sinewhq/sinew/internal/upstream"
)

// mutualTLS shows a client certificate, and attaches a further authorization
// beside it where the vendor wants both.
type mutualTLS struct{ formats Formats }

// Attach implements Format.
func (m mutualTLS) Attach(r *upstream.Request, a Authorization) error {
	certificate, err := a.required("certificate")
	if err != nil {
		return err
	}
	key, err := a.required("private_key")
	if err != nil {
		return err
	}
	r.Identity = &upstream.Identity{Certificate: normalPEM(certificate), PrivateKey: normalPEM(key)}
	if ca := a.text("ca"); ca != "" {
		r.Identity.CA = normalPEM(ca)
	}
	inner, ok := m.inner(a)
	if !ok {
		return nil
	}
	return m.formats.Attach(r, inner)
}

// Challenge implements Challenged for the authorization beside it.
func (m mutualTLS) Challenge(r *upstream.Request, a Authorization, header http.Header) (accepted func(), err error) {
	if inner, ok := m.inner(a); ok {
		return m.formats.Challenge(r, inner, header)
	}
	return nil, nil
}

func (m mutualTLS) inner(a Authorization) (inner Authorization, ok bool) {
	v := a.Config.Get("authorization")
	inner = Authorization{Format: v.Get("format").Str(), Config: v.Get("config"), Account: a.Account}
	return inner, inner.Format != "" && inner.Format != a.Format
}
