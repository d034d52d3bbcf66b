package inbound_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// scheme is a way to sign, written from the documents of a vendor that uses it.
type scheme struct {
	name string
	// verification is the signature_verification of the definition, and context that of
	// the account.
	verification, context string
	published             string
	body                  string
	// sign makes a delivery genuine, by a secret or a private key: 0 is the one that
	// the definition knows. at is its time.
	sign func(d *delivery, key int, at time.Time)
	// digests name the header fields whose text means something to the last
	// character, and where that begins.
	digests map[string]int
	// clocked says that a time is signed; signsBody, signsURL and signsMethod what else
	// is.
	clocked, signsBody, signsURL, signsMethod bool
	// always are deliveries that are refused whoever makes them.
	always func(d delivery, at time.Time) map[string]delivery
}

func keyed(h func() hash.Hash, secret, text string) []byte {
	m := hmac.New(h, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func secretNumber(key int) string { return []string{"s3cret-one", "s3cret-two", ""}[key%3] }

func seconds(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// privateKeys are made once for all tests of this package.
type privateKeys struct {
	rsa     [2]*rsa.PrivateKey
	ecdsa   [2]*ecdsa.PrivateKey
	ed25519 [2]ed25519.PrivateKey
}

func newPrivateKeys(t testing.TB) privateKeys {
	t.Helper()
	k, err := sharedKeys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sharedKeys makes them: those of RSA take a while.
var sharedKeys = sync.OnceValues(func() (k privateKeys, err error) {
	for i := range 2 {
		var errs [3]error
		k.rsa[i], errs[0] = rsa.GenerateKey(rand.Reader, 2048)
		k.ecdsa[i], errs[1] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		_, k.ed25519[i], errs[2] = ed25519.GenerateKey(rand.Reader)
		err = errors.Join(err, errors.Join(errs[:]...))
	}
	return k, err
})

func pemOf(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func schemes(t testing.TB, k privateKeys) []scheme {
	t.Helper()
	const body = `{"type":"ticket.updated","id":42,"text":"Grüße"}`
	all := []scheme{
		{
			name:         "hmac, hex with a prefix",
			verification: `{"format":"hmac","config":{"algorithm":"sha256","secret":"{{webhook_secret}}","parts":["$body"],"compare_with":"$header.x-hub-signature-256"}}`,
			sign: func(d *delivery, key int, _ time.Time) {
				d.header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(keyed(sha256.New, secretNumber(key), d.body)))
			},
			digests: map[string]int{"X-Hub-Signature-256": len("sha256=")}, signsBody: true,
		},
		{
			name:         "hmac, with a timestamp",
			verification: `{"format":"hmac","config":{"secret":"{{webhook_secret}}","parts":["v0:","$header.x-slack-request-timestamp",":","$body"],"compare_with":"v0=$header.x-slack-signature","timestamp":"$header.x-slack-request-timestamp"}}`,
			sign: func(d *delivery, key int, at time.Time) {
				d.header.Set("X-Slack-Request-Timestamp", seconds(at))
				d.header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(keyed(sha256.New, secretNumber(key), "v0:"+seconds(at)+":"+d.body)))
			},
			digests: map[string]int{"X-Slack-Signature": len("v0="), "X-Slack-Request-Timestamp": 0}, signsBody: true, clocked: true,
		},
		{
			name:         "hmac, in a list of key=value",
			verification: `{"format":"hmac","config":{"secret":["{{environment_variables.SECRET}}","{{webhook_secret}}"],"parts":["$header.stripe-signature:t",".","$body"],"compare_with":"$header.stripe-signature:v1","timestamp":"$header.stripe-signature:t"}}`,
			sign: func(d *delivery, key int, at time.Time) {
				mac := hex.EncodeToString(keyed(sha256.New, secretNumber(key), seconds(at)+"."+d.body))
				d.header.Set("Stripe-Signature", "t="+seconds(at)+",v0="+strings.Repeat("0", 64)+",v1="+strings.Repeat("f", 64)+",v1="+mac)
			},
			digests: map[string]int{"Stripe-Signature": len("t=1795350000,v0=,v1=,v1=") + 128}, signsBody: true, clocked: true,
		},
		{
			name:         "hmac, sha1 in base64 of body and address",
			verification: `{"format":"hmac","config":{"algorithm":"hmac-sha1","secret":"{{webhook_secret}}","string_type":"base64","parts":["$body","$url"],"compare_with":"$header.x-trello-webhook"}}`,
			sign: func(d *delivery, key int, _ time.Time) {
				d.header.Set("X-Trello-Webhook", b64(keyed(sha1.New, secretNumber(key), d.body+d.url)))
			},
			digests: map[string]int{"X-Trello-Webhook": 0}, signsBody: true, signsURL: true,
		},
		{
			name: "hmac, sorted fields of a form", body: "To=%2B1555&From=%2B1666&Body=Hello+you&AccountSid=AC1",
			verification: `{"format":"hmac","config":{"algorithm":"sha1","secret":"{{webhook_secret}}","string_type":"base64","parts":["$url","$form"],"compare_with":"$header.x-twilio-signature"}}`,
			sign: func(d *delivery, key int, _ time.Time) {
				d.header.Set("Content-Type", "application/x-www-form-urlencoded")
				fields, _ := url.ParseQuery(d.body)
				names := []string{}
				for name := range fields {
					names = append(names, name)
				}
				sort.Strings(names)
				text := d.url
				for _, name := range names {
					text += name + fields.Get(name)
				}
				d.header.Set("X-Twilio-Signature", b64(keyed(sha1.New, secretNumber(key), text)))
			},
			digests: map[string]int{"X-Twilio-Signature": 0}, signsURL: true,
		},
		{
			name:         "hmac, sha512 of method, query and body, milliseconds",
			verification: `{"format":"hmac","config":{"algorithm":"sha512","secret":"{{webhook_secret}}","string_type":"base64url","parts":["$method","$query.tenant","$body","$header.x-time"],"compare_with":"$header.x-signature","timestamp":"$header.x-time","timestamp_tolerance":60}}`,
			sign: func(d *delivery, key int, at time.Time) {
				u, _ := url.Parse(d.url)
				tenant := ""
				if u != nil {
					tenant = u.Query().Get("tenant")
				}
				moment := strconv.FormatInt(at.UnixMilli(), 10)
				d.header.Set("X-Time", moment)
				d.header.Set("X-Signature", base64.RawURLEncoding.EncodeToString(keyed(sha512.New, secretNumber(key), d.method+tenant+d.body+moment)))
			},
			digests: map[string]int{"X-Signature": 0, "X-Time": 0}, signsBody: true, signsMethod: true, clocked: true,
		},
		{
			name:         "basic",
			verification: `{"format":"basic","config":{"username":"vendor","password":"{{webhook_secret}}"}}`,
			sign: func(d *delivery, key int, _ time.Time) {
				d.header.Set("Authorization", "Basic "+b64([]byte("vendor:"+secretNumber(key))))
			},
			digests: map[string]int{"Authorization": len("Basic ")},
		},
		{
			name: "bearer", verification: `{"format":"bearer","config":{"secret":"{{webhook_secret}}"}}`,
			sign:    func(d *delivery, key int, _ time.Time) { d.header.Set("Authorization", "Bearer "+secretNumber(key)) },
			digests: map[string]int{"Authorization": len("Bearer ")},
		},
		{
			name: "bearer, in a header of its own", verification: `{"format":"bearer","config":{"secret":"{{webhook_secret}}","compare_with":"$header.x-gitlab-token"}}`,
			sign:    func(d *delivery, key int, _ time.Time) { d.header.Set("X-Gitlab-Token", secretNumber(key)) },
			digests: map[string]int{"X-Gitlab-Token": 0},
		},
	}
	for format, prefix := range map[string]string{"clerk": "Svix-", "standard_webhooks": "Webhook-"} {
		all = append(all, scheme{
			name: format, verification: `{"format":"` + format + `","config":{"secret":"whsec_{{encoded_secret}}"}}`,
			context: `{"encoded_secret":"` + b64([]byte(secretNumber(0))) + `"}`,
			sign: func(d *delivery, key int, at time.Time) {
				d.header.Set(prefix+"Id", "msg_1")
				d.header.Set(prefix+"Timestamp", seconds(at))
				d.header.Set(prefix+"Signature", "v1a,AAAA v1,"+b64(keyed(sha256.New, secretNumber(key), "msg_1."+seconds(at)+"."+d.body)))
			},
			digests: map[string]int{prefix + "Id": 0, prefix + "Timestamp": 0, prefix + "Signature": len("v1a,AAAA v1,")}, signsBody: true, clocked: true,
		})
	}
	all = append(all, publicKeySchemes(t, k)...)
	all = append(all, tokenSchemes(t, k)...)
	for i := range all {
		if all[i].body == "" {
			all[i].body = body
		}
		if all[i].context == "" {
			all[i].context = `{"webhook_secret":"` + secretNumber(0) + `"}`
		}
	}
	return all
}

func publicKeySchemes(t testing.TB, k privateKeys) []scheme {
	t.Helper()
	quoted := func(key crypto.PublicKey) string { return fmt.Sprintf("%q", pemOf(t, key)) }
	sum := func(text string) []byte {
		s := sha256.Sum256([]byte(text))
		return s[:]
	}
	signed := func(format, config string, digest string, sign func(key int, text string) ([]byte, error), encode func([]byte) string) scheme {
		return scheme{
			name:         format + digest,
			verification: `{"format":"` + format + `","config":{` + config + `"parts":["$header.x-signature-timestamp","$body"],"compare_with":"$header.x-signature","timestamp":"$header.x-signature-timestamp"}}`,
			sign: func(d *delivery, key int, at time.Time) {
				d.header.Set("X-Signature-Timestamp", seconds(at))
				signature, err := sign(key%2, seconds(at)+d.body)
				if err != nil {
					t.Fatal(err)
				}
				d.header.Set("X-Signature", encode(signature))
			},
			digests: map[string]int{"X-Signature": 0, "X-Signature-Timestamp": 0}, signsBody: true, clocked: true,
		}
	}
	ed := func(key int, text string) ([]byte, error) { return ed25519.Sign(k.ed25519[key], []byte(text)), nil }
	public := k.ed25519[0].Public().(ed25519.PublicKey)
	return []scheme{
		signed("ed25519", `"public_key":"`+hex.EncodeToString(public)+`","string_type":"hex",`, ", hex", ed, hex.EncodeToString),
		signed("ed25519", `"public_key":`+quoted(public)+`,`, ", PEM", ed, b64),
		signed("ed25519", `"public_key":["`+b64(k.ed25519[1].Public().(ed25519.PublicKey)[:31])+`","`+b64(public)+`"],`, ", base64, one of two", ed, b64),
		signed("rsa", `"public_key":`+quoted(k.rsa[0].Public())+`,`, ", PKCS #1 v1.5", func(key int, text string) ([]byte, error) {
			return rsa.SignPKCS1v15(rand.Reader, k.rsa[key], crypto.SHA256, sum(text))
		}, b64),
		signed("rsa", `"scheme":"pss","public_key":`+quoted(k.rsa[0].Public())+`,`, ", PSS", func(key int, text string) ([]byte, error) {
			return rsa.SignPSS(rand.Reader, k.rsa[key], crypto.SHA256, sum(text), nil)
		}, b64),
		signed("ecdsa", `"public_key":`+quoted(k.ecdsa[0].Public())+`,`, "", func(key int, text string) ([]byte, error) {
			return ecdsa.SignASN1(rand.Reader, k.ecdsa[key], sum(text))
		}, b64),
	}
}

// formText is what is signed of a form.
func formText(body string) string {
	fields, err := url.ParseQuery(body)
	if err != nil {
		return err.Error()
	}
	names := []string{}
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	text := ""
	for _, name := range names {
		values := fields[name]
		sort.Strings(values)
		last := "\x00"
		for _, value := range values {
			if value != last {
				text += name + value
			}
			last = value
		}
	}
	return text
}
