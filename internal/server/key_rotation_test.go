package server_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/escrow"
	"github.com/sinewhq/sinew/internal/rotation"
	"github.com/sinewhq/sinew/internal/server"
)

// exchangeKeys exchanges the data keys as the command does, beside the server.
func (p *platform) exchangeKeys(told func(server.KeyProgress)) (server.KeyProgress, error) {
	p.t.Helper()
	core, err := server.OpenCore(context.Background(), p.config, slog.New(slog.DiscardHandler))
	p.must(err)
	defer core.Close()
	return core.RotateDataKeys(context.Background(), told)
}

func untold(server.KeyProgress) {}

// TestDataKeysAreExchanged exchanges the data keys beside a server: every account, every
// secret and every large value is there with the new ones, and what waits in a journal.
func TestDataKeysAreExchanged(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		x := newExported(t, p)
		done, err := p.exchangeKeys(untold)
		p.must(err)
		if done.Owners != 4 || done.Destroyed != 4 || done.Values < 7 || done.Blobs != 1 || done.Stage != rotation.StageDone {
			t.Errorf("got %+v", done)
		}
		x.wantAlive(p, same)
		p.stop()
		p.start()
		x.wantAlive(p, same)
		journal, err := escrow.Open(t.TempDir(), p.server.Core.Store, quiet())
		p.must(err)
		held, err := journal.Put(t.Context(), escrow.Entry{EnvironmentID: p.environment.ID, Kind: "test", Key: "1", Content: []byte("late")})
		p.must(err)
		held.Leave()
		_, err = p.exchangeKeys(untold)
		p.must(err)
		late := ""
		journal.Replay(t.Context(), map[string]escrow.Apply{"test": func(_ context.Context, e escrow.Entry) error {
			late = string(e.Content)
			return nil
		}})
		if late != "late" {
			t.Errorf("the journal has %q", late)
		}
		p.must(journal.Close())
		if n := p.auditEntries("credential.tampered"); n != 0 {
			t.Errorf("%d values did not open", n)
		}
	})
}

// TestExchangeWaitsForLargeValues announces a large value under the former key, which
// comes into use only after the exchange has begun.
func TestExchangeWaitsForLargeValues(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		account := p.connect(installation, "acme", "").text("id")
		p.call("PATCH", "/integrated-account/"+account, `{"context":{"files":{"truto_obj_store":true,"data":["before"]}}}`).want(200)
		core := p.server.Core
		key, sealed, err := core.Store.StageBlob(t.Context(), p.environment.ID, "us", []byte(`["after"]`), time.Now())
		p.must(err)
		used := false
		_, err = p.exchangeKeys(func(at server.KeyProgress) {
			if at.Stage != rotation.StageWait || used {
				return
			}
			used = true
			p.must(core.Blobs.Put(context.Background(), key, sealed))
			_, err := core.Store.UpdateAccount(context.Background(), p.environment.ID, account, func(r *sinew.AccountRecord) ([]sinew.Event, error) {
				r.ObjectStore = map[string]string{"files": key}
				return nil, nil
			})
			p.must(err)
		})
		p.must(err)
		if got := p.get("/integrated-account/" + account).want(200); got.JSON.At("context", "files", "data").String() != `["after"]` {
			t.Errorf("got %s", got.Text)
		}
	})
}

// TestExchangeKeepsTheKeyOfWhatIsLost stops before anything is destroyed when a large
// value is not where it should be, such as with another blob store than the servers'.
func TestExchangeKeepsTheKeyOfWhatIsLost(t *testing.T) {
	t.Parallel()
	eachPlatform(t, func(t *testing.T, p *platform) {
		_, installation := p.install("desk")
		account := p.connect(installation, "acme", "").text("id")
		p.call("PATCH", "/integrated-account/"+account, `{"context":{"files":{"truto_obj_store":true,"data":[1]}}}`).want(200)
		elsewhere := *p
		elsewhere.config.BlobStore.Dir = t.TempDir()
		_, err := elsewhere.exchangeKeys(untold)
		if known := (*sinew.Error)(nil); !errors.As(err, &known) || known.Code != rotation.CodeUnreadable {
			t.Errorf("got %v", err)
		}
		p.get("/integrated-account/" + account).want(200)
		done, err := p.exchangeKeys(untold)
		if err != nil || !done.Resumed || done.Owners != 0 || done.Blobs != 1 || done.Destroyed != 4 {
			t.Errorf("got %+v: %v", done, err)
		}
		if got := p.get("/integrated-account/" + account).want(200); got.JSON.At("context", "files", "data").String() != "[1]" {
			t.Errorf("got %s", got.Text)
		}
	})
}
