package inbound_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// vendorCase is a delivery of a product of the catalogue, as its documentation shows
// them.
type vendorCase struct {
	name, body string
	header     map[string]string
	// sign makes it genuine, with the secret "w-secret".
	sign func(d *delivery, now time.Time)
	// want are the events: type, resource and id.
	want []string
}

const vendorSecret = "w-secret"

func macHex(text string) string { return hex.EncodeToString(keyed(sha256.New, vendorSecret, text)) }

func inHeader(name string, value func(d *delivery) string) func(*delivery, time.Time) {
	return func(d *delivery, _ time.Time) { d.header.Set(name, value(d)) }
}

// timedList is the signature of Stripe and those that have taken it over.
func timedList(name string) func(*delivery, time.Time) {
	return func(d *delivery, now time.Time) {
		d.header.Set(name, "t="+seconds(now)+",v1="+macHex(seconds(now)+"."+d.body))
	}
}

func vendorCases(private ed25519.PrivateKey) []vendorCase {
	millis := func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
	return []vendorCase{
		{
			"stripe", `{"id":"evt_1","type":"customer.created","data":{"object":{"id":"cus_1","object":"customer"}}}`, nil,
			timedList("Stripe-Signature"),
			[]string{"record:created customer cus_1"},
		},
		{
			"github", `{"action":"opened","issue":{"id":7,"number":1}}`,
			map[string]string{"X-GitHub-Event": "issues", "X-GitHub-Delivery": "d-1"},
			inHeader("X-Hub-Signature-256", func(d *delivery) string { return "sha256=" + macHex(d.body) }),
			[]string{"record:created issues 7"},
		},
		{
			"gitlab", `{"object_kind":"merge_request","object_attributes":{"id":99,"action":"update"}}`,
			map[string]string{"X-Gitlab-Event": "Merge Request Hook", "Idempotency-Key": "k-1"},
			inHeader("X-Gitlab-Token", func(*delivery) string { return vendorSecret }),
			[]string{"record:updated merge_request 99"},
		},
		{
			"slack", `{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"type":"channel_created","channel":{"id":"C1"}}}`, nil,
			func(d *delivery, now time.Time) {
				d.header.Set("X-Slack-Request-Timestamp", seconds(now))
				d.header.Set("X-Slack-Signature", "v0="+macHex("v0:"+seconds(now)+":"+d.body))
			},
			[]string{"record:created channel C1"},
		},
		{
			"shopify", `{"id":820982911946154508,"email":"jon@example.com"}`,
			map[string]string{"X-Shopify-Topic": "orders/create", "X-Shopify-Webhook-Id": "w-1", "X-Shopify-Shop-Domain": "acme.myshopify.com"},
			inHeader("X-Shopify-Hmac-Sha256", func(d *delivery) string { return b64(keyed(sha256.New, vendorSecret, d.body)) }),
			[]string{"record:created orders 820982911946154508"},
		},
		{
			"hubspot", `[{"eventId":1,"subscriptionType":"contact.creation","objectId":123,"portalId":33},{"eventId":2,"subscriptionType":"contact.propertyChange","objectId":124,"portalId":33},{"eventId":3,"subscriptionType":"company.deletion","objectId":5,"portalId":33}]`, nil,
			func(d *delivery, now time.Time) {
				d.header.Set("X-HubSpot-Request-Timestamp", millis(now))
				d.header.Set("X-HubSpot-Signature-v3", b64(keyed(sha256.New, vendorSecret, d.method+d.url+d.body+millis(now))))
			},
			[]string{"record:created contact 123", "record:updated contact 124", "record:deleted company 5"},
		},
		{
			"zendesk", `{"type":"zen:event-type:ticket.created","id":"e-1","detail":{"id":"35436","subject":"Help"}}`,
			map[string]string{"X-Zendesk-Webhook-Invocation-Id": "i-1"},
			func(d *delivery, now time.Time) {
				at := now.UTC().Format(time.RFC3339)
				d.header.Set("X-Zendesk-Webhook-Signature-Timestamp", at)
				d.header.Set("X-Zendesk-Webhook-Signature", b64(keyed(sha256.New, vendorSecret, at+d.body)))
			},
			[]string{"record:created ticket 35436"},
		},
		{
			"jira", `{"timestamp":1525698237764,"webhookEvent":"jira:issue_deleted","issue":{"id":"99291","key":"JRA-20002"}}`,
			map[string]string{"X-Atlassian-Webhook-Identifier": "j-1"},
			inHeader("X-Hub-Signature", func(d *delivery) string { return "sha256=" + macHex(d.body) }),
			[]string{"record:deleted issue 99291"},
		},
		{
			"intercom", `{"type":"notification_event","id":"notif_1","topic":"contact.user.updated","app_id":"a1","data":{"type":"notification_event_data","item":{"type":"contact","id":"6657"}}}`, nil,
			inHeader("X-Hub-Signature", func(d *delivery) string {
				return "sha1=" + hex.EncodeToString(keyed(sha1.New, vendorSecret, d.body))
			}),
			[]string{"record:updated contact 6657"},
		},
		{
			"asana", `{"events":[{"action":"added","resource":{"gid":"12","resource_type":"task"}},{"action":"deleted","resource":{"gid":"13","resource_type":"story"}}]}`, nil,
			inHeader("X-Hook-Signature", func(d *delivery) string { return macHex(d.body) }),
			[]string{"record:created task 12", "record:deleted story 13"},
		},
		{
			"xero", `{"events":[{"resourceId":"717f2bfc","eventCategory":"CONTACT","eventType":"CREATE","tenantId":"c2cc9b6e"}],"firstEventSequence":1,"lastEventSequence":1,"entropy":"S0m3"}`, nil,
			inHeader("X-Xero-Signature", func(d *delivery) string { return b64(keyed(sha256.New, vendorSecret, d.body)) }),
			[]string{"record:created contact 717f2bfc"},
		},
		{
			"pipedrive", `{"meta":{"id":"m-1","action":"delete","entity":"deal","entity_id":"11","version":"2.0"},"data":null,"previous":{"id":11,"title":"Big"}}`, nil,
			inHeader("Authorization", func(*delivery) string { return "Basic " + b64([]byte("hooks:"+vendorSecret)) }),
			[]string{"record:deleted deal 11"},
		},
		{
			"calendly", `{"event":"invitee.created","payload":{"uri":"https://api.calendly.com/scheduled_events/A/invitees/B","email":"a@example.com"}}`, nil,
			timedList("Calendly-Webhook-Signature"),
			[]string{"record:created invitee https://api.calendly.com/scheduled_events/A/invitees/B"},
		},
		{
			"linear", `{"action":"remove","type":"Issue","data":{"id":"2174add1"},"organizationId":"o1","webhookTimestamp":TIME}`,
			map[string]string{"Linear-Delivery": "l-1"},
			func(d *delivery, now time.Time) {
				d.body = strings.Replace(d.body, "TIME", millis(now), 1)
				d.header.Set("Linear-Signature", macHex(d.body))
			},
			[]string{"record:deleted issue 2174add1"},
		},
		{
			"pagerduty", `{"event":{"id":"01BU6BZ6","event_type":"incident.priority_updated","resource_type":"incident","data":{"id":"PGR0VU2"}}}`, nil,
			inHeader("X-PagerDuty-Signature", func(d *delivery) string { return "v1=" + strings.Repeat("0", 64) + ",v1=" + macHex(d.body) }),
			[]string{"record:updated incident PGR0VU2"},
		},
		{
			"trello", `{"action":{"id":"51f9424b","type":"createCard","data":{"card":{"id":"51a79e72"},"board":{"id":"b1"}}},"model":{}}`, nil,
			inHeader("X-Trello-Webhook", func(d *delivery) string { return b64(keyed(sha1.New, vendorSecret, d.body+d.url)) }),
			[]string{"record:created card 51a79e72"},
		},
		{
			"discord", `{"version":1,"application_id":"1","type":1,"event":{"type":"ENTITLEMENT_CREATE","timestamp":"2026-01-01T00:00:00Z","data":{"id":"1234"}}}`, nil,
			func(d *delivery, now time.Time) {
				d.header.Set("X-Signature-Timestamp", seconds(now))
				d.header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(private, []byte(seconds(now)+d.body))))
			},
			[]string{"record:created entitlement 1234"},
		},
		{
			"telegram", `{"update_id":10000,"edited_message":{"message_id":1365,"text":"Edited"}}`, nil,
			inHeader("X-Telegram-Bot-Api-Secret-Token", func(*delivery) string { return vendorSecret }),
			[]string{"record:updated message 1365"},
		},
	}
}

// TestWebhooksOfTheCatalogue sends each product's own deliveries, signed by hand as its
// documentation says: they become the events that they tell of, and are refused when
// they are changed. Every product with a webhook must be among them.
func TestWebhooksOfTheCatalogue(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	variables := `{"environment_variables":{"WEBHOOK_USERNAME":"hooks","WEBHOOK_PASSWORD":"` + vendorSecret + `","WEBHOOK_PUBLIC_KEY":"` + hex.EncodeToString(public) + `","WEBHOOK_SECRET":"` + vendorSecret + `"}}`
	tried := map[string]bool{}
	for _, c := range vendorCases(private) {
		tried[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service, box := newServiceOf(t, webhookOf(t, c.name).String(), `{"webhook_secret":"`+vendorSecret+`"}`)
			box.override = variables
			d := newDelivery(c.body)
			for name, value := range c.header {
				d.header.Set(name, value)
			}
			c.sign(&d, time.Now())
			if !d.taken(t, service) {
				t.Fatalf("refused: %+v", box.refused)
			}
			forged := d.clone()
			forged.body += " "
			for name := range d.header {
				if strings.Contains(name, "Token") || name == "Authorization" {
					forged.header.Set(name, "other")
				}
			}
			if forged.taken(t, service) {
				t.Error("a forged delivery is taken")
			}
			if err := service.Work(context.Background(), sinew.Job{Args: `{"integrated_account_id":"` + accountID + `"}`}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range box.outcomes {
				if o.Status != sinew.InboundProcessed {
					t.Errorf("got %+v", o)
				}
				for _, e := range o.Events {
					payload := jsonx.MustParse(string(e.Payload))
					got = append(got, string(e.Type)+" "+payload.Get("resource").Str()+" "+payload.Get("resource_id").Str())
				}
			}
			if strings.Join(got, ", ") != strings.Join(c.want, ", ") {
				t.Errorf("it has become %q, want %q", got, c.want)
			}
		})
	}
	for _, name := range catalog.Names() {
		if webhookOf(t, name).Exists() && !tried[name] {
			t.Errorf("nothing tries the webhook of %s", name)
		}
	}
}

func webhookOf(t *testing.T, name string) jsonx.Value {
	t.Helper()
	text, _ := catalog.Text(name)
	d, err := definition.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.At("config", "webhook")
}

// TestHandshakesOfTheCatalogue makes the calls by which vendors find out whether an
// address is whose they think.
func TestHandshakesOfTheCatalogue(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signSlack := func(d delivery) delivery {
		now := time.Now()
		return d.with("X-Slack-Request-Timestamp", seconds(now)).with("X-Slack-Signature", "v0="+macHex("v0:"+seconds(now)+":"+d.body))
	}
	signDiscord := func(d delivery) delivery {
		now := time.Now()
		return d.with("X-Signature-Timestamp", seconds(now)).with("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(private, []byte(seconds(now)+d.body))))
	}
	head := newDelivery("")
	head.method = http.MethodHead
	slack, discord := newDelivery(`{"type":"url_verification","challenge":"c-1"}`), newDelivery(`{"version":1,"application_id":"1","type":0}`)
	for _, c := range []struct {
		name, product string
		delivery      delivery
		status        int // 0 for refused
		body          string
		header        string
	}{
		{"Slack's challenge", "slack", signSlack(slack), 200, "c-1", ""},
		{"Slack's challenge, unsigned", "slack", slack, 0, "", ""},
		{"Discord's ping", "discord", signDiscord(discord), 204, "", ""},
		{"Discord's ping, badly signed", "discord", signDiscord(discord).with("X-Signature-Timestamp", "1"), 0, "", ""},
		{"Asana's secret", "asana", newDelivery("{}").with("X-Hook-Secret", "fresh"), 200, "", "fresh"},
		{"Trello's HEAD", "trello", head, 200, "", ""},
		{"Xero's intent to receive, badly signed", "xero", newDelivery(`{"events":[]}`).with("X-Xero-Signature", "AAAA"), 0, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service, box := newServiceOf(t, webhookOf(t, c.product).String(), `{}`)
			box.override = `{"environment_variables":{"WEBHOOK_SECRET":"` + vendorSecret + `","WEBHOOK_PUBLIC_KEY":"` + hex.EncodeToString(public) + `"}}`
			reply, err := c.delivery.send(service)
			if (err == nil) != (c.status != 0) || reply.Status != c.status || string(reply.Body) != c.body || reply.Header.Get("X-Hook-Secret") != c.header {
				t.Errorf("got %d %q %v, %v", reply.Status, reply.Body, reply.Header, err)
			}
			if c.product == "asana" && (len(box.learned) != 1 || box.learned[0].String() != `{"webhook_secret":"fresh"}`) {
				t.Errorf("the account has learnt %v", box.learned)
			}
			if len(box.accepted) != 0 {
				t.Errorf("a handshake is in the inbox: %v", box.accepted)
			}
		})
	}
}
