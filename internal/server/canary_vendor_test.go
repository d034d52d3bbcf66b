package server_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// echo answers with everything that it was sent, in every coding that error
// pages use, and with a status that the path names.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var said strings.Builder
	say := func(text string) {
		fmt.Fprintf(&said, "%s|%s|%s|%s|%s|", text, url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text), strings.ReplaceAll(text, "/", `\/`))
		fmt.Fprintf(&said, "%s|%q|%q|", jsonx.StringValue(text), text, fmt.Sprintf("%q", text))
	}
	say(r.RequestURI)
	say(string(body))
	for name, values := range r.Header {
		for _, value := range values {
			w.Header().Add("X-Echo-"+name, value)
			say(value)
		}
	}
	for _, values := range r.URL.Query() {
		for _, value := range values {
			say(value)
		}
	}
	if user, password, ok := r.BasicAuth(); ok {
		say(user)
		say(password)
	}
	status := http.StatusBadRequest
	_, _ = fmt.Sscanf(r.URL.Path, "/status/%d", &status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer := jsonx.ObjectValue().With("message", jsonx.StringValue(said.String())).With("errors", jsonx.StringsValue([]string{said.String()}))
	if strings.HasSuffix(r.URL.Path, "text") {
		_, _ = io.WriteString(w, said.String())
		return
	}
	_, _ = w.Write(answer.Bytes())
}

// TestVendorsCannotEchoSecrets calls vendors that send back what they were
// sent, or break off over it, and finds no secret in what the caller, the
// account, the log and the database get to see.
func TestVendorsCannotEchoSecrets(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		v := newVendor(t)
		v.answer = echo
		f := &flock{t: t, p: p, world: newWorld(p, "echo")}
		id := f.callable(v.URL)
		for _, status := range []int{400, 401, 403, 404, 409, 422, 429, 500, 502, 503} {
			for _, form := range []string{"json", "text"} {
				for _, resource := range []string{"header", "basic", "query", "override"} {
					r := f.look(f.get(fmt.Sprintf("/proxy/%s/%d%s?integrated_account_id=%s", resource, status, form, id)))
					if r.Status < 400 || !r.JSON.Get("truto_is_remote_error").Exists() {
						t.Fatalf("%s: the vendor was not reached: %d %s", r.call, r.Status, r.Text)
					}
					f.look(f.get("/integrated-account/" + id))
				}
			}
		}
		f.breakOff(v, id)
		f.crawl()
		f.searchStored(testkitOf(p))
		p.stop()
		f.search("log", p.log.Bytes())
		if f.answers < 100 {
			t.Errorf("looked at %d answers only", f.answers)
		}
	})
}

// callable connects an account whose secrets travel by every way that there is.
// They hold characters that codings change.
func (f *flock) callable(address string) (accountID string) {
	f.t.Helper()
	odd := func() string {
		f.planted++
		return jsonx.StringValue(newCanary() + `"\/+&=<%é ~'` + newCanary()[len(canaryMark):]).String()
	}
	integration := f.call("POST", "/integration", `{"name":"echo","config":{"base_url":"{{base_url}}",
		"credentials":{"api_key":{"format":"api_key","config":{"fields":[{"name":"base_url","label":"A","type":"text"},
			{"name":"api_key","label":"K","type":"password"},{"name":"password","label":"P","type":"password"},{"name":"name","label":"N","type":"password"}]}}},
		"authorization":{"format":"header","config":{"header_name":"X-Key","header_value":"Key {{api_key}}"}},
		"headers":{"X-Api-Key":"`+f.bare()+`"},
		"resources":{
			"header":{"get":{"path":"/status/{{id}}"}},
			"basic":{"get":{"path":"/status/{{id}}","authorization":{"format":"basic","config":{"username":"{{name}}","password":"{{password}}"}}}},
			"query":{"get":{"path":"/status/{{id}}","no_auth":true,"query":{"api_key":"{{api_key}}","k":"{{environment_variables.S}}"}}},
			"override":{"get":{"path":"/status/{{id}}","authorization":{"format":"bearer","config":{"value":"{{environment_variables.S}}"}}}}}}}`).want(201).text("id")
	installation := f.call("POST", "/environment-integration", `{"integration_id":"`+integration+`","override":{"secret_environment_variables":{"S":`+odd()+`}}}`).want(201).text("id")
	plain := f.bare() // no header may carry some of the odd characters
	return f.call("POST", "/integrated-account", `{"tenant_id":"`+f.tenant+`","environment_integration_id":"`+installation+
		`","authentication_method":"api_key","context":{"base_url":"`+address+`","api_key":"`+plain+`/+='&","password":`+odd()+`,"name":`+odd()+`}}`).want(201).text("id")
}

// breakOff makes calls fail on the way, where errors like to quote addresses.
func (f *flock) breakOff(v *vendor, id string) {
	f.t.Helper()
	call := func() {
		for _, resource := range []string{"header", "basic", "query", "override"} {
			r := f.look(f.get("/proxy/" + resource + "/200?integrated_account_id=" + id))
			if r.Status < 400 {
				f.t.Errorf("%s: got status %d, want a failure", r.call, r.Status)
			}
		}
	}
	for _, answer := range []http.HandlerFunc{
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://10.0.0.1/?"+r.URL.RawQuery+"&h="+url.QueryEscape(fmt.Sprint(r.Header)), http.StatusFound)
		},
		func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusTemporaryRedirect) // for ever
		},
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "://"+r.URL.RawQuery+fmt.Sprint(r.Header))
			w.WriteHeader(http.StatusFound)
		},
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			fmt.Fprint(w, r.URL.RequestURI(), r.Header)
		},
	} {
		v.mu.Lock()
		v.answer = answer
		v.mu.Unlock()
		call()
	}
	for _, address := range []string{"http://127.0.0.1:1", "http://10.0.0.1", "http://nowhere.invalid", "http://[::1]:1"} {
		f.call("PATCH", "/integrated-account/"+id, `{"context":{"base_url":"`+address+`"}}`).want(200)
		call()
	}
}

// TestVendorsCannotEchoNumbers does the same with a secret that is a number.
func TestVendorsCannotEchoNumbers(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newCalled(t, p)
		const secret = "472913588"
		c.call("PATCH", "/integrated-account/"+c.account, `{"context":{"api_key":`+secret+`}}`).want(200)
		for _, body := range []string{`{"message":"key ` + secret + ` is wrong","key":` + secret + `}`, `key ` + secret, `[` + secret + `]`} {
			c.vendor.says(401, body)
			r := c.proxy("GET", "/contacts/1", "").want(401)
			if !strings.Contains(c.vendor.last().Header.Get("X-Api-Key"), secret) {
				t.Fatalf("the vendor did not get the number: %v", c.vendor.last().Header)
			}
			for _, shown := range []*reply{r, c.get("/integrated-account/" + c.account).want(200)} {
				if strings.Contains(shown.Text, secret) || !strings.Contains(shown.Text, "[hidden]") && shown == r {
					t.Errorf("%s shows the secret: %s", shown.call, shown.Text)
				}
			}
		}
		p.stop()
		if strings.Contains(p.log.String(), secret) {
			t.Error("the log holds the secret")
		}
	})
}
