package unifiedmodel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/mapping"
)

// MappingState is what the catalogue would do to a mapping of a team's model, or did.
type MappingState string

// The states of mappings.
const (
	MappingNew     MappingState = "new"     // the team has none
	MappingChanged MappingState = "changed" // the team's gets parts of that of the catalogue
	MappingKept    MappingState = "kept"    // the team's stays: both changed the same parts
	MappingDeleted MappingState = "deleted" // the team deleted it, and the catalogue changed it
	MappingDropped MappingState = "dropped" // the catalogue has it no more; it stays
)

// Renewal is what the catalogue says that a team's copy of a model does not, or what a
// copy got of it.
type Renewal struct {
	// UpToDate is set when there is nothing new in the catalogue.
	UpToDate  bool
	Model     sinew.UnifiedModel
	Changes   []mapping.Change // of the model
	Conflicts []mapping.Change
	Mappings  []MappingRenewal
}

// MappingRenewal is the part of a mapping in a Renewal.
type MappingRenewal struct {
	// Row is the mapping; its ID is "" for one that the team does not have.
	Row       sinew.MappingRow
	State     MappingState
	Changes   []mapping.Change
	Conflicts []mapping.Change
}

// RenewalRequest says what of the catalogue is taken.
type RenewalRequest struct {
	// Version of the model must be the current one.
	Version int64
	// Integrations are those whose mappings are taken, all for none.
	Integrations []string
	// PreferCatalog takes what the catalogue says also where the team changed the same,
	// and mappings that the team deleted.
	PreferCatalog bool
}

// Renewal tells what taking over the catalogue's newer version of a model would change.
// NotFound when the team does not own the model, or the catalogue has none of its name.
func (s *Service) Renewal(ctx context.Context, p sinew.Principal, id string, request RenewalRequest) (Renewal, error) {
	if !sinew.IsUUID(id) {
		return Renewal{}, sinew.NotFound("Unified model", id)
	}
	have, err := s.store.CatalogCopy(ctx, p.TeamID, id)
	if err != nil {
		return Renewal{}, err
	}
	if request.Integrations, err = s.renewable(have.Model.Name, request.Integrations); err != nil {
		return Renewal{}, err
	}
	return s.renew(&have, request)
}

// Renew takes over the catalogue's newer version of a model: the schemas, and each
// mapping as a version of its own. What the team changed itself stays where the
// catalogue did not change the same; what its environments and accounts lay over the
// mappings is not touched. Conflict when the version is stale.
func (s *Service) Renew(ctx context.Context, p sinew.Principal, id string, request RenewalRequest) (done Renewal, err error) {
	if !sinew.IsUUID(id) {
		return done, sinew.NotFound("Unified model", id)
	}
	have, err := s.store.CatalogCopy(ctx, p.TeamID, id)
	if err != nil {
		return done, err
	}
	if request.Integrations, err = s.renewable(have.Model.Name, request.Integrations); err != nil {
		return done, err
	}
	renewed, err := s.store.RenewCatalogCopy(ctx, p.TeamID, id, actor(p), func(c *sinew.CatalogCopy) error {
		if request.Version != c.Model.Version {
			return stale("unified model", c.Model.Version)
		}
		done, err = s.renew(c, request)
		return err
	})
	if err != nil {
		return done, err
	}
	done.Model = renewed.Model
	saved := make(map[mappedMethod]sinew.MappingRow, len(renewed.Rows)+len(renewed.Fresh))
	for _, r := range slices.Concat(renewed.Rows, renewed.Fresh) {
		saved[methodOf(r)] = r
	}
	for i := range done.Mappings {
		if row, ok := saved[methodOf(done.Mappings[i].Row)]; ok {
			done.Mappings[i].Row = row
		}
	}
	return done, nil
}

// renewable checks that the catalogue has a model of a name, with mappings to some
// integrations; all of them for none.
func (s *Service) renewable(name string, integrations []string) ([]string, error) {
	entry, err := s.CatalogModel(name)
	if sinew.IsNotFound(err) {
		return nil, sinew.Errorf(sinew.KindNotFound, "The catalogue has no unified model named %q", name).WithCode("not_in_catalog")
	}
	if err != nil {
		return nil, err
	}
	for _, one := range integrations {
		if !slices.Contains(entry.Integrations, one) {
			return nil, sinew.InvalidField("integrations", "not_found", "the catalogue maps %s to no integration %q", name, one)
		}
	}
	if len(integrations) == 0 {
		return entry.Integrations, nil
	}
	return integrations, nil
}

// mappedMethod is what a mapping is for.
type mappedMethod struct{ integration, resource, method string }

func methodOf(r sinew.MappingRow) mappedMethod {
	return mappedMethod{r.IntegrationName, r.ResourceName, r.MethodName}
}

func (m mappedMethod) in(mappings jsonx.Value) jsonx.Value {
	return mappings.At(m.integration, m.resource, m.method)
}

// renew brings the catalogue into a copy.
func (s *Service) renew(c *sinew.CatalogCopy, request RenewalRequest) (Renewal, error) {
	current, err := s.CatalogModel(c.Model.Name)
	if err != nil {
		return Renewal{}, err
	}
	done := Renewal{UpToDate: c.Digest == current.Digest, Model: c.Model}
	if done.UpToDate {
		return done, nil
	}
	base, err := jsonx.ParseString(string(c.Entry.Or(sinew.EmptyObject)))
	if err != nil {
		return done, fmt.Errorf("unified model %s: read what it is of the catalogue: %w", c.Model.ID, err)
	}
	theirs, err := jsonx.ParseString(string(current.Entry))
	if err != nil {
		return done, fmt.Errorf("catalogue: unified model %s: %w", c.Model.Name, err)
	}
	r := &renewing{names: s.names, copy: c, base: base, theirs: theirs, request: request, done: &done}
	if err := r.model(); err != nil {
		return done, err
	}
	if err := r.rows(current.Mappings); err != nil {
		return done, err
	}
	r.keep()
	return done, nil
}

// renewing is a renewal under way.
type renewing struct {
	names
	copy         *sinew.CatalogCopy
	base, theirs jsonx.Value
	request      RenewalRequest
	done         *Renewal
}

// entryParts are the members of an entry that belong to the model.
func entryParts() []string {
	return []string{"label", "category", "description", "resources", "scopes"}
}

// model takes what the catalogue says of the model itself.
func (r *renewing) model() error {
	m := &r.copy.Model
	mine := jsonx.NewBuilder(5).Set("label", jsonx.StringValue(m.Label)).Set("category", jsonx.StringValue(m.Category)).Set("description", jsonx.StringValue(m.Description))
	for i, text := range []sinew.JSON{m.Resources, m.Scopes} {
		v, err := jsonx.ParseString(string(text.Or(sinew.EmptyObject)))
		if err != nil {
			return fmt.Errorf("unified model %s: read what is stored: %w", m.ID, err)
		}
		mine.Set([]string{"resources", "scopes"}[i], v)
	}
	only := func(v jsonx.Value) jsonx.Value {
		b := jsonx.NewBuilder(5)
		for _, name := range entryParts() {
			b.Set(name, v.Get(name))
		}
		return b.Value()
	}
	base := only(r.base)
	if r.copy.Entry == "" {
		base = jsonx.Value{}
	}
	taken := mapping.Take(base, only(r.theirs), mine.Value(), r.request.PreferCatalog)
	r.done.Changes, r.done.Conflicts = mapping.Diff(mine.Value(), taken.Value), taken.Conflicts
	if len(r.done.Changes) == 0 {
		return nil
	}
	check := checker{names: r.names}
	if err := check.model(Parts{Resources: taken.Value.Get("resources"), Scopes: taken.Value.Get("scopes")}); err != nil {
		return err
	}
	m.Label, m.Category, m.Description = taken.Value.Get("label").Str(), taken.Value.Get("category").Str(), taken.Value.Get("description").Str()
	m.Resources, m.Scopes = text(taken.Value.Get("resources")), text(taken.Value.Get("scopes"))
	m.Version++
	m.UpdatedAt = now()
	return nil
}

// rows takes what it says of the mappings to the wanted integrations.
func (r *renewing) rows(current []sinew.MappingRow) error {
	at := make(map[mappedMethod]int, len(r.copy.Rows))
	for i, row := range r.copy.Rows {
		at[methodOf(row)] = i
	}
	bases, theirs := r.base.Get("mappings"), r.theirs.Get("mappings")
	for _, row := range current {
		method := methodOf(row)
		i, has := at[method]
		base := method.in(bases)
		switch {
		case !slices.Contains(r.request.Integrations, row.IntegrationName):
		case has:
			if err := r.row(&r.copy.Rows[i], base, method.in(theirs)); err != nil {
				return err
			}
		case base.Exists() && jsonx.Equal(base, method.in(theirs)):
			// The team deleted it, and there is nothing new about it.
		case base.Exists() && !r.request.PreferCatalog:
			r.done.Mappings = append(r.done.Mappings, MappingRenewal{Row: row, State: MappingDeleted})
		default:
			row.UnifiedModelID, row.CreatedAt, row.UpdatedAt = r.copy.Model.ID, now(), now()
			r.copy.Fresh = append(r.copy.Fresh, row)
			r.done.Mappings = append(r.done.Mappings, MappingRenewal{Row: row, State: MappingNew})
		}
	}
	for _, row := range r.copy.Rows {
		method := methodOf(row)
		if method.in(bases).Exists() && !method.in(theirs).Exists() && slices.Contains(r.request.Integrations, row.IntegrationName) {
			r.done.Mappings = append(r.done.Mappings, MappingRenewal{Row: row, State: MappingDropped})
		}
	}
	return nil
}

func (r *renewing) row(row *sinew.MappingRow, base, theirs jsonx.Value) error {
	mine, err := jsonx.ParseString(string(row.Config))
	if err != nil {
		return fmt.Errorf("mapping %s: read its config: %w", row.ID, err)
	}
	taken := mapping.Take(base, theirs, mine, r.request.PreferCatalog)
	changes := mapping.Diff(mine, taken.Value)
	if len(changes)+len(taken.Conflicts) == 0 {
		return nil
	}
	renewal := MappingRenewal{Row: *row, State: MappingKept, Changes: changes, Conflicts: taken.Conflicts}
	if len(changes) > 0 {
		check := checker{names: r.names}
		check.failures = mapping.Check(taken.Value, row.IntegrationName+"."+row.ResourceName+"."+row.MethodName)
		if err := check.err(); err != nil {
			return err
		}
		renewal.State = MappingChanged
		row.Config, row.UpdatedAt = text(taken.Value), now()
	}
	r.done.Mappings = append(r.done.Mappings, renewal)
	return nil
}

// keep takes down what of the catalogue the copy is now: of integrations that were not
// wanted, what it was before.
func (r *renewing) keep() {
	entry := r.theirs
	before, mappings := r.base.Get("mappings"), r.theirs.Get("mappings")
	for integration := range mappings.Members() {
		if slices.Contains(r.request.Integrations, integration) {
			continue
		}
		if was := before.Get(integration); was.Exists() {
			mappings = mappings.With(integration, was)
		} else {
			mappings = mappings.Without(integration)
		}
	}
	entry = entry.With("mappings", mappings)
	r.copy.Entry = sinew.JSON(entry.String())
	r.copy.Digest = digestOf(r.copy.Entry)
	r.copy.At = now()
}

// entryOf is a model of the catalogue in one object, as copies keep it.
func entryOf(m sinew.CatalogModel) (sinew.JSON, error) {
	b := jsonx.NewBuilder(6).Set("label", jsonx.StringValue(m.Label)).Set("category", jsonx.StringValue(m.Category)).Set("description", jsonx.StringValue(m.Description))
	for i, part := range []sinew.JSON{m.Resources, m.Scopes} {
		v, err := jsonx.ParseString(string(part))
		if err != nil {
			return "", err
		}
		b.Set([]string{"resources", "scopes"}[i], v)
	}
	mappings := jsonx.ObjectValue()
	for _, row := range m.Mappings {
		config, err := jsonx.ParseString(string(row.Config))
		if err != nil {
			return "", err
		}
		integration := objectOr(mappings.Get(row.IntegrationName))
		resource := objectOr(integration.Get(row.ResourceName)).With(row.MethodName, config)
		mappings = mappings.With(row.IntegrationName, integration.With(row.ResourceName, resource))
	}
	return sinew.JSON(b.Set("mappings", mappings).Value().String()), nil
}

func objectOr(v jsonx.Value) jsonx.Value {
	if v.Kind() != jsonx.Object {
		return jsonx.ObjectValue()
	}
	return v
}

// digestOf tells entries apart.
func digestOf(entry sinew.JSON) string {
	sum := sha256.Sum256([]byte(entry))
	return hex.EncodeToString(sum[:])
}
