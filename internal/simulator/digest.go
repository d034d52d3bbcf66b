package simulator

import (
	"crypto/md5" // RFC 7616 names it
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const digestRealm = "simulated vendor"

// nonceUses is how often a nonce can be used; then it is stale.
const nonceUses = 20

// digest checks answers to its challenges (RFC 7616).
type digest struct {
	username, password string
	algorithms         []string // offered, the best in front
	qop                string   // "" for none

	mu     sync.Mutex     // guards nonces
	nonces map[string]int // the last count of each
}

func newDigest(way, username, password string) *digest {
	d := &digest{username: username, password: password, algorithms: []string{"SHA-256", "MD5"}, qop: "auth", nonces: map[string]int{}}
	switch way {
	case SignedDigestMD5:
		d.algorithms = []string{"MD5"}
	case SignedDigestInt:
		d.algorithms, d.qop = []string{"SHA-256"}, "auth-int"
	case SignedDigestOld:
		d.algorithms, d.qop = []string{"MD5"}, ""
	}
	return d
}

var digestField = regexp.MustCompile(`([A-Za-z*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))`)

// verify implements verifier.
func (d *digest) verify(r *http.Request, body []byte, _ time.Time) (http.Header, error) {
	list, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Digest ")
	if !ok {
		return d.challenge(false), errUnsigned
	}
	fields := map[string]string{}
	for _, match := range digestField.FindAllStringSubmatch(list, -1) {
		fields[strings.ToLower(match[1])] = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(match[2]) + match[3]
	}
	algorithm := fields["algorithm"]
	if algorithm == "" {
		algorithm = "MD5"
	}
	switch {
	case fields["username"] != d.username, fields["realm"] != digestRealm:
		return d.challenge(false), errors.New("the user is not known")
	case fields["uri"] != r.RequestURI:
		return d.challenge(false), errors.New("uri is not that of the request")
	case fields["qop"] != d.qop:
		return d.challenge(false), errors.New("qop is not the one that was offered")
	case !strings.Contains(" "+strings.Join(d.algorithms, " ")+" ", " "+algorithm+" "):
		return d.challenge(false), errors.New("the algorithm was not offered")
	}
	if fields["response"] != digestResponse(algorithm, d.password, r.Method, body, fields) {
		return d.challenge(false), errors.New("response is wrong")
	}
	return d.count(fields["nonce"], fields["nc"])
}

// count takes a nonce that was given out, each count once.
func (d *digest) count(nonce, count string) (http.Header, error) {
	d.mu.Lock()
	last, known := d.nonces[nonce]
	n, err := strconv.ParseUint(count, 16, 31)
	if d.qop == "" {
		n, err = uint64(last+1), nil
	}
	fresh := known && last < nonceUses
	if fresh && err == nil && int(n) > last {
		d.nonces[nonce] = int(n)
		d.mu.Unlock()
		return nil, nil
	}
	d.mu.Unlock()
	if !fresh {
		return d.challenge(true), errors.New("the nonce is stale")
	}
	return d.challenge(false), errReplayed
}

// challenge asks for a signature with a new nonce.
func (d *digest) challenge(stale bool) http.Header {
	nonce := rand.Text()
	d.mu.Lock()
	if len(d.nonces) >= maxMemory {
		clear(d.nonces)
	}
	d.nonces[nonce] = 0
	d.mu.Unlock()
	h := http.Header{}
	for _, algorithm := range d.algorithms {
		text := fmt.Sprintf(`Digest realm="%s", nonce="%s", opaque="simulator, opaque", algorithm=%s`, digestRealm, nonce, algorithm)
		if d.qop != "" {
			text += `, qop="` + d.qop + `"`
		}
		if stale {
			text += ", stale=true"
		}
		h.Add("Www-Authenticate", text)
	}
	return h
}

// digestResponse follows section 3.4.1; without a qop, RFC 2069 section 2.1.2.
func digestResponse(algorithm, password, method string, body []byte, f map[string]string) string {
	newHash := map[string]func() hash.Hash{"MD5": md5.New, "SHA-256": sha256.New}[algorithm]
	sum := func(text string) string {
		h := newHash()
		h.Write([]byte(text))
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	a1 := sum(f["username"] + ":" + f["realm"] + ":" + password)
	a2 := method + ":" + f["uri"]
	if f["qop"] == "auth-int" {
		a2 += ":" + sum(string(body))
	}
	if f["qop"] == "" {
		return sum(a1 + ":" + f["nonce"] + ":" + sum(a2))
	}
	return sum(a1 + ":" + f["nonce"] + ":" + f["nc"] + ":" + f["cnonce"] + ":" + f["qop"] + ":" + sum(a2))
}
