package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sinewhq/sinew/catalog"
	"github.com/sinewhq/sinew/internal/definition"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/server"
	"github.com/sinewhq/sinew/internal/simulator"
	"github.com/sinewhq/sinew/internal/testkit"
)

// mutatedConfigs is how many broken definitions are tried.
const mutatedConfigs = 1000

// TestMutatedConfigs sends a thousand definitions that somebody got wrong in
// one place: the catalogue's and the simulator's (reliability X5). Each gets an
// error that names the field and the reason, or it is taken, and then a call by
// it gets an answer too. Nobody else notices.
func TestMutatedConfigs(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		trial := newMutationTrial(t, p)
		step := 1
		if testkit.Race {
			step = 11 // shares no factor with the turns that mutations take
		}
		if p.config.DatabaseURL != "" {
			step = 28 // what is wrong is found before any database is asked
		}
		besideNeighbours(t, p, func() {
			var work sync.WaitGroup
			for worker := range 4 {
				work.Go(func() {
					for n := worker * step; n < mutatedConfigs; n += 4 * step {
						trial.run(n)
					}
				})
			}
			work.Wait()
		})
		t.Logf("%d were refused, %d taken, %d accounts connected, %d calls: %v", trial.refused, trial.taken, trial.connected, trial.calls, trial.answers)
		if trial.refused < 250/step || trial.taken < 400/step || trial.calls < 400/step {
			t.Error("that is no trial of both")
		}
		p.stop()
		if strings.Contains(p.log.String(), `"msg":"panic"`) {
			t.Error("something panicked")
		}
	})
}

// mutationTrial counts what becomes of mutated definitions.
type mutationTrial struct {
	*called
	configs []jsonx.Value

	mu                               sync.Mutex // guards what follows
	refused, taken, connected, calls int
	answers                          map[string]int
}

func newMutationTrial(t *testing.T, p *platform) *mutationTrial {
	t.Helper()
	trial := &mutationTrial{called: &called{platform: p, vendor: newVendor(t)}, answers: map[string]int{}}
	trial.vendor.says(200, `{"data":[{"id":1,"type":"x"}],"id":1,"next":"n","meta":{"more":true,"cursor":"c"},"items":[{}],"ok":true}`, "Link", `</next>; rel="next"`)
	mover := &product{called: trial.called}
	trial.configs = append(trial.configs, simulator.Integration(trial.vendor.URL, simulator.AuthAPIKey))
	for _, name := range catalog.Names() {
		text, _ := catalog.Text(name)
		config, err := definition.ReadConfig(text)
		p.must(err)
		trial.configs = append(trial.configs, mover.here(config.Without("allowed_hosts")))
	}
	return trial
}

// run tries the nth mutation.
func (c *mutationTrial) run(n int) {
	began := time.Now()
	config := c.configs[n%len(c.configs)]
	m := mutate(config, n)
	name := fmt.Sprintf("mutated-%d", n)
	r := c.save(n, name, m)
	switch {
	case r.Status == http.StatusBadRequest:
		c.checkRefusal(n, m, r)
	case r.Status != http.StatusCreated && r.Status != http.StatusOK:
		c.t.Errorf("%d, %s: got status %d\n%.500s", n, m.what, r.Status, r.Text)
	default:
		c.count(func() { c.taken++ })
		c.use(n, m, r.text("id"))
	}
	if took := time.Since(began); took > neighbourTimeout {
		c.t.Errorf("%d, %s: took %v", n, m.what, took)
	}
}

func (c *mutationTrial) count(add func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add()
}

// save creates an integration with the definition, or changes one to it.
func (c *mutationTrial) save(n int, name string, m mutation) *reply {
	if n%3 > 0 || !m.config.Exists() {
		return c.call("POST", "/integration", m.body(name))
	}
	id := c.call("POST", "/integration", `{"name":"`+name+`"}`).text("id")
	return c.call("PATCH", "/integration/"+id, `{"config":`+m.config.String()+`}`)
}

// checkRefusal holds that an error names the field and the reason, and that the
// command line says the same.
func (c *mutationTrial) checkRefusal(n int, m mutation, r *reply) {
	c.count(func() { c.refused++ })
	failures := r.JSON.At("details", "failures").Items()
	if r.text("code") != "validation_error" || r.text("message") == "" || len(failures) == 0 {
		c.t.Errorf("%d, %s: got %.500s", n, m.what, r.Text)
	}
	for _, failure := range failures {
		path := failure.Get("path").Str()
		if failure.Get("code").Str() == "" || failure.Get("message").Str() == "" || m.config.Exists() && !strings.HasPrefix(path, "config") {
			c.t.Errorf("%d, %s: got the failure %s", n, m.what, failure)
		}
	}
	if !m.config.Exists() {
		return
	}
	found, _, err := server.CheckDefinition([]byte(m.config.String()))
	if err == nil && len(found) != len(failures) && n%3 > 0 { // a null of a change removes
		c.t.Errorf("%d, %s: the command line finds %v, the server %s", n, m.what, found, r.Text)
	}
}

// use connects an account by a definition that was taken, and calls it.
func (c *mutationTrial) use(n int, m mutation, integrationID string) {
	if m.config.Kind() != jsonx.Object {
		return
	}
	installation := c.call("POST", "/environment-integration", `{"integration_id":"`+integrationID+`"}`)
	if installation.Status != http.StatusCreated {
		c.t.Errorf("%d, %s: install: got %d %.500s", n, m.what, installation.Status, installation.Text)
		return
	}
	account := c.call("POST", "/integrated-account", c.accountBody(m.config, installation.text("id")))
	if account.Status != http.StatusCreated {
		if account.Status != http.StatusBadRequest || account.JSON.At("details", "failures").Len() == 0 {
			c.t.Errorf("%d, %s: connect: got %d %.500s", n, m.what, account.Status, account.Text)
		}
		return
	}
	c.count(func() { c.connected++ })
	for _, call := range callsOf(m) {
		c.make(n, m, call, account.text("id"))
	}
}

// accountBody imports an account with something in every field.
func (c *mutationTrial) accountBody(config jsonx.Value, installationID string) string {
	context := jsonx.MustParse(`{"oauth":{"token":{"access_token":"token-1"}}}`)
	format := "api_key"
	for i, credential := range definition.Credentials(config) {
		if i > 0 {
			break
		}
		format = credential.Format
		for _, field := range credential.Fields {
			value := "acme"
			switch {
			case strings.Contains(field.Name, "url"), field.Format == "url":
				value = c.vendor.URL
			case strings.Contains(field.Name, "email"), field.Format == "email":
				value = "ann@vendor.example"
			case len(field.Options) > 0:
				value, _ = field.Options[0].Value.Text()
			}
			context = context.With(field.Name, jsonx.StringValue(value))
		}
	}
	return jsonx.MustParse(`{"tenant_id":"acme-1"}`).With("environment_integration_id", jsonx.StringValue(installationID)).
		With("authentication_method", jsonx.StringValue(format)).With("context", context).String()
}

// proxied is a call as a caller makes it.
type proxied struct{ verb, path, body string }

// callsOf are a call of the method that a mutation changed, or of the first one
// and the first list.
func callsOf(m mutation) []proxied {
	var calls []proxied
	for _, resource := range definition.Resources(m.config) {
		for _, method := range definition.Methods(m.config, resource) {
			call, ok := callOf(resource, method)
			switch {
			case !ok:
			case len(m.at) > 2 && m.at[0] == "resources" && m.at[1] == resource && m.at[2] == method:
				return []proxied{call}
			case len(calls) == 0, len(calls) == 1 && method == "list":
				calls = append(calls, call)
			}
		}
	}
	return calls
}

func callOf(resource, method string) (call proxied, ok bool) {
	path := "/proxy/" + url.PathEscape(resource)
	switch method {
	case "list":
		return proxied{"GET", path + "?limit=5", ""}, true
	case "get":
		return proxied{"GET", path + "/7?a=b", ""}, true
	case "create":
		return proxied{"POST", path + "?a=b", `{"name":"Ann","id":"7"}`}, true
	case "update":
		return proxied{"PATCH", path + "/7?a=b", `{"name":"Ann"}`}, true
	case "delete":
		return proxied{"DELETE", path + "/7?a=b", ""}, true
	}
	return proxied{"POST", path + "/" + url.PathEscape(method) + "?a=b", `{"id":"7"}`}, method != ""
}

// make makes a call, and holds that it ends in an answer.
func (c *mutationTrial) make(n int, m mutation, call proxied, accountID string) {
	r := c.call(call.verb, call.path+"&integrated_account_id="+accountID, call.body)
	c.count(func() {
		c.calls++
		c.answers[fmt.Sprint(r.Status, " ", r.text("code"))]++
	})
	noAddress := m.config.Get("base_url").Str() == ""
	switch {
	case r.Status == http.StatusInternalServerError, r.Status >= 400 && r.text("code") == "":
		c.t.Errorf("%d, %s: %s: got %d %.500s", n, m.what, r.call, r.Status, r.Text)
	case r.text("code") == "invalid_definition" && !noAddress:
		c.t.Errorf("%d, %s: %s: was taken, and got %.500s", n, m.what, r.call, r.Text)
	}
}
