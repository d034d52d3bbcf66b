package simulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Limits of the vendor's pages and bodies.
const (
	DefaultPage = 25
	MaxPage     = 100
	maxBody     = 1 << 20
)

func (t *table) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page, limit, wrong := paging(query)
	if wrong != nil {
		refuseWith(w, wrong)
		return
	}
	wanted := map[string]string{}
	for _, field := range t.filters {
		if query.Has(field) {
			wanted[field] = query.Get(field)
		}
	}
	found := t.selectBy(wanted, query.Get("q"))
	from := min((page-1)*limit, len(found))
	to := min(from+limit, len(found))
	next := jsonx.NullValue()
	if to < len(found) {
		next = jsonx.IntValue(int64(page + 1))
	}
	reply(w, http.StatusOK, jsonx.ObjectValue(
		jsonx.Member{Name: "data", Value: jsonx.ArrayValue(found[from:to]...)},
		jsonx.Member{Name: "page", Value: jsonx.IntValue(int64(page))},
		jsonx.Member{Name: "limit", Value: jsonx.IntValue(int64(limit))},
		jsonx.Member{Name: "next_page", Value: next},
		jsonx.Member{Name: "total", Value: jsonx.IntValue(int64(len(found)))},
	))
}

func paging(query url.Values) (page, limit int, wrong *mistake) {
	page, limit = 1, DefaultPage
	for name, target := range map[string]*int{"page": &page, "limit": &limit} {
		if !query.Has(name) {
			continue
		}
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < 1 || n > 1_000_000 {
			return 0, 0, &mistake{http.StatusBadRequest, "bad_parameter", name + " must be a positive number"}
		}
		*target = n
	}
	return page, min(limit, MaxPage), nil
}

func (t *table) get(w http.ResponseWriter, r *http.Request) {
	record, wrong := t.find(r.PathValue("id"))
	answer(w, http.StatusOK, record, wrong)
}

func (t *table) create(w http.ResponseWriter, r *http.Request) {
	fields, wrong := readObject(r)
	if wrong != nil {
		refuseWith(w, wrong)
		return
	}
	record, wrong := t.insert(fields, time.Now())
	if wrong == nil {
		t.changed(r.Context(), t.name, "created", record)
	}
	answer(w, http.StatusCreated, record, wrong)
}

// update merges the body into a record, or with PUT puts it in its place.
func (t *table) update(w http.ResponseWriter, r *http.Request) {
	fields, wrong := readObject(r)
	if wrong != nil {
		refuseWith(w, wrong)
		return
	}
	record, wrong := t.change(r.PathValue("id"), time.Now(), func(old jsonx.Value) (jsonx.Value, *mistake) {
		b := old.Edit()
		if r.Method == http.MethodPut {
			b = t.defaults.Edit()
			b.Set("id", old.Get("id")).Set("created_at", old.Get("created_at"))
		}
		for name, value := range fields.Members() {
			if !ownField(name) {
				b.Set(name, value)
			}
		}
		return b.Value(), nil
	})
	if wrong == nil {
		t.changed(r.Context(), t.name, "updated", record)
	}
	answer(w, http.StatusOK, record, wrong)
}

func (t *table) remove(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	wrong := t.delete(id)
	if wrong == nil {
		t.changed(r.Context(), t.name, "deleted", jsonx.ObjectValue(jsonx.Member{Name: "id", Value: jsonx.StringValue(id)}))
	}
	answer(w, http.StatusOK, jsonx.ObjectValue(
		jsonx.Member{Name: "id", Value: jsonx.StringValue(id)},
		jsonx.Member{Name: "deleted", Value: jsonx.BoolValue(true)},
	), wrong)
}

func (t *table) closeTicket(w http.ResponseWriter, r *http.Request) {
	record, wrong := t.change(r.PathValue("id"), time.Now(), func(old jsonx.Value) (jsonx.Value, *mistake) {
		if old.Get("status").Str() == "closed" {
			return jsonx.Value{}, &mistake{http.StatusConflict, "closed", "The ticket is closed already"}
		}
		return old.With("status", jsonx.StringValue("closed")), nil
	})
	if wrong == nil {
		t.changed(r.Context(), t.name, "updated", record)
	}
	answer(w, http.StatusOK, record, wrong)
}

// statusCode answers with any status that is asked for.
func statusCode(w http.ResponseWriter, r *http.Request) {
	status, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || status < 200 || status > 599 {
		refuse(w, http.StatusBadRequest, "bad_parameter", "the status must be a number from 200 to 599")
		return
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
		w.Header().Set("X-RateLimit-Limit", "10")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", "5")
	}
	if status >= 400 {
		refuse(w, status, fmt.Sprintf("status_%d", status), "The status that was asked for")
		return
	}
	reply(w, status, jsonx.ObjectValue(jsonx.Member{Name: "status", Value: jsonx.IntValue(int64(status))}))
}

func readObject(r *http.Request) (jsonx.Value, *mistake) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return jsonx.Value{}, &mistake{http.StatusRequestEntityTooLarge, "too_large", "The body is too large"}
	case err != nil:
		return jsonx.Value{}, &mistake{http.StatusBadRequest, "bad_body", "The body could not be read"}
	}
	v, err := jsonx.Parse(body)
	if err != nil || v.Kind() != jsonx.Object {
		return jsonx.Value{}, &mistake{http.StatusBadRequest, "bad_body", "The body must be a JSON object"}
	}
	return v, nil
}

func answer(w http.ResponseWriter, status int, v jsonx.Value, wrong *mistake) {
	if wrong != nil {
		refuseWith(w, wrong)
		return
	}
	reply(w, status, v)
}

func refuseWith(w http.ResponseWriter, m *mistake) { refuse(w, m.status, m.code, m.message) }

func refuse(w http.ResponseWriter, status int, code, message string) {
	reply(w, status, jsonx.ObjectValue(
		jsonx.Member{Name: "code", Value: jsonx.StringValue(code)},
		jsonx.Member{Name: "message", Value: jsonx.StringValue(message)},
	))
}

func reply(w http.ResponseWriter, status int, v jsonx.Value) {
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(v.Bytes())
}
