package inbound_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// forgeries is how many deliveries each scheme is tried with.
const forgeries = 500

// TestForgedDeliveriesHaveNoEffect is W6: of each scheme, deliveries that somebody
// without the secret could make, or that were changed on their way, are refused, and
// nothing is written; odd ones that are genuine all the same are taken.
func TestForgedDeliveriesHaveNoEffect(t *testing.T) {
	t.Parallel()
	keys := newPrivateKeys(t)
	for n, s := range schemes(t, keys) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			f := &forger{t: t, scheme: s, random: rand.New(rand.NewPCG(uint64(n), 6))}
			service, box := newService(t, s.verification, s.context)
			box.published = s.published
			began, genuine := time.Now(), f.genuine(0, 0)
			f.base = genuine
			if !genuine.taken(t, service) {
				t.Fatalf("a genuine delivery is refused: %+v", box.refused)
			}
			taken := 1
			for name, d := range f.odd() {
				if !d.taken(t, service) {
					t.Errorf("odd, and genuine: %s is refused: %+v", name, box.refused)
				}
				taken++
			}
			tried := 0
			for name, d := range f.handwritten() {
				tried++
				if d.taken(t, service) {
					t.Errorf("%s is taken: %v", name, d)
					taken++
				}
			}
			for ; tried < forgeries; tried++ {
				name, d := f.mutated()
				if d.taken(t, service) {
					t.Errorf("%s is taken:\n%v\n%v", name, d, genuine)
					taken++
				}
			}
			if len(box.accepted) != taken || len(box.learned) != 0 {
				t.Errorf("%d deliveries were written of %d taken, and the context learnt %v", len(box.accepted), taken, box.learned)
			}
			if n := len(box.refused); n == 0 || n > 1+int(time.Since(began)/time.Second) {
				t.Errorf("%d refusals were written in %v, want one a second", n, time.Since(began))
			}
		})
	}
}

// forger makes deliveries of a scheme.
type forger struct {
	t      *testing.T
	scheme scheme
	random *rand.Rand
	base   delivery // a genuine one
}

func (f *forger) genuine(key int, off time.Duration) delivery {
	d := newDelivery(f.scheme.body)
	f.scheme.sign(&d, key, time.Now().Add(off))
	return d
}

// odd are deliveries that look wrong and are not.
func (f *forger) odd() map[string]delivery {
	d := f.genuine(0, 0)
	all := map[string]delivery{"more header fields": d.with("X-Other", "1")}
	typeless := d.clone()
	typeless.header.Del("Content-Type")
	if !strings.Contains(f.scheme.name, "form") {
		all["no content type"] = typeless
	}
	if f.scheme.clocked {
		all["a slow clock"], all["a fast clock"] = f.genuine(0, -50*time.Second), f.genuine(0, 50*time.Second)
	}
	if !f.scheme.signsBody && !f.scheme.signsURL {
		other := d.clone()
		other.body = "{}"
		all["another body, which is not signed"] = other
	}
	if value := d.header.Get("X-Hub-Signature-256"); value != "" {
		all["upper-case hex"] = d.with("X-Hub-Signature-256", "sha256="+strings.ToUpper(value[7:]))
		all["without its prefix"] = d.with("X-Hub-Signature-256", value[7:])
	}
	if value := d.header.Get("X-Slack-Signature"); value != "" {
		all["without its prefix"] = d.with("X-Slack-Signature", value[3:])
	}
	if value := d.header.Get("Stripe-Signature"); value != "" {
		all["a comma behind it"] = d.with("Stripe-Signature", value+",")
	}
	if value := d.header.Get("X-Trello-Webhook"); value != "" {
		all["without padding"] = d.with("X-Trello-Webhook", strings.TrimRight(value, "="))
	}
	return all
}

// handwritten are the tricks that people know.
func (f *forger) handwritten() map[string]delivery {
	d := f.genuine(0, 0)
	all := map[string]delivery{"another secret": f.genuine(1, 0), "nothing": newDelivery(f.scheme.body), "nothing at all": {url: address, method: "POST", header: http.Header{}}}
	if !strings.Contains(f.scheme.name, "ed25519") && !strings.Contains(f.scheme.name, "rsa") && !strings.Contains(f.scheme.name, "ecdsa") && !strings.Contains(f.scheme.name, "S256 of a") && !strings.Contains(f.scheme.name, "RS256") && !strings.Contains(f.scheme.name, "EdDSA") {
		all["the empty secret"] = f.genuine(2, 0)
	}
	learns := d.clone()
	learns.body = `{"learn":true}`
	if f.scheme.signsBody || f.scheme.signsURL {
		all["what the context is to learn"] = learns
	}
	for name := range f.scheme.digests {
		value := d.header.Get(name)
		before, digest := value[:f.scheme.digests[name]], value[f.scheme.digests[name]:]
		for kind, other := range map[string]string{
			"absent": "", "a space": " ", "twice in one": value + digest, "null": "null", "undefined": "undefined", "true": "true", "0": "0",
			"of zeros": strings.Repeat("0", len(value)), "a wildcard": "*", "an array": "[]", "its template": "{{webhook_secret}}", "its token": "$header." + name,
			"NUL behind it": value + "\x00", "huge": strings.Repeat("a", 60_000), "not UTF-8": "\xff\xfe", "behind another": before + "00" + digest,
		} {
			all[name+": "+kind] = d.with(name, other)
		}
		gone := d.clone()
		gone.header.Del(name)
		all[name+": gone"] = gone
		for i, values := range [][]string{{value, "x"}, {"x", value}, {value + "x", value}, {"", value}} {
			double := d.clone()
			double.header[http.CanonicalHeaderKey(name)] = values
			all[fmt.Sprintf("%s: two of them, %d", name, i)] = double
		}
	}
	if f.scheme.clocked {
		for _, off := range []time.Duration{-time.Hour, time.Hour, -8 * time.Minute, 8 * time.Minute, -24 * 365 * time.Hour, 24 * 365 * 20 * time.Hour} {
			all["sent "+off.String()+" from now"] = f.genuine(0, off)
		}
	}
	if f.scheme.signsURL {
		for i, address := range []string{address, address + "?tenant=2", "http" + strings.TrimPrefix(d.url, "https"), d.url + "&x=1", d.url + "#", strings.ToUpper(d.url)} {
			other := d.clone()
			other.url = address
			all[fmt.Sprintf("another address, %d", i)] = other
		}
	}
	if f.scheme.signsMethod {
		other := d.clone()
		other.method = "PUT"
		all["another method"] = other
	}
	if f.scheme.always != nil {
		for name, d := range f.scheme.always(d, time.Now()) {
			all[name] = d
		}
	}
	return all
}

// mutated changes a genuine delivery in one place that means something.
func (f *forger) mutated() (name string, d delivery) {
	d = f.base.clone()
	if (f.scheme.signsBody || f.scheme.signsURL) && f.random.IntN(2) == 0 {
		return f.otherBody(d)
	}
	names := make([]string, 0, len(f.scheme.digests))
	for name := range f.scheme.digests {
		names = append(names, name)
	}
	name = names[f.random.IntN(len(names))]
	from := f.scheme.digests[name]
	value := d.header.Get(name)
	end := len(strings.TrimRight(value, "="))
	at := from + f.random.IntN(end-from)
	switch f.random.IntN(4) {
	case 0:
		return name + " cut", d.with(name, value[:at])
	case 1:
		return name + " longer", d.with(name, value[:at]+string(f.other(value[at]))+value[at:])
	case 2:
		return name + " shorter", d.with(name, value[:at]+value[at+1:])
	}
	return name + " changed", d.with(name, value[:at]+string(f.other(value[at]))+value[at+1:])
}

// other is a character that means another thing: neither the other case of a
// hexadecimal digit, nor the same in the other alphabet of base64.
func (f *forger) other(c byte) byte {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for {
		if other := alphabet[f.random.IntN(len(alphabet))]; !strings.EqualFold(string(other), string(c)) {
			return other
		}
	}
}

func (f *forger) otherBody(d delivery) (name string, _ delivery) {
	at := f.random.IntN(len(d.body))
	was := d.body
	switch f.random.IntN(6) {
	case 0:
		d.body = d.body[:at]
	case 1:
		d.body = d.body[:at] + string(rune('a'+f.random.IntN(26))) + d.body[at:]
	case 2:
		d.body += "x"
	case 3:
		d.body = "x" + d.body
	case 4:
		d.body = d.body[:at] + string(d.body[at]^(1<<f.random.IntN(7))) + d.body[at+1:]
	case 5:
		d.body = d.body[at:] + d.body[:at] + "x"
	}
	if d.body == was || strings.Contains(f.scheme.name, "form") && sameForm(d.body, was) {
		d.body = "another=1"
	}
	return "the body", d
}

// sameForm reports whether two forms say the same to a scheme that puts names and
// values one behind the other: that a=bc is ab=c is its own weakness.
func sameForm(a, b string) bool { return formText(a) == formText(b) }
