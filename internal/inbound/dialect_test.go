package inbound_test

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

const bearerOnly = `"signature_verification":{"format":"bearer","config":{"secret":"s"}}`

// TestDialects holds both forms of handle_verification and payload_transform: what a
// delivery is answered, and which events it becomes.
func TestDialects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handle, transform, body string
		unsigned                bool
		status                  int // 0 for refused
		answer                  string
		events                  string // type, resource and raw; the status of one that failed
		learned                 string
	}{
		"nothing said":              {body: `{"a":1}`, status: 200, events: `record:meta  {"a":1}`},
		"null":                      {handle: `null`, body: `{"a":1}`, status: 200, events: `record:meta  {"a":1}`},
		"a text":                    {handle: `'yes'`, body: `{"a":1}`, status: 200, events: `record:meta  {"a":1}`},
		"verify":                    {handle: `{'type':'verify','verification_response':{'status_code':201,'body':'hi'}}`, body: `{}`, unsigned: true, status: 201, answer: "hi"},
		"verify by its status":      {handle: `{'statusCode':200,'body':{'c':body.c}}`, body: `{"c":1}`, unsigned: true, status: 200, answer: `{"c":1}`},
		"verify of the other name":  {handle: `{'status_code':202}`, body: `{}`, unsigned: true, status: 202},
		"verify that redirects":     {handle: `{'statusCode':302,'body':'x'}`, body: `{}`, unsigned: true},
		"verify of a huge body":     {handle: `{'statusCode':200}`, body: strings.Repeat("x", 70_000), unsigned: true},
		"verify that learns":        {handle: `{'type':'verify','update_context':{'x':1,'s':2}}`, body: `{}`, unsigned: true, status: 200, learned: `{"x":1}`},
		"verify, signed":            {handle: `{'type':'verify','update_context':{'x':1,'s':2}}`, body: `{}`, status: 200, learned: `{"x":1,"s":2}`},
		"meta, unsigned":            {handle: `{'type':'meta','update_context':{'x':1}}`, body: `{}`, unsigned: true},
		"payload, unsigned":         {handle: `{'type':'payload','update_context':{'x':1}}`, body: `{}`, unsigned: true},
		"meta":                      {handle: `{'type':'meta','update_context':{'x':1}}`, transform: `[{'event_type':'a.created'}]`, body: `{"a":1}`, status: 200, events: `record:meta  {"a":1}`, learned: `{"x":1}`},
		"an update that is there":   {handle: `{'type':'payload','update_context':{'s':'s'}}`, body: `{}`, status: 200, events: `record:meta  {}`},
		"another type":              {handle: `{'type':'other'}`, body: `{}`, status: 200, events: "failed"},
		"an error":                  {handle: `$error('no')`, body: `{}`, status: 200, events: "failed"},
		"an error, unsigned":        {handle: `$error('no')`, body: `{}`, unsigned: true},
		"an endless one, unsigned":  {handle: `($f := function($n) { $f($n + 1) }; $f(1))`, body: `{}`, unsigned: true},
		"two events":                {transform: `[body.list.{'event_type':'tag.' & verb,'resource_type':'tags','resource_id':id}]`, body: `{"list":[{"id":1,"verb":"create"},{"id":2,"verb":"removed"}]}`, status: 200, events: `record:created tags {"event_type":"tag.create","resource_type":"tags","resource_id":1}, record:deleted tags {"event_type":"tag.removed","resource_type":"tags","resource_id":2}`},
		"no events":                 {transform: `[]`, body: `{}`, status: 200},
		"one event, no array":       {transform: `{'event_type':'tag.changed','resource_type':'tags','raw':body}`, body: `{"a":1}`, status: 200, events: `record:updated tags {"a":1}`},
		"an unknown word":           {transform: `[{'event_type':'tag.escalated','resource_type':'tags','raw':1}]`, body: `{}`, status: 200, events: `record:updated tags 1`},
		"an unknown word of none":   {transform: `[{'event_type':'heartbeat','raw':1}]`, body: `{}`, status: 200, events: `record:meta  1`},
		"another body":              {transform: `body.inner`, handle: `body.challenge ? {'statusCode':200,'body':body.challenge}`, body: `{"inner":{"challenge":"c"}}`, unsigned: true, status: 200, answer: "c"},
		"another envelope":          {transform: `{'body':body.inner,'headers':headers}`, body: `{"inner":{"b":2}}`, status: 200, events: `record:meta  {"b":2}`},
		"a transform that fails":    {transform: `$error('no')`, body: `{}`, status: 200, events: "failed"},
		"too many events":           {transform: `[[1..1001].{'event_type':'a.created'}]`, body: `{}`, status: 200, events: "failed"},
		"bound names":               {transform: `[{'event_type':$method,'resource_type':$query.q,'raw':[$body.a,$headers.host,context.visible]}]`, body: `{"a":1}`, status: 200, events: `record:updated 1 [1,"h","v"]`},
		"a form":                    {transform: `[{'event_type':'x','raw':body}]`, body: `a=1&b=2`, status: 200, events: `record:meta  {"a":"1","b":"2"}`},
		"numbers of any length":     {transform: `[{'event_type':'x','resource_id':body.id,'raw':body.id}]`, body: `{"id":123456789012345678901234567890}`, status: 200, events: `record:updated  123456789012345678901234567890`},
		"the secret of a handshake": {handle: `{'statusCode':200,'body':$exists($secret)}`, body: `{}`, unsigned: true, status: 200, answer: "false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			webhook := jsonx.MustParse(`{"handshake_context":["x","s"],` + bearerOnly + `}`)
			if c.handle != "" {
				webhook = webhook.With("handle_verification", jsonx.StringValue(c.handle))
			}
			if c.transform != "" {
				webhook = webhook.With("payload_transform", jsonx.StringValue(c.transform))
			}
			service, box := newServiceOf(t, webhook.String(), `{"s":"s","visible":"v"}`)
			d := newDelivery(c.body)
			d.url += "&q=1"
			d.header.Set("Host", "h")
			if strings.HasPrefix(c.body, "a=") {
				d.header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if !c.unsigned {
				d.header.Set("Authorization", "Bearer s")
			}
			reply, err := d.send(service)
			if (err == nil) != (c.status != 0) || reply.Status != c.status || string(reply.Body) != c.answer {
				t.Fatalf("got %d %q, %v", reply.Status, reply.Body, err)
			}
			if err := service.Work(context.Background(), sinew.Job{Args: `{"integrated_account_id":"` + accountID + `"}`}); err != nil {
				t.Fatal(err)
			}
			var events []string
			for _, o := range box.outcomes {
				if o.Status == sinew.InboundFailed {
					events = append(events, "failed")
				}
				for _, e := range o.Events {
					payload := jsonx.MustParse(string(e.Payload))
					events = append(events, fmt.Sprintf("%s %s %s", e.Type, payload.Get("resource").Str(), payload.Get("raw_payload")))
				}
			}
			learned := ""
			for _, patch := range box.learned {
				learned += patch.String()
			}
			if got := strings.Join(events, ", "); got != c.events || learned != c.learned {
				t.Errorf("it has become %q, want %q; the context has learnt %s, want %s", got, c.events, learned, c.learned)
			}
		})
	}
}

// TestHandshakeAnswersAreTame holds that whatever a definition answers, and however
// much of it a caller chose, a browser runs none of it and goes nowhere.
func TestHandshakeAnswersAreTame(t *testing.T) {
	t.Parallel()
	service, _ := newServiceOf(t, `{"handle_verification":"{'statusCode':200,'body':query.`+"`hub.challenge`"+`,'headers':{'Content-Type':'text/html','Location':'https://evil.example','Set-Cookie':'a=b','X-Fine':'1','X-Bad':'a\r\nb','Access-Control-Allow-Origin':'*','Content-Security-Policy':'x'}}"}`, `{}`)
	d := newDelivery("")
	d.method, d.url = "GET", address+"?hub.challenge=%3Cscript%3Ealert(1)%3C/script%3E"
	reply, err := d.send(service)
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "X-Fine": {"1"}, "Content-Security-Policy": {"default-src 'none'; sandbox"}}
	if fmt.Sprint(reply.Header) != fmt.Sprint(want) || string(reply.Body) != "<script>alert(1)</script>" {
		t.Errorf("got %v %s", reply.Header, reply.Body)
	}
}

// TestDeliveriesAreToldApart holds the keys by which a delivery is taken for one that
// came before.
func TestDeliveriesAreToldApart(t *testing.T) {
	t.Parallel()
	key := func(webhook string, change func(d *delivery)) sinew.InboundArrival {
		service, box := newServiceOf(t, webhook, `{"s":"s"}`)
		d := newDelivery(`{"id":7}`).with("Authorization", "Bearer s")
		change(&d)
		if !d.taken(t, service) {
			t.Fatal("refused")
		}
		return box.accepted[0]
	}
	same := func(*delivery) {}
	named, plain, none := `{"delivery_id":"body.id",`+bearerOnly+`}`, `{`+bearerOnly+`}`, `{"replay_window":0,`+bearerOnly+`}`
	if a, b := key(named, same), key(named, func(d *delivery) { d.body = `{"id":7,"try":2}` }); a.Key != b.Key || a.Key == "" || time.Until(a.KeyUntil) < 24*time.Hour {
		t.Errorf("by its name: %q until %v and %q", a.Key, a.KeyUntil, b.Key)
	}
	if a, b := key(named, same), key(named, func(d *delivery) { d.body = `{"id":8}` }); a.Key == b.Key {
		t.Error("another name is the same")
	}
	if a := key(named, func(d *delivery) { d.body = `{}` }); a.Key == "" || time.Until(a.KeyUntil) > 2*time.Minute {
		t.Errorf("without a name: %q until %v", a.Key, a.KeyUntil)
	}
	if a, b := key(plain, same), key(plain, func(d *delivery) { d.header.Set("User-Agent", "x") }); a.Key != b.Key {
		t.Error("by its bytes: another header makes it another delivery")
	}
	for name, change := range map[string]func(d *delivery){
		"body": func(d *delivery) { d.body += " " }, "query": func(d *delivery) { d.url += "1" }, "signature": func(d *delivery) { d.header.Set("Authorization", "bearer s") },
	} {
		if a, b := key(plain, same), key(plain, change); a.Key == b.Key {
			t.Errorf("by its bytes: another %s is the same", name)
		}
	}
	if a := key(none, same); a.Key != "" {
		t.Error("a window of 0 tells deliveries apart")
	}
}

// TestOtherSigners holds signatures that others than this test have made: the library
// of Standard Webhooks, and OpenSSL.
func TestOtherSigners(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	service, box := newService(t, `{"format":"standard_webhooks","config":{"secret":"`+secret+`"}}`, `{}`)
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	d, now := newDelivery(`{"a":"b"}`), time.Now()
	signature, err := signer.Sign("msg_1", now, []byte(d.body))
	if err != nil {
		t.Fatal(err)
	}
	d = d.with("Webhook-Id", "msg_1").with("Webhook-Timestamp", seconds(now)).with("Webhook-Signature", signature)
	if !d.taken(t, service) {
		t.Errorf("what the library has signed is refused: %+v", box.refused)
	}
	program, err := exec.LookPath("openssl")
	if err != nil {
		return // the rest needs it
	}
	for algorithm, config := range map[string]string{"sha1": `"algorithm":"sha1",`, "sha256": "", "sha512": `"algorithm":"SHA-512",`} {
		command := exec.Command(program, "dgst", "-"+algorithm, "-hmac", "s3cret", "-r")
		command.Stdin = strings.NewReader(d.body)
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		digest, _, _ := strings.Cut(string(out), " ")
		service, box := newService(t, `{"format":"hmac","config":{`+config+`"secret":"s3cret","compare_with":"$header.x-signature"}}`, `{}`)
		if !d.with("X-Signature", digest).taken(t, service) {
			t.Errorf("what OpenSSL has signed by %s is refused: %+v", algorithm, box.refused)
		}
	}
}

// TestKeySetsAreAskedSparingly holds that tokens with keys that nobody knows do not
// make us ask a vendor for each.
func TestKeySetsAreAskedSparingly(t *testing.T) {
	t.Parallel()
	k := newPrivateKeys(t)
	service, box := newService(t, `{"format":"jwt","config":{"algorithm":"ES256","jwks_url":"https://vendor.example/jwks"}}`, `{}`)
	forged := newDelivery("{}").with("Authorization", "Bearer "+token(claims{"alg": "ES256", "kid": "k9"}, claims{}, es256(k.ecdsa[1])))
	for range 50 {
		if forged.taken(t, service) {
			t.Fatal("a forged token is taken")
		}
	}
	if box.asked != 1 {
		t.Errorf("the vendor was asked %d times, want once", box.asked)
	}
	if got := box.refused[0].Code; got != "keys_unavailable" {
		t.Errorf("the inbox says %s", got)
	}
}

// TestBrokenDefinitionsLetNothingThrough holds that a signature that cannot be checked
// is a bad one.
func TestBrokenDefinitionsLetNothingThrough(t *testing.T) {
	t.Parallel()
	for _, verification := range []string{
		`{"format":"unknown","config":{}}`, `{"config":{}}`, `{}`,
		`{"format":"hmac","config":{"secret":"s"}}`,
		`{"format":"hmac","config":{"compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"","compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":[],"compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"{{absent}}","compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"{{empty}}","compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"{{list}}","compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"{{object}}","compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"algorithm":"md5","secret":"s","compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"zz","secret_encoding":"hex","compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"s","parts":["{{absent}}"],"compare_with":"$header.x"}}`,
		`{"format":"hmac","config":{"secret":"s","compare_with":"$header.x","timestamp":"$header.authorization"}}`,
		`{"format":"bearer","config":{}}`, `{"format":"bearer","config":{"secret":""}}`, `{"format":"basic","config":{"username":"u"}}`, `{"format":"basic","config":{"username":"{{absent}}","password":"p"}}`,
		`{"format":"clerk","config":{"secret":"whsec_"}}`, `{"format":"clerk","config":{"secret":"whsec_!!"}}`,
		`{"format":"jwt","config":{"algorithm":"none","secret":"s"}}`, `{"format":"jwt","config":{"algorithm":"HS256,RS256","secret":"s","public_key":"x"}}`, `{"format":"jwt","config":{}}`,
		`{"format":"jwt","config":{"algorithm":"HS256","public_key":"x"}}`, `{"format":"jwt","config":{"algorithm":"RS256","secret":"s"}}`, `{"format":"jwt","config":{"algorithm":"RS256","public_key":"x","jwks_url":"https://x"}}`,
		`{"format":"ed25519","config":{"public_key":"x","compare_with":"$header.x"}}`, `{"format":"rsa","config":{"compare_with":"$header.x"}}`,
	} {
		service, box := newService(t, verification, `{"empty":"","list":["",null],"object":{"a":1}}`)
		for _, value := range []string{"", "s", macHex("{}")} {
			d := newDelivery("{}").with("X", value).with("Authorization", "Bearer "+value)
			if d.taken(t, service) {
				t.Errorf("%s takes %q", verification, value)
			}
		}
		if len(box.refused) == 0 || box.refused[0].Reason == "" || len(box.accepted) > 0 {
			t.Errorf("%s: the inbox has %+v", verification, box.refused)
		}
	}
}

// FuzzDelivery sends anything to every kind of signature: none is taken, and nothing
// breaks.
func FuzzDelivery(f *testing.F) {
	for _, seed := range []string{"", "sha256=", "t=1,v1=aa", "Bearer a.b.c", "Basic Og==", "v1,AAAA", "\xff\x00"} {
		f.Add(seed, "{}", "application/json", "a=1")
	}
	keys := newPrivateKeys(f)
	all := schemes(f, keys)
	f.Fuzz(func(t *testing.T, value, body, contentType, query string) {
		for _, s := range all {
			service, _ := newService(t, s.verification, s.context)
			d := newDelivery(body)
			d.url = address + "?" + query
			d.header["Content-Type"] = []string{contentType}
			for name := range s.digests {
				d.header[http.CanonicalHeaderKey(name)] = []string{value}
			}
			if d.taken(t, service) && !strings.Contains(value, secretNumber(0)) {
				t.Errorf("%s takes %q", s.name, value)
			}
		}
	})
}
