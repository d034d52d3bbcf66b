package server_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// neighbourTimeout is how long a call of a neighbour may take on a machine that
// does much else; what a neighbour notices is far beyond it.
const neighbourTimeout = 60 * time.Second

// besideNeighbours runs work while an account of another integration, with a
// vendor of its own, goes on calling. Each of those calls has to succeed.
func besideNeighbours(t *testing.T, p *platform, work func()) {
	t.Helper()
	c := newEngine(t, p, `{}`)
	c.vendor.says(200, `{"id":1}`)
	done := make(chan struct{})
	var calls sync.WaitGroup
	var count int
	calls.Go(func() {
		for pause := 10 * time.Millisecond; ; {
			select {
			case <-done:
				return
			case <-time.After(pause):
			}
			if status, err := c.callOnce(); status != http.StatusOK || err != nil {
				t.Errorf("a neighbour's call %d: status %d, error %v", count, status, err)
				return
			}
			count++
		}
	})
	work()
	close(done)
	calls.Wait()
	if count == 0 {
		t.Error("no neighbour called")
	}
	p.get("/readyz").want(200)
	t.Logf("%d calls of a neighbour", count)
}

// callOnce makes one call from a goroutine that may not end the test.
func (c *called) callOnce() (status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), neighbourTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/proxy/things/1?integrated_account_id="+c.account, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
