package batch_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/account"
	"github.com/sinewhq/sinew/internal/batch"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/proxy"
	"github.com/sinewhq/sinew/internal/unified"
)

// counted gives one record for every call, and counts them.
type counted struct{ calls atomic.Int64 }

func (c *counted) ForCall(context.Context, sinew.Principal, string) (*account.Opened, error) {
	return account.NewOpened(sinew.AccountRecord{}, jsonx.ObjectValue()), nil
}

func (c *counted) Do(context.Context, proxy.Call) (proxy.Result, error) {
	c.calls.Add(1)
	return proxy.Result{Status: 200, JSON: true, Body: []byte(`{"id":"1","deep":true}`), Sent: true}, nil
}

func (c *counted) Read(context.Context, unified.Call) (unified.Payload, error) {
	return unified.Payload{}, nil
}

// TestBatchesAreBounded ends a batch that asks for more than it may, with what it has.
func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		node  string
		calls int64
		code  string
	}{
		"calls":     {`"loop_on":"args.ids","id":"{{args.ids}}"`, 1000, "batch_limit"},
		"recursion": {`"id":"1","recurse":{"if":"{{resources.things.deep:bool}}","config":{"id":"1"}}`, 21, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			vendor := &counted{}
			answer, err := batch.New(vendor, vendor, vendor).Run(t.Context(), batch.Request{
				Args:      jsonx.MustParse(`{"ids":[` + strings.TrimSuffix(strings.Repeat(`"a",`, 1200), ",") + `]}`),
				Resources: jsonx.MustParse(`[{"resource":"things","method":"get","persist":true,` + c.node + `}]`),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := vendor.calls.Load(); got != c.calls || int64(answer.Result.Get("things").Len()) != c.calls {
				t.Errorf("%d calls gave %d records, want %d", got, answer.Result.Get("things").Len(), c.calls)
			}
			code := ""
			for _, failed := range answer.Errors {
				code = fmt.Sprint(code, failed.Errors[0].(*sinew.Error).Code) //nolint:errorlint // made by the batch
			}
			if code != c.code {
				t.Errorf("errors %q, want %q", code, c.code)
			}
		})
	}
}
