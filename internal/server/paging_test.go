package server_test

import (
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// TestListsThatAreNotPagedComeOnce calls endpoints that ignore the paging which
// the definition has for all of its lists.
func TestListsThatAreNotPagedComeOnce(t *testing.T) {
	t.Parallel()
	for name, pagination := range map[string]string{
		"page":    `{"format":"page","config":{"page_key":"page","limit_key":"size"}}`,
		"offset":  `{"format":"offset","config":{"offset_key":"start","limit_key":"size"}}`,
		"range":   `{"format":"range","config":{"max_limit":2}}`,
		"cursor":  `{"format":"cursor","config":{"cursor_path":"next","cursor_key":"after"}}`,
		"hash":    `{"format":"cursor","config":{"cursor_path":"now","cursor_key":"after","use_content_hash":true}}`,
		"dynamic": `{"format":"dynamic","config":{"get_pagination_values_expression":"{'page': 2}"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newEngine(t, newPlatform(t), `{"pagination":`+pagination+`,"resources":{"things":{"list":{"path":"/things","response_path":"items"}},"single":{"list":{"path":"/single","response_path":"items"}},
				"whole":{"list":{"path":"/things","response_path":"items","pagination":null}}}}`)
			var calls atomic.Int64
			c.vendor.serves(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				n := calls.Add(1)
				items := `[{"id":0},{"id":1},{"id":2}]`
				if r.URL.Path == "/single" {
					items = `[{"id":0}]`
				}
				io.WriteString(w, `{"items":`+items+`,"next":"a","now":`+jsonx.IntValue(n).String()+`}`)
			})
			if got, pages := c.walk("/things?"); !slices.Equal(got, []string{"0", "1", "2"}) || pages != 2 {
				t.Errorf("got %v on %d pages", got, pages)
			}
			if got, _ := c.walk("/single?"); !slices.Equal(got, []string{"0"}) {
				t.Errorf("one record: got %v", got)
			}
			first := c.proxy("GET", "/things", "").want(200)
			again := c.proxy("GET", "/things?next_cursor="+first.text("next_cursor"), "").want(200)
			if n, _ := again.JSON.Get("result_count").Int(); again.JSON.Get("result").String() != `[]` || !again.JSON.Get("next_cursor").IsNull() || n != 0 {
				t.Errorf("the repeated page: got %s", again.Text)
			}
			if got := c.proxy("GET", "/things?next_cursor="+first.text("next_cursor"), "").want(200); got.JSON.Get("result").Len() != 0 {
				t.Errorf("the same cursor again: got %s", got.Text)
			}
			calls.Store(0)
			if got, pages := c.walk("/whole?"); len(got) != 3 || pages != 1 || calls.Load() != 1 {
				t.Errorf("pagination null: got %v on %d pages in %d calls", got, pages, calls.Load())
			}
		})
	}
}
