package unified

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
)

// answer makes the caller's answer of what the vendor gave.
func (c *call) answer(ctx context.Context, from proxy.Result) (Result, error) {
	out := Result{Status: from.Status, Header: from.Header, Vendor: from.Vendor}
	switch {
	case from.Stream != nil:
		out.Stream = from.Stream
		return out, nil
	case c.options.format == formatRaw && from.Answered != nil:
		return c.rawAnswer(out, from), nil
	case c.Method == proxy.MethodDelete:
		out.Status, out.Body = http.StatusOK, jsonx.ObjectValue(jsonx.Member{Name: seesID, Value: jsonx.StringValue(c.ID)}).Bytes()
		return out, nil
	case !from.JSON:
		out.Body = bytes.Clone(from.Body)
		return out, nil
	}
	var err error
	if c.lists() {
		out.Body, err = c.listAnswer(ctx, from)
	} else {
		out.Body, err = c.recordAnswer(ctx, from)
	}
	if err != nil {
		return Result{}, err
	}
	return out, c.mapHeaders(ctx, &out, from)
}

// rawAnswer is the vendor's answer as it came.
func (c *call) rawAnswer(out Result, from proxy.Result) Result {
	out.Status, out.Body = from.Answered.Status, bytes.Clone(from.Answered.Raw)
	if kind := from.Answered.Header.Get("Content-Type"); kind != "" {
		out.Header.Set("Content-Type", kind)
	}
	return out
}

// mapHeaders adds the headers that the mapping makes of the vendor's.
func (c *call) mapHeaders(ctx context.Context, out *Result, from proxy.Result) error {
	if c.plan.responseHeaders == nil || from.Answered == nil {
		return nil
	}
	said, err := c.plan.responseHeaders.Value(ctx, c.answered(from).Text(seesResponse, from.Body))
	if err != nil {
		return err
	}
	for name, value := range said.Members() {
		if text, ok := value.Text(); ok && mayAnswer(name) {
			out.Header.Set(name, text)
		}
	}
	return nil
}

// mayAnswer reports whether a mapping may set a header of the answer: those that
// speak of the connection, of cookies or of who may read it are not its to set.
func mayAnswer(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Set-Cookie", "Trailer", "Upgrade",
		"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "X-Request-Id", "Strict-Transport-Security", "Content-Security-Policy":
		return false
	}
	return isToken(name)
}

func isToken(name string) bool {
	for i := range len(name) {
		if ch := name[i]; ch <= ' ' || ch >= 0x7f || bytes.IndexByte([]byte(`()<>@,;:\"/[]?={}`), ch) >= 0 {
			return false
		}
	}
	return name != ""
}

// listAnswer maps a page.
func (c *call) listAnswer(ctx context.Context, from proxy.Result) ([]byte, error) {
	page, err := c.mapPage(ctx, from)
	if err != nil {
		return nil, err
	}
	if err := c.afterPage(ctx, page); err != nil {
		return nil, err
	}
	partial, err := c.isPartial(ctx, from)
	if err != nil {
		return nil, err
	}
	c.count = len(page.records)
	out := append(make([]byte, 0, page.size()+256), `{"result":`...)
	if out, err = c.appendRecords(out, page.records); err != nil {
		return nil, err
	}
	next, prev := "", ""
	if from.Page != nil {
		next, prev = from.Page.Next, from.Page.Prev
	}
	if page.turns {
		if next, err = c.turnCursor(ctx, page.next); err != nil {
			return nil, err
		}
		prev = ""
	}
	out = appendCursor(append(out, `,"next_cursor":`...), next)
	out = appendCursor(append(out, `,"prev_cursor":`...), prev)
	out = strconv.AppendInt(append(out, `,"result_count":`...), int64(len(page.records)), 10)
	if partial {
		out = append(out, `,"is_partial_response":true`...)
	}
	return append(out, '}'), nil
}

func (c *call) turnCursor(ctx context.Context, next jsonx.Value) (string, error) {
	if !next.Exists() || next.IsNull() || next.Kind() == jsonx.String && next.Str() == "" {
		return "", nil
	}
	return c.sealTurn(ctx, next)
}

func appendCursor(b []byte, cursor string) []byte {
	if cursor == "" {
		return append(b, "null"...)
	}
	return jsonx.AppendString(b, cursor)
}

// appendRecords writes the records as a list, or as an object by a field of theirs.
func (c *call) appendRecords(out []byte, records []record) ([]byte, error) {
	if c.options.keyBy != "" {
		return c.appendKeyed(out, records)
	}
	return appendList(out, records), nil
}

func appendList(out []byte, records []record) []byte {
	out = append(out, '[')
	for i, r := range records {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, r.mapped...)
	}
	return append(out, ']')
}

func (c *call) appendKeyed(out []byte, records []record) ([]byte, error) {
	b := jsonx.NewBuilder(len(records))
	for i, r := range records {
		v, err := jsonx.ParseLenient(r.mapped)
		if err != nil {
			return nil, err
		}
		key := plainText(v.Get(c.options.keyBy))
		if is, ok := v.Get(c.options.keyBy).Bool(); ok {
			key = strconv.FormatBool(is)
		}
		if key == "" {
			return nil, sinew.InvalidField(paramKeyBy, "key", "record %d of the page has no text or number under that name", i)
		}
		b.Set(key, v)
	}
	return b.Value().AppendTo(out), nil
}

// recordAnswer maps one record, or what a method of another name gave.
func (c *call) recordAnswer(ctx context.Context, from proxy.Result) ([]byte, error) {
	mapped, err := c.mapOne(ctx, from)
	if err != nil {
		return nil, err
	}
	switch c.Method {
	case proxy.MethodGet, proxy.MethodCreate, proxy.MethodUpdate:
		return mapped, nil
	}
	return append(append([]byte(`{"result":`), mapped...), '}'), nil
}

// answerStatic answers without asking the vendor.
func (c *call) answerStatic(ctx context.Context) (Result, error) {
	static := c.plan.static
	out := Result{Status: http.StatusOK, Header: http.Header{}}
	if !c.lists() {
		if static.Kind() == jsonx.Array {
			if static = withID(static, c.ID); !static.Exists() {
				return Result{}, sinew.Errorf(sinew.KindNotFound, "%s/%s not found", c.Model, c.Resource).WithCode("record_not_found")
			}
		}
		out.Body = c.withoutExcluded(static).Bytes()
		return out, nil
	}
	page := &page{}
	items := static.Items()
	if static.Kind() != jsonx.Array {
		items = []jsonx.Value{static}
	}
	for _, item := range items {
		page.records = append(page.records, record{mapped: c.withoutExcluded(item).Bytes()})
	}
	c.count = len(page.records)
	body, err := c.appendRecords([]byte(`{"result":`), page.records)
	if err != nil {
		return Result{}, err
	}
	body = append(body, `,"next_cursor":null,"prev_cursor":null,"result_count":`...)
	out.Body = append(strconv.AppendInt(body, int64(c.count), 10), '}')
	return out, nil
}

func withID(items jsonx.Value, id string) jsonx.Value {
	for _, item := range items.Items() {
		if plainText(item.Get(seesID)) == id {
			return item
		}
	}
	return jsonx.Value{}
}
