package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/store"
)

// model writes a unified model of the world's team.
func (w *world) model(name string) sinew.UnifiedModel {
	w.t.Helper()
	m := sinew.UnifiedModel{
		TeamID: w.team.ID, Name: name, Sharing: sinew.SharingDeny, Resources: sinew.EmptyObject, Scopes: sinew.EmptyObject,
		Docs: sinew.EmptyObject, Webhooks: sinew.EmptyObject, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	w.must(w.store.CreateUnifiedModel(w.t.Context(), &m))
	return m
}

func modelEvent(em sinew.EnvironmentUnifiedModel) sinew.Event {
	return sinew.Event{EnvironmentID: em.EnvironmentID, Type: sinew.EventEnvironmentUnifiedModelCreated, Payload: sinew.EmptyObject, CreatedAt: time.Now()}
}

// installModel installs a model in the first environment.
func (w *world) installModel(m sinew.UnifiedModel) sinew.EnvironmentUnifiedModel {
	w.t.Helper()
	em, fresh, err := w.store.InstallUnifiedModel(w.t.Context(), w.installation(m), modelEvent)
	w.must(err)
	if !fresh {
		w.t.Fatalf("%s was installed already", m.Name)
	}
	return em
}

func (w *world) installation(m sinew.UnifiedModel) sinew.EnvironmentUnifiedModel {
	return sinew.EnvironmentUnifiedModel{EnvironmentID: w.environment(), UnifiedModelID: m.ID, UnifiedModel: &m, Override: sinew.EmptyObject, CreatedAt: time.Now(), UpdatedAt: time.Now()}
}

// mapping writes a row of a layer for contacts at Zendesk.
func (w *world) mapping(layer sinew.MappingLayer, parent, method, config string) sinew.MappingRow {
	w.t.Helper()
	r := sinew.MappingRow{ResourceName: "contacts", IntegrationName: "zendesk", MethodName: method, Config: sinew.JSON(config), CreatedAt: time.Now(), UpdatedAt: time.Now()}
	owner := w.team.ID
	if layer == sinew.LayerEnvironment {
		owner, r.EnvironmentUnifiedModelID = w.environment(), parent
	} else {
		r.UnifiedModelID = parent
	}
	w.must(w.store.CreateMapping(w.t.Context(), layer, owner, &r, "api_token:one"))
	return r
}

func (w *world) owner(layer sinew.MappingLayer) string {
	if layer == sinew.LayerEnvironment {
		return w.environment()
	}
	return w.team.ID
}

func (w *world) save(layer sinew.MappingLayer, id, config string) {
	w.t.Helper()
	_, err := w.store.UpdateMapping(w.t.Context(), layer, w.owner(layer), id, "api_token:two", func(r *sinew.MappingRow) error {
		r.Config = sinew.JSON(config)
		return nil
	})
	w.must(err)
}

func (w *world) releaseAs(layer sinew.MappingLayer, id string, release sinew.MappingRelease) {
	w.t.Helper()
	_, err := w.store.UpdateMapping(w.t.Context(), layer, w.owner(layer), id, "api_token:two", func(r *sinew.MappingRow) error {
		r.Release = release
		return nil
	})
	w.must(err)
}

// used are the configs of a mapping that calls use.
type used struct {
	Base, BaseCanary, Environment, EnvironmentCanary string
	BaseVersion, EnvironmentVersion                  int64
}

func (w *world) used(method string) used {
	w.t.Helper()
	m, err := w.store.Mapping(w.t.Context(), sinew.MappingKey{EnvironmentID: w.environment(), Model: "crm", Resource: "contacts", Integration: "zendesk", Method: method})
	w.must(err)
	var u used
	if m.Base != nil {
		u.Base, u.BaseCanary, u.BaseVersion = string(m.Base.Active), string(m.Base.Canary), m.Base.ActiveVersion
	}
	if m.Environment != nil {
		u.Environment, u.EnvironmentCanary, u.EnvironmentVersion = string(m.Environment.Active), string(m.Environment.Canary), m.Environment.ActiveVersion
	}
	return u
}

// TestMappingIsWhatIsReleased follows what calls use through saved versions, pins,
// canaries and held versions of both layers.
func TestMappingIsWhatIsReleased(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		_, err := w.store.Mapping(t.Context(), sinew.MappingKey{EnvironmentID: w.environment(), Model: "crm"})
		var e *sinew.Error
		if !errors.As(err, &e) || e.Code != store.CodeModelNotFound || e.Message != `Unified model "crm" not found: the environment has not installed it` {
			t.Fatalf("a model that is not installed: %v", err)
		}
		m := w.model("crm")
		em := w.installModel(m)
		check := func(what string, want used) {
			t.Helper()
			if diff := cmp.Diff(want, w.used("list")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		check("no rows", used{})
		base := w.mapping(sinew.LayerBase, m.ID, "list", `{"v":1}`)
		check("a base row", used{Base: `{"v":1}`, BaseVersion: 1})
		w.save(sinew.LayerBase, base.ID, `{"v":2}`)
		w.save(sinew.LayerBase, base.ID, `{"v":3}`)
		check("saved twice", used{Base: `{"v":3}`, BaseVersion: 3})
		w.releaseAs(sinew.LayerBase, base.ID, sinew.MappingRelease{Active: 1, Canary: 3, Percent: 10})
		check("pinned with a canary", used{Base: `{"v":1}`, BaseVersion: 1, BaseCanary: `{"v":3}`})
		own := w.mapping(sinew.LayerEnvironment, em.ID, "list", `{"e":1}`)
		if own.BaseVersion != 3 {
			t.Errorf("the environment's row lies over version %d, want 3", own.BaseVersion)
		}
		check("a row of the environment", used{Base: `{"v":1}`, BaseVersion: 1, BaseCanary: `{"v":3}`, Environment: `{"e":1}`, EnvironmentVersion: 1})
		w.releaseAs(sinew.LayerEnvironment, own.ID, sinew.MappingRelease{Base: 2})
		check("that holds on to version 2", used{Base: `{"v":2}`, BaseVersion: 2, Environment: `{"e":1}`, EnvironmentVersion: 1})
		w.save(sinew.LayerEnvironment, own.ID, `{"e":2}`)
		w.releaseAs(sinew.LayerEnvironment, own.ID, sinew.MappingRelease{Active: 1, Canary: 2, Percent: 99})
		check("both canaries", used{Base: `{"v":1}`, BaseVersion: 1, BaseCanary: `{"v":3}`, Environment: `{"e":1}`, EnvironmentVersion: 1, EnvironmentCanary: `{"e":2}`})
		w.must(w.store.DeleteMapping(t.Context(), sinew.LayerBase, w.team.ID, base.ID))
		check("no base row", used{Environment: `{"e":1}`, EnvironmentVersion: 1, EnvironmentCanary: `{"e":2}`})
		w.releaseAs(sinew.LayerEnvironment, own.ID, sinew.MappingRelease{Base: 3})
		w.mapping(sinew.LayerBase, m.ID, "list", `{"v":"new"}`)
		check("a base row made anew, whose version 3 is not there", used{Base: `{"v":"new"}`, BaseVersion: 1, Environment: `{"e":2}`, EnvironmentVersion: 2})
	})
}

// TestMappingChangesAreSeen changes through another store what a mapping is made of:
// the generation that is read then is another one, new rows included.
func TestMappingChangesAreSeen(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		other := *w
		other.open()
		defer other.store.Close()
		seen := func(what string, change func()) {
			t.Helper()
			before, err := w.store.Generation(t.Context())
			w.must(err)
			change()
			w.settle()
			after, err := w.store.Generation(t.Context())
			w.must(err)
			if before == after {
				t.Errorf("%s: the generation stays %d", what, after)
			}
		}
		var m sinew.UnifiedModel
		var em sinew.EnvironmentUnifiedModel
		var base, own sinew.MappingRow
		seen("create a model", func() { m = other.model("crm") })
		seen("install it", func() { em = other.installModel(m) })
		seen("create a row for everyone", func() { base = other.mapping(sinew.LayerBase, m.ID, "list", "{}") })
		seen("create a row of the environment", func() { own = other.mapping(sinew.LayerEnvironment, em.ID, "list", "{}") })
		seen("update the one", func() { other.save(sinew.LayerBase, base.ID, `{"a":1}`) })
		seen("update the other", func() { other.save(sinew.LayerEnvironment, own.ID, `{"a":1}`) })
		seen("release", func() {
			other.releaseAs(sinew.LayerEnvironment, own.ID, sinew.MappingRelease{Active: 1})
		})
		seen("update the model", func() {
			_, err := other.store.UpdateUnifiedModel(t.Context(), w.team.ID, m.ID, func(*sinew.UnifiedModel) error { return nil })
			w.must(err)
		})
		seen("update the installation", func() {
			_, err := other.store.UpdateEnvironmentUnifiedModel(t.Context(), w.environment(), em.ID, func(*sinew.EnvironmentUnifiedModel) error { return nil }, modelEvent)
			w.must(err)
		})
		seen("delete a row", func() {
			w.must(other.store.DeleteMapping(t.Context(), sinew.LayerEnvironment, w.environment(), own.ID))
		})
		seen("uninstall", func() { w.must(other.store.UninstallUnifiedModel(t.Context(), w.environment(), em.ID, modelEvent)) })
		seen("delete the model", func() { w.must(other.store.DeleteUnifiedModel(t.Context(), w.team.ID, m.ID)) })
	})
}

// TestMappingsGoWithWhatTheyBelongTo uninstalls and deletes a model: rows and versions
// go with it.
func TestMappingsGoWithWhatTheyBelongTo(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		m := w.model("crm")
		em := w.installModel(m)
		base, own := w.mapping(sinew.LayerBase, m.ID, "list", "{}"), w.mapping(sinew.LayerEnvironment, em.ID, "list", "{}")
		if err := w.store.DeleteUnifiedModel(t.Context(), w.team.ID, m.ID); sinew.KindOf(err) != sinew.KindConflict {
			t.Fatalf("an installed model is deleted: %v", err)
		}
		w.must(w.store.UninstallUnifiedModel(t.Context(), w.environment(), em.ID, modelEvent))
		if _, err := w.store.MappingVersion(t.Context(), sinew.LayerEnvironment, w.environment(), own.ID, 1); !sinew.IsNotFound(err) {
			t.Errorf("the row of the environment: %v", err)
		}
		if v, err := w.store.MappingVersion(t.Context(), sinew.LayerBase, w.team.ID, base.ID, 1); err != nil || v.Actor != "api_token:one" {
			t.Errorf("the row for everyone: %+v, %v", v, err)
		}
		w.must(w.store.DeleteUnifiedModel(t.Context(), w.team.ID, m.ID))
		if _, err := w.store.MappingRow(t.Context(), sinew.LayerBase, w.team.ID, base.ID); !sinew.IsNotFound(err) {
			t.Errorf("the row for everyone: %v", err)
		}
	})
}

// TestMappingsAreListed lists what is mapped: for everyone, for the environment alone,
// and by a model that is not installed.
func TestMappingsAreListed(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		crm, ats := w.model("crm"), w.model("ats")
		em := w.installModel(crm)
		w.mapping(sinew.LayerBase, crm.ID, "list", "{}")
		w.mapping(sinew.LayerBase, crm.ID, "get", "{}")
		w.mapping(sinew.LayerEnvironment, em.ID, "get", "{}")
		w.mapping(sinew.LayerEnvironment, em.ID, "merge", "{}")
		w.mapping(sinew.LayerBase, ats.ID, "list", "{}")
		line := func(id, model, method string, installed, overridden bool) sinew.MappedMethod {
			return sinew.MappedMethod{ModelID: id, Model: model, Resource: "contacts", Integration: "zendesk", Method: method, Installed: installed, OwnRow: overridden, Overridden: overridden}
		}
		want := []sinew.MappedMethod{line(ats.ID, "ats", "list", false, false), line(crm.ID, "crm", "get", true, true), line(crm.ID, "crm", "list", true, false), line(crm.ID, "crm", "merge", true, true)}
		for _, integration := range []string{"", "zendesk"} {
			got, err := w.store.Mappings(t.Context(), w.environment(), integration)
			w.must(err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("of integration %q (-want +got):\n%s", integration, diff)
			}
		}
		if got, err := w.store.Mappings(t.Context(), w.environment(), "other"); err != nil || len(got) > 0 {
			t.Errorf("of another integration: %v, %v", got, err)
		}
		got, err := w.store.Mappings(t.Context(), w.environments[1].ID, "zendesk")
		w.must(err)
		for _, m := range got {
			if m.Installed || m.Overridden {
				t.Errorf("another environment has %+v", m)
			}
		}
		if len(got) != 3 {
			t.Errorf("another environment sees %d methods, want 3", len(got))
		}
	})
}

// TestMappingsAreWrittenAtOnce has many callers install one model of the catalogue and
// change one row: there is one of each, with a version for each change.
func TestMappingsAreWrittenAtOnce(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, w *world) {
		in := sinew.CatalogInstallation{
			Model: sinew.UnifiedModel{
				TeamID: w.team.ID, Name: "crm", Sharing: sinew.SharingDeny, Resources: sinew.EmptyObject, Scopes: sinew.EmptyObject,
				Docs: sinew.EmptyObject, Webhooks: sinew.EmptyObject, CreatedAt: time.Now(), UpdatedAt: time.Now(),
			},
			EnvironmentID: w.environment(), Actor: "api_token:one",
		}
		for i := range 450 { // more than one statement takes
			in.Rows = append(in.Rows, sinew.MappingRow{
				ResourceName: "contacts", IntegrationName: "zendesk", MethodName: "m" + strconv.Itoa(i), Config: `{"n":0}`, CreatedAt: time.Now(), UpdatedAt: time.Now(),
			})
		}
		const callers = 8
		var fresh, changed atomic.Int64
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				_, made, err := w.store.InstallCatalogModel(context.Background(), in, modelEvent)
				if err != nil {
					t.Error(err)
				}
				if made {
					fresh.Add(1)
				}
			})
		}
		all.Wait()
		page, err := w.store.MappingRows(t.Context(), sinew.LayerBase, w.team.ID, sinew.ListQuery{Limit: 1000})
		w.must(err)
		if fresh.Load() != 1 || len(page.Rows) != len(in.Rows) {
			t.Fatalf("%d installations are new and there are %d rows, want 1 and %d", fresh.Load(), len(page.Rows), len(in.Rows))
		}
		id := page.Rows[0].ID
		for range callers {
			all.Go(func() {
				_, err := w.store.UpdateMapping(context.Background(), sinew.LayerBase, w.team.ID, id, "api_token:two", func(r *sinew.MappingRow) error {
					r.Config = sinew.JSON(fmt.Sprintf(`{"n":%d}`, r.Version))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				changed.Add(1)
			})
		}
		all.Wait()
		versions, err := w.store.MappingVersions(t.Context(), sinew.LayerBase, w.team.ID, id, sinew.ListQuery{Limit: 100})
		w.must(err)
		if len(versions.Rows) != callers+1 {
			t.Errorf("%d changes left %d versions", changed.Load(), len(versions.Rows))
		}
		for _, v := range versions.Rows {
			if want := fmt.Sprintf(`{"n":%d}`, v.Version-1); string(v.Config) != want {
				t.Errorf("version %d is %s, want %s", v.Version, v.Config, want)
			}
		}
	})
}
