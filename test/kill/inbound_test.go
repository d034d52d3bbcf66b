package kill_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/testkit"
)

const (
	deliveredAccounts = 3
	// longestTaking is how long a server lives at most before it is ended.
	longestTaking = 700 * time.Millisecond
)

// TestKilledWhileDelivered is W6: a server is ended again and again while a vendor
// delivers to it, which sends again what got no answer. In the end every delivery
// that was answered is an event, once, and the events of an account are in the order
// of its deliveries.
func TestKilledWhileDelivered(t *testing.T) {
	t.Parallel()
	testkit.EachDatabase(t, func(t *testing.T, db testkit.Database) {
		random := newRand(newSeed(t), 0)
		i := newInstallation(t, db)
		c := &connections{t: t, i: i, token: i.newToken()}
		server := i.serve()
		config := jsonx.MustParse(`{"label":"Desk","base_url":"https://vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[]}}},"webhook":{
			"payload_transform":"[{'event_type':'ticket.updated','resource_type':'tickets','resource_id':$string(body.n),'raw':body}]","delivery_id":"headers.delivery",
			"signature_verification":{"format":"hmac","config":{"secret":"s3cret","compare_with":"$header.x-signature"}}}}`)
		integration := c.send(server, "POST", "/integration", `{"name":"desk","config":`+config.String()+`}`).Get("id").Str()
		installed := c.send(server, "POST", "/environment-integration", `{"integration_id":"`+integration+`"}`).Get("id").Str()
		vendors := make([]*deliverer, deliveredAccounts)
		for n := range vendors {
			account := c.send(server, "POST", "/integrated-account", `{"tenant_id":"t","environment_integration_id":"`+installed+`","authentication_method":"api_key","context":{}}`).Get("id").Str()
			vendors[n] = &deliverer{account: account, client: &http.Client{Timeout: 5 * time.Second}}
		}
		for range rounds(6) {
			var work sync.WaitGroup
			ctx, stop := context.WithCancel(t.Context())
			for _, v := range vendors {
				work.Go(func() { v.run(ctx, server.url) })
			}
			<-after(random, longestTaking)
			server.kill()
			stop()
			work.Wait()
			c.endJobs()
			server = i.serve()
		}
		check := newChecker(t, i, c.token)
		defer check.close()
		total := 0
		for _, v := range vendors {
			total += v.answered
			v.wantEvents(t, check)
		}
		t.Logf("%d deliveries were answered", total)
		if total == 0 {
			t.Error("no delivery was answered")
		}
		server.kill()
	})
}

// deliverer is a vendor that sends numbered deliveries to an account, each until it
// has an answer.
type deliverer struct {
	account  string
	client   *http.Client
	answered int // the number of the last one that was
}

func (v *deliverer) run(ctx context.Context, url string) {
	for ctx.Err() == nil {
		n := v.answered + 1
		body := fmt.Sprintf(`{"n":%d}`, n)
		mac := hmac.New(sha256.New, []byte("s3cret"))
		mac.Write([]byte(body))
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/integrated-account-webhook/"+v.account, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
		r.Header.Set("Delivery", fmt.Sprint(n))
		r.Close = true
		response, err := v.client.Do(r)
		if err != nil {
			continue
		}
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			v.answered = n
		}
	}
}

// wantEvents waits for an event of every delivery that was answered. One more may
// have been stored whose answer was lost.
func (v *deliverer) wantEvents(t *testing.T, check *checker) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var have []string
		rows, err := check.sql.QueryContext(t.Context(), "SELECT payload FROM event WHERE account_id = $1 AND type = 'record:updated' ORDER BY sequence", v.account)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var payload string
			if err := rows.Scan(&payload); err != nil {
				t.Fatal(err)
			}
			have = append(have, jsonx.MustParse(payload).Get("resource_id").Str())
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		for n, id := range have {
			if id != fmt.Sprint(n+1) {
				t.Fatalf("event %d of %s is of delivery %s", n+1, v.account, id)
			}
		}
		switch {
		case len(have) > v.answered+1:
			t.Fatalf("%d deliveries to %s were answered, and there are %d events", v.answered, v.account, len(have))
		case len(have) >= v.answered:
			return
		case time.Now().After(deadline):
			t.Fatalf("%d deliveries to %s were answered, and there are %d events", v.answered, v.account, len(have))
		}
	}
}
