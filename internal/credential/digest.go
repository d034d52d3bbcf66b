package credential

import (
	"cmp"
	"container/list"
	"crypto/md5" // RFC 7616 names it
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/sinewhq/sinew/internal/upstream"
)

const (
	maxNonces      = 4096     // servers that are remembered, over all accounts
	maxNonceLength = 16 << 10 // of what a server makes us send back
	qopAuth        = "auth"
	qopAuthInt     = "auth-int"
)

// digest is HTTP Digest (RFC 7616, and RFC 2069 where a server knows nothing
// else). It remembers the last nonce of each account's server, so that only the
// first request is sent twice.
type digest struct {
	mu      sync.Mutex // guards what follows
	entries map[string]*list.Element
	order   *list.List // of *nonce, the one used last in front
}

func newDigest() *digest { return &digest{entries: map[string]*list.Element{}, order: list.New()} }

// nonce is what a server asked for.
type nonce struct {
	key string
	digestChallenge
	cnonce string // one for all its requests, which the session algorithms need
	count  int
}

// digestChallenge is a challenge that can be met.
type digestChallenge struct {
	realm, nonce, opaque, algorithm string
	qops                            []string
	userhash, utf8                  bool
}

// Attach implements Format. Without a challenge of the server the request goes
// out without a credential.
func (d *digest) Attach(r *upstream.Request, a Authorization) error {
	username, err := a.required("username")
	if err != nil {
		return err
	}
	if err := oneLine(username, a.text("password")); err != nil {
		return err
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" {
		return a.bad("cannot be used for this address")
	}
	r.Header.Del(headerAuthorization)
	n, known := d.next(nonceKey(u, a))
	if !known {
		return nil
	}
	value, err := n.answer(r, u, a)
	if err != nil {
		return err
	}
	return setHeader(r, headerAuthorization, value)
}

// Challenge implements Challenged. A server that refuses the first answer to its
// nonce refuses the password; a nonce that was good before may have run out,
// whether or not the server says that it is stale, or another call may have
// overtaken this one with a higher count. So no other call may use the new nonce
// until the server has taken its first answer.
func (d *digest) Challenge(r *upstream.Request, a Authorization, header http.Header) (accepted func(), err error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return nil, a.bad("cannot be used for this address")
	}
	c, stale, found := findDigest(header)
	if !found || r.Stream != nil {
		return nil, nil
	}
	sent := sentParameters(r.Header.Get(headerAuthorization))
	if sent["nonce"] != "" && !stale && strings.TrimLeft(sent["nc"], "0") == "1" {
		return nil, nil
	}
	n := &nonce{key: nonceKey(u, a), digestChallenge: c, cnonce: rand.Text(), count: 1}
	value, err := n.answer(r, u, a)
	if err != nil {
		return nil, err
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	return func() { d.remember(n) }, setHeader(r, headerAuthorization, value)
}

func nonceKey(u *url.URL, a Authorization) string {
	return strings.Join([]string{a.Account, strings.ToLower(u.Scheme), strings.ToLower(u.Host), a.text("username")}, "\n")
}

// sentParameters reads the answer that a request went out with.
func sentParameters(authorization string) map[string]string {
	for _, c := range parseChallenges(http.Header{"Www-Authenticate": {authorization}}) {
		if c.scheme == "digest" {
			return c.params
		}
	}
	return nil
}

// findDigest returns the first challenge that can be met, which by section 3.7
// is the one that the server likes best.
func findDigest(header http.Header) (c digestChallenge, stale, found bool) {
	for _, offered := range parseChallenges(header) {
		p := offered.params
		c = digestChallenge{
			realm: p["realm"], nonce: p["nonce"], opaque: p["opaque"], algorithm: p["algorithm"],
			userhash: strings.EqualFold(p["userhash"], "true"), utf8: strings.EqualFold(p["charset"], "utf-8"),
		}
		for qop := range strings.SplitSeq(p["qop"], ",") {
			if qop = strings.ToLower(strings.TrimSpace(qop)); qop != "" {
				c.qops = append(c.qops, qop)
			}
		}
		_, _, known := digestHash(c.algorithm)
		usable := len(c.qops) == 0 || slices.Contains(c.qops, qopAuth) || slices.Contains(c.qops, qopAuthInt)
		if offered.scheme == "digest" && c.nonce != "" && known && usable && len(c.nonce)+len(c.opaque)+len(c.realm) <= maxNonceLength {
			return c, strings.EqualFold(p["stale"], "true"), true
		}
	}
	return digestChallenge{}, false, false
}

// digestHash returns the hash of an algorithm, and whether it is that of a
// session.
func digestHash(algorithm string) (newHash func() hash.Hash, session, known bool) {
	name, session := strings.CutSuffix(strings.ToLower(algorithm), "-sess")
	switch name {
	case "", "md5":
		return md5.New, session, true
	case "sha-256":
		return sha256.New, session, true
	case "sha-512-256":
		return sha512.New512_256, session, true
	}
	return nil, false, false
}

// answer returns the Authorization header for a request.
func (n nonce) answer(r *upstream.Request, u *url.URL, a Authorization) (string, error) {
	newHash, session, _ := digestHash(n.algorithm)
	sum := func(parts ...string) string {
		h := newHash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	username, uri, count := a.text("username"), u.RequestURI(), fmt.Sprintf("%08x", n.count)
	a1 := sum(username, n.realm, a.text("password"))
	if session {
		a1 = sum(a1, n.nonce, n.cnonce)
	}
	a2 := []string{strings.ToUpper(cmp.Or(r.Method, http.MethodGet)), uri}
	qop := ""
	switch {
	case slices.Contains(n.qops, qopAuth):
		qop = qopAuth
	case slices.Contains(n.qops, qopAuthInt):
		if r.Stream != nil {
			return "", a.bad("cannot sign a body that is streamed, as the server wants it")
		}
		qop, a2 = qopAuthInt, append(a2, sum(string(r.Body)))
	}
	response := sum(a1, n.nonce, sum(a2...))
	if qop != "" {
		response = sum(a1, n.nonce, count, n.cnonce, qop, sum(a2...))
	}
	out := "Digest " + n.user(username, sum)
	for _, p := range []parameter{{"realm", n.realm}, {"nonce", n.nonce}, {"uri", uri}, {"response", response}} {
		out += ", " + p.name + `="` + quotedText(p.value) + `"`
	}
	if n.algorithm != "" {
		out += ", algorithm=" + n.algorithm
	}
	if qop != "" {
		out += ", qop=" + qop + ", nc=" + count + `, cnonce="` + n.cnonce + `"`
	}
	if n.opaque != "" {
		out += `, opaque="` + quotedText(n.opaque) + `"`
	}
	return out, nil
}

// user returns the parameter that names the user (section 3.4.4).
func (n nonce) user(username string, sum func(...string) string) string {
	switch {
	case n.userhash:
		return `username="` + sum(username, n.realm) + `", userhash=true`
	case n.utf8 && strings.ContainsFunc(username, func(r rune) bool { return r > '~' }):
		return "username*=UTF-8''" + percent(username)
	}
	return `username="` + quotedText(username) + `"`
}

// next counts a nonce up and returns it.
func (d *digest) next(key string) (nonce, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	element := d.entries[key]
	if element == nil {
		return nonce{}, false
	}
	d.order.MoveToFront(element)
	n := element.Value.(*nonce)
	n.count++
	return *n, true
}

func (d *digest) remember(n *nonce) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if element := d.entries[n.key]; element != nil {
		element.Value = n
		d.order.MoveToFront(element)
		return
	}
	d.entries[n.key] = d.order.PushFront(n)
	if d.order.Len() > maxNonces {
		oldest := d.order.Back()
		delete(d.entries, oldest.Value.(*nonce).key)
		d.order.Remove(oldest)
	}
}
