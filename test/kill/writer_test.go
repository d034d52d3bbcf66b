package kill_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Every row that a writer changes carries one number in each of its parts, so
// that a row which was half written gives itself away.

// state is what a writer knows of a row: the numbers that it may have. There
// is one after an acknowledged write, and two after a write whose
// acknowledgement was lost; 0 means that the row is not there.
type state []int

func (s state) allows(number int) bool {
	for _, n := range s {
		if n == number {
			return true
		}
	}
	return false
}

// writer changes rows of its own until its server is gone.
type writer struct {
	name   string
	random *rand.Rand
	token  string
	client *http.Client
	// definition is the installed integration that the accounts hang on.
	definition string

	number   int
	accounts map[string]state // by id
	// touched are the accounts and groups that were written since the last check.
	touched map[string]bool
	// imports are the tenants of imports that were not acknowledged.
	imports map[string]int
	groups  map[string]state // groups of tenants that are written at once
	pair    [2]string        // the accounts that were last deleted together
	install state            // the override of the writer's own installation
	own     string           // its id
	acked   int
	onAck   func() // called after each acknowledged write
}

func newWriter(name string, random *rand.Rand, token, definition string) *writer {
	return &writer{
		name: name, random: random, token: token, definition: definition, client: &http.Client{Transport: &http.Transport{}},
		accounts: map[string]state{}, imports: map[string]int{}, groups: map[string]state{},
		touched: map[string]bool{}, onAck: func() {},
	}
}

// errLost means that the server went away before it answered.
var errLost = errors.New("the answer was lost")

// send makes a request and returns the answer of a 2xx.
func (w *writer) send(url, method, path, body string) (jsonx.Value, error) {
	request, err := http.NewRequest(method, url+path, strings.NewReader(body))
	if err != nil {
		return jsonx.Value{}, err
	}
	request.Header.Set("Authorization", "Bearer "+w.token)
	response, err := w.client.Do(request)
	if err != nil {
		return jsonx.Value{}, errLost
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if response.StatusCode >= 300 {
		return jsonx.Value{}, fmt.Errorf("%s %s: status %d: %s", method, path, response.StatusCode, text)
	}
	if err != nil {
		// The status says that it is done: the write must be there.
		return jsonx.Value{}, nil
	}
	w.acked++
	w.onAck()
	return jsonx.Parse(text)
}

// run writes until the server is gone or stop is closed.
func (w *writer) run(url string, stop <-chan struct{}) error {
	defer w.client.CloseIdleConnections()
	for {
		select {
		case <-stop:
			return nil
		default:
		}
		err := w.step(url)
		if errors.Is(err, errLost) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("writer %s: %w", w.name, err)
		}
	}
}

func (w *writer) step(url string) error {
	switch n := w.random.IntN(10); {
	case len(w.accounts) < 3 || n < 3:
		return w.importAccount(url)
	case n < 6:
		return w.patchAccount(url)
	case n < 7:
		return w.deleteAccount(url)
	case n < 8:
		return w.deleteAccounts(url)
	case n < 9:
		return w.putTenants(url)
	}
	return w.changeInstallation(url)
}

func (w *writer) next() int {
	w.number++
	return w.number
}

// values holds the number in the open, as a secret and as a large value.
func values(n int) string {
	return fmt.Sprintf(`{"n":%d,"api_key":"secret-%d","files":{"truto_obj_store":true,"data":[%d]}}`, n, n, n)
}

func (w *writer) importAccount(url string) error {
	n := w.next()
	tenant := fmt.Sprintf("%s-%d", w.name, n)
	w.imports[tenant] = n
	created, err := w.send(url, "POST", "/integrated-account", fmt.Sprintf(
		`{"tenant_id":%q,"environment_integration_id":%q,"authentication_method":"api_key","name":"%d","context":%s}`, tenant, w.definition, n, values(n)))
	if err != nil {
		return err
	}
	if id := created.Get("id").Str(); id != "" {
		delete(w.imports, tenant)
		w.accounts[id] = state{n}
		w.touched[id] = true
	}
	return nil
}

// pick returns one of the writer's accounts that may be there.
func (w *writer) pick() (id string, ok bool) {
	ids := sortedKeys(w.accounts)
	w.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for _, id := range ids {
		if !w.accounts[id].allows(0) {
			return id, true
		}
	}
	return "", false
}

// change sends a change of a row whose state is then one of two, until it is
// acknowledged.
func (w *writer) change(rows map[string]state, key string, after int, send func() error) error {
	before := rows[key]
	w.touched[key] = true
	rows[key] = append(state{after}, before...)
	if err := send(); err != nil {
		return err
	}
	rows[key] = state{after}
	return nil
}

func (w *writer) patchAccount(url string) error {
	id, ok := w.pick()
	if !ok {
		return nil
	}
	n := w.next()
	return w.change(w.accounts, id, n, func() error {
		_, err := w.send(url, "PATCH", "/integrated-account/"+id, fmt.Sprintf(`{"name":"%d","context":%s}`, n, values(n)))
		return err
	})
}

func (w *writer) deleteAccount(url string) error {
	id, ok := w.pick()
	if !ok {
		return nil
	}
	return w.change(w.accounts, id, 0, func() error {
		_, err := w.send(url, "DELETE", "/integrated-account/"+id, "")
		return err
	})
}

// deleteAccounts deletes two accounts at once; of an unanswered deletion both
// are there afterwards, or neither.
func (w *writer) deleteAccounts(url string) error {
	first, ok := w.pick()
	if !ok {
		return nil
	}
	return w.change(w.accounts, first, 0, func() error {
		second, ok := w.pick()
		if !ok {
			second = first
		}
		w.pair = [2]string{first, second}
		return w.change(w.accounts, second, 0, func() error {
			_, err := w.send(url, "POST", "/integrated-account/bulk-delete", fmt.Sprintf(`{"ids":[%q,%q]}`, first, second))
			return err
		})
	})
}

// groupSize is how many tenants are written at once.
const groupSize = 20

func (w *writer) putTenants(url string) error {
	group := fmt.Sprintf("%s-group-%d", w.name, w.random.IntN(5))
	n := w.next()
	rows := make([]string, groupSize)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"id":"%s-%d","name":"%d","metadata":{"n":%d}}`, group, i, n, n)
	}
	if w.groups[group] == nil {
		w.groups[group] = state{0}
	}
	return w.change(w.groups, group, n, func() error {
		_, err := w.send(url, "POST", "/tenant/bulk", `{"mode":"upsert","tenants":[`+strings.Join(rows, ",")+`]}`)
		return err
	})
}

// changeInstallation installs the writer's own integration, and changes its
// override from then on.
func (w *writer) changeInstallation(url string) error {
	n := w.next()
	override := fmt.Sprintf(`{"environment_variables":{"N":"%d"},"secret_environment_variables":{"S":"secret-%d"}}`, n, n)
	if w.own != "" {
		before := w.install
		w.install = append(state{n}, before...)
		_, err := w.send(url, "PATCH", "/environment-integration/"+w.own, `{"override":`+override+`}`)
		if err == nil {
			w.install = state{n}
		}
		return err
	}
	created, err := w.send(url, "POST", "/integration", fmt.Sprintf(`{"name":"own-%s-%d","config":%s}`, w.name, n, definition))
	if err != nil || !created.Exists() {
		return err
	}
	installed, err := w.send(url, "POST", "/environment-integration", fmt.Sprintf(`{"integration_id":%q,"override":%s}`, created.Get("id").Str(), override))
	if err != nil || !installed.Exists() {
		return err
	}
	w.own, w.install = installed.Get("id").Str(), state{n}
	return nil
}

// definition is an integration with one secret field.
const definition = `{"base_url":"https://vendor.example","credentials":{"api_key":{"format":"api_key","config":{"fields":[
	{"name":"api_key","label":"Key","type":"password","required":true}]}}}}`
