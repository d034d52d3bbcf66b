package server_test

import (
	"testing"
	"time"
)

// TestEventsAreAList reads, filters and waits for events.
func TestEventsAreAList(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		c := newEngine(t, p, `{}`)
		p.rename(c.account, "one")
		all := p.get("/event?integrated_account_id=" + c.account + "&sort_by[created_at]=asc").want(200).JSON.Get("result").Items()
		if len(all) != 3 || all[2].Get("event").Str() != "integrated_account:updated" || all[2].At("payload", "name").Str() != "one" || all[2].Get("sequence").String() != "3" || all[2].Get("environment_id").Str() != p.environment.ID {
			t.Fatalf("got %v", all)
		}
		if got := p.get("/event?event_type=environment_integration:created").want(200).JSON.Get("result").Items(); len(got) != 1 || !got[0].Get("sequence").IsNull() || !got[0].Get("integrated_account_id").IsNull() {
			t.Errorf("got %v", got)
		}
		newest := "/event?integrated_account_id=" + c.account + "&created_at[gte]=" + all[2].Get("created_at").Str() + "&id[nin][]=" + all[2].Get("id").Str() + "&id[nin][]=" + all[1].Get("id").Str()
		began := time.Now()
		if got := p.get(newest + "&wait=1").want(200).ids(); len(got) != 0 || time.Since(began) < time.Second {
			t.Errorf("got %q after %s", got, time.Since(began))
		}
		later := time.AfterFunc(300*time.Millisecond, func() { p.rename(c.account, "two") })
		defer later.Stop()
		began = time.Now()
		if got := p.get(newest + "&wait=20").want(200); got.JSON.Get("result").Len() != 1 || time.Since(began) > 10*time.Second {
			t.Errorf("after %s: got %s", time.Since(began), got.Text)
		}
		p.get("/event?wait=26").failure("wait", "range")
		p.get("/event?wait=x").failure("wait", "range")
		if got := p.stranger().get("/event?integrated_account_id=" + c.account).want(200).ids(); len(got) != 0 {
			t.Errorf("a stranger sees %q", got)
		}
		// A server that stops does not wait for those who wait.
		waits := make(chan struct{})
		go func() {
			defer close(waits)
			p.get("/event?event_type=none&wait=20")
		}()
		time.Sleep(200 * time.Millisecond)
		began = time.Now()
		p.stop()
		if <-waits; time.Since(began) > 8*time.Second {
			t.Errorf("the server took %s to stop", time.Since(began))
		}
	})
}
