package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
	"github.com/sinewhq/sinew/internal/seal"
)

// accountFrom reads the columns that scanAccountRow takes apart. It leaves out
// what the caller or the installation knows anyway.
func accountFrom() string { return "SELECT " + packed(accountPacked()) + " FROM integrated_account a" }

func accountPacked() []packedColumn {
	var columns []packedColumn
	for _, name := range []string{
		"id", "environment_integration_id", "tenant_id", "name", "status", "last_error", "last_action_result", "last_forbidden_error",
		"authentication_method", "region", "super_query", "context", "object_store", "unified_model_override", "integration_override", "static_gate_id",
	} {
		columns = append(columns, packedColumn{expression: "a." + name})
	}
	return append(columns, packedColumn{"a.is_sandbox", true}, packedColumn{"a.created_at", true}, packedColumn{"a.updated_at", true},
		packedColumn{definitionGeneration, true})
}

// accountRow is an account as its row says it, with the generation of the
// definitions when it was read.
type accountRow struct {
	sinew.IntegratedAccount
	generation int64
}

func (r accountRow) view(installation *sinew.EnvironmentIntegration) sinew.AccountView {
	view := sinew.AccountView{IntegratedAccount: r.IntegratedAccount, EnvironmentIntegration: installation, Integration: installation.Integration}
	view.EnvironmentID, view.IntegrationID, view.IntegrationName = installation.EnvironmentID, installation.IntegrationID, installation.Integration.Name
	return view
}

func scanAccountRow(row scanner) (accountRow, error) {
	var r accountRow
	var u unpacker
	if err := row.Scan(&u.rest); err != nil {
		return r, err
	}
	r.ID, r.EnvironmentIntegrationID, r.TenantID, r.Name = u.text(), u.text(), u.text(), u.text()
	r.Status, r.LastError = sinew.AccountStatus(u.text()), u.text()
	r.LastActionResult, r.LastForbiddenError = sinew.JSON(u.text()), sinew.JSON(u.text())
	r.AuthenticationMethod, r.Region, r.SuperQuery = sinew.AuthenticationMethod(u.text()), sinew.Region(u.text()), sinew.Region(u.text())
	r.Context = sinew.JSON(u.text())
	objectStore := u.text()
	r.UnifiedModelOverride, r.IntegrationOverride, r.StaticGateID = sinew.JSON(u.text()), sinew.JSON(u.text()), u.text()
	r.IsSandbox, r.CreatedAt, r.UpdatedAt = u.truth(), fromMillis(u.number()), fromMillis(u.number())
	r.generation = u.number()
	if err := u.done(); err != nil {
		return r, fmt.Errorf("account %s: %w", r.ID, err)
	}
	if objectStore != "" {
		if err := jsonx.Unmarshal([]byte(objectStore), &r.ObjectStore); err != nil {
			return r, fmt.Errorf("account %s: read object store keys: %w", r.ID, err)
		}
	}
	return r, nil
}

func objectStoreColumn(keys map[string]string) (any, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	text, err := jsonx.Marshal(keys)
	return string(text), err
}

func accountPlace(a sinew.IntegratedAccount, column string, version int64) seal.Place {
	return seal.Place{EnvironmentID: a.EnvironmentID, Table: "integrated_account", RowID: a.ID, Column: column, Version: version}
}

// Account returns an account without secrets. NotFound when the environment has
// none of that id.
func (s *Store) Account(ctx context.Context, environmentID, id string) (sinew.AccountView, error) {
	views, err := s.accountsByID(ctx, s.reader, environmentID, []any{id})
	if err != nil {
		return sinew.AccountView{}, fmt.Errorf("read account %s: %w", id, err)
	}
	if len(views) == 0 {
		return sinew.AccountView{}, sinew.NotFound("Integrated account", id)
	}
	return views[0], nil
}

// AccountWithSecrets returns an account with everything that a call to its
// vendor needs. A sealed column that does not authenticate is an error, and
// leaves an audit entry.
func (s *Store) AccountWithSecrets(ctx context.Context, environmentID, id string) (sinew.AccountRecord, error) {
	record, err := s.accountRecord(ctx, s.reader, environmentID, id, "")
	return record.AccountRecord, s.failClosed(ctx, environmentID, err)
}

// lockedRecord is an account under change, with the version of its secrets.
type lockedRecord struct {
	sinew.AccountRecord
	secretVersion int64
}

// sealedColumns are the secrets of an account, its installation and its
// integration as they are stored, with the versions that they are bound to.
type sealedColumns struct {
	context, override, unified, installation, config []byte
	installationVersion, integrationVersion          int64
}

// alsoScanner reads further columns behind those of another scan function.
type alsoScanner struct {
	scanner
	more []any
}

func (a alsoScanner) Scan(dest ...any) error { return a.scanner.Scan(append(dest, a.more...)...) }

// accountRecord reads an account with its secrets: one query, and a second one
// when its integration is not in memory.
func (s *Store) accountRecord(ctx context.Context, q querier, environmentID, id, lock string) (lockedRecord, error) {
	var r lockedRecord
	row, err := scanWholeAccount(q.QueryRowContext(ctx, s.accountWhole+" WHERE "+accountScope+" AND a.id = $2"+lock, environmentID, id))
	if err != nil {
		return r, notFound("Integrated account", id, err)
	}
	views, err := s.attach(ctx, q, []accountRow{row.accountRow})
	if err != nil {
		return r, err
	}
	if len(views) == 0 {
		return r, sinew.NotFound("Integrated account", id)
	}
	r.AccountView, r.SandboxOf, r.secretVersion = views[0], row.copied, row.secretVersion
	return r, s.openAccount(ctx, &r, row.sealed)
}

// wholeRow is an account as its row says it, with its sealed secrets.
type wholeRow struct {
	accountRow
	sealed        sealedColumns
	secretVersion int64
	copied        string // the account that it is a sandbox copy of
}

func scanWholeAccount(row scanner) (r wholeRow, err error) {
	var copied sql.NullString
	r.accountRow, err = scanAccountRow(alsoScanner{row, []any{
		&r.sealed.context, &r.sealed.override, &r.sealed.unified, &r.secretVersion,
		&r.sealed.installation, &r.sealed.installationVersion, &r.sealed.config, &r.sealed.integrationVersion, &copied,
	}})
	r.copied = copied.String
	return r, err
}

// accountWhole reads an account with its secrets, and those of what it hangs on.
func accountWhole() string {
	return "SELECT " + packed(accountPacked()) + `, a.context_secret, a.integration_override_secret, a.unified_model_override_secret, a.secret_version,
		ei.override_secret, ei.version, i.config_secret, i.version,
		CASE WHEN a.is_sandbox THEN (SELECT c.source_account_id FROM sandbox_integrated_account c WHERE c.id = a.id) END
		FROM integrated_account a JOIN environment_integration ei ON ei.id = a.environment_integration_id JOIN integration i ON i.id = ei.integration_id`
}

// openAccount opens the secrets of an account, its installation and its
// integration.
func (s *Store) openAccount(ctx context.Context, r *lockedRecord, sealed sealedColumns) error {
	installation, integration := *r.EnvironmentIntegration, *r.Integration
	installation.Version, integration.Version = sealed.installationVersion, sealed.integrationVersion
	for _, column := range []struct {
		into   *sinew.JSON
		place  seal.Place
		sealed []byte
	}{
		{&r.Secrets.Context, accountPlace(r.IntegratedAccount, "context_secret", r.secretVersion), sealed.context},
		{&r.Secrets.IntegrationOverride, accountPlace(r.IntegratedAccount, "integration_override_secret", r.secretVersion), sealed.override},
		{&r.Secrets.UnifiedModelOverride, accountPlace(r.IntegratedAccount, "unified_model_override_secret", r.secretVersion), sealed.unified},
		{&r.OverrideSecret, overridePlace(installation), sealed.installation},
		{&r.ConfigSecret, configPlace(integration), sealed.config},
	} {
		text, err := s.openColumn(ctx, column.place, column.sealed)
		if err != nil {
			return err
		}
		*column.into = sinew.JSON(text)
	}
	return nil
}

// newAccount is an account about to be written, with its columns made.
type newAccount struct {
	sinew.AccountRecord
	sealed sealedAccount
	keys   any
}

func (s *Store) newAccountRow(ctx context.Context, r sinew.AccountRecord) (newAccount, error) {
	sealed, err := s.sealAccount(ctx, r, 1)
	if err != nil {
		return newAccount{}, err
	}
	keys, err := objectStoreColumn(r.ObjectStore)
	return newAccount{r, sealed, keys}, err
}

// CreateAccount writes an account with its secrets, its tenant's row if it has
// none, and its events, and makes its blobs live. The id must be set already,
// since blobs and events refer to it.
func (s *Store) CreateAccount(ctx context.Context, r sinew.AccountRecord, events []sinew.Event) error {
	return wrap(s.sealing(func() error {
		row, err := s.newAccountRow(ctx, r)
		if err != nil {
			return err
		}
		return s.change(ctx, func(t *tx) error { return insertAccount(ctx, t, row, events) })
	}), "create account %s", r.ID)
}

func insertAccount(ctx context.Context, t *tx, r newAccount, events []sinew.Event) error {
	if err := ensureTenant(ctx, t, r.EnvironmentID, r.TenantID, r.CreatedAt); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `INSERT INTO integrated_account
		(id, environment_id, environment_integration_id, integration_name, tenant_id, name, status, last_error, last_action_result,
		last_forbidden_error, is_sandbox, authentication_method, region, super_query, context, context_secret, object_store,
		unified_model_override, integration_override, integration_override_secret, unified_model_override_secret,
		static_gate_id, secret_version, event_sequence, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 1, $23, $24, $25)`,
		r.ID, r.EnvironmentID, r.EnvironmentIntegrationID, r.IntegrationName, r.TenantID, r.Name, string(r.Status), orNull(r.LastError), orNull(r.LastActionResult),
		orNull(r.LastForbiddenError), r.IsSandbox, string(r.AuthenticationMethod), string(r.Region), orNull(r.SuperQuery), string(r.Context), r.sealed.context, r.keys,
		string(r.UnifiedModelOverride), string(r.IntegrationOverride), r.sealed.integrationOverride, r.sealed.unifiedModelOverride, orNull(r.StaticGateID), r.EventSequence, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli())
	if isForeignKey(err) {
		return sinew.NotFound("Environment integration", r.EnvironmentIntegrationID)
	}
	if err != nil {
		return err
	}
	if err := insertSandbox(ctx, t, r.AccountRecord); err != nil {
		return err
	}
	if err := switchBlobs(ctx, t, nil, r.ObjectStore, r.CreatedAt); err != nil {
		return err
	}
	if r.RefreshAt != nil && !r.RefreshAt.IsZero() {
		if err := insertJobs(ctx, t, []sinew.Job{refreshJob(r.EnvironmentID, r.ID, 0, *r.RefreshAt)}); err != nil {
			return err
		}
	}
	if err := beginInstall(ctx, t, r.IntegratedAccount, r.Install); err != nil {
		return err
	}
	if err := insertTimeline(ctx, t, r.IntegratedAccount, r.Changes); err != nil {
		return err
	}
	return insertEvents(ctx, t, events)
}

func insertSandbox(ctx context.Context, t *tx, r sinew.AccountRecord) error {
	if r.SandboxOf == "" {
		return nil
	}
	_, err := t.ExecContext(ctx, `INSERT INTO sandbox_integrated_account (id, environment_id, source_account_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5)`, r.ID, r.EnvironmentID, r.SandboxOf, r.CreatedAt.UnixMilli(), r.UpdatedAt.UnixMilli())
	return wrap(err, "write sandbox account %s", r.ID)
}

// sealedAccount holds the secrets of an account as they are stored; nil for
// none.
type sealedAccount struct{ context, integrationOverride, unifiedModelOverride any }

func (s *Store) sealAccount(ctx context.Context, r sinew.AccountRecord, version int64) (sealed sealedAccount, err error) {
	for _, column := range []struct {
		into *any
		name string
		text sinew.JSON
	}{
		{&sealed.context, "context_secret", r.Secrets.Context},
		{&sealed.integrationOverride, "integration_override_secret", r.Secrets.IntegrationOverride},
		{&sealed.unifiedModelOverride, "unified_model_override_secret", r.Secrets.UnifiedModelOverride},
	} {
		if *column.into, err = s.sealColumn(ctx, accountPlace(r.IntegratedAccount, column.name, version), string(column.text)); err != nil {
			return sealedAccount{}, err
		}
	}
	return sealed, nil
}

// UpdateAccount changes an account by a function from old to new, which returns
// the events of the change. While it runs, nobody else changes the account. It
// may run more than once. Secrets that it leaves alone are not written.
func (s *Store) UpdateAccount(ctx context.Context, environmentID, id string, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (sinew.AccountView, error) {
	var changed sinew.AccountView
	err := s.change(ctx, func(t *tx) (err error) {
		changed, err = s.updateAccount(ctx, t, environmentID, id, 0, update)
		return err
	})
	return changed, wrap(s.failClosed(ctx, environmentID, err), "update account %s", id)
}

// updateAccount is UpdateAccount within a transaction. fence is that of the claim
// which the change is made for, 0 for none: a token in the change gets its own then.
func (s *Store) updateAccount(ctx context.Context, t *tx, environmentID, id string, fence int64, update func(*sinew.AccountRecord) ([]sinew.Event, error)) (sinew.AccountView, error) {
	r, err := s.accountRecord(ctx, t, environmentID, id, s.lockAccount())
	if err != nil {
		return sinew.AccountView{}, err
	}
	before, secrets := r.IntegratedAccount, r.Secrets
	events, err := update(&r.AccountRecord)
	if err != nil {
		return sinew.AccountView{}, err
	}
	if err := s.updateAccountRow(ctx, t, before, r, r.Secrets != secrets); err != nil {
		return r.AccountView, err
	}
	if fence == 0 && r.Secrets.Context != secrets.Context && tokenPart(r.Secrets.Context) != tokenPart(secrets.Context) {
		if fence, err = tokenReplaced(ctx, t, environmentID, id); err != nil {
			return r.AccountView, err
		}
	}
	if r.RefreshAt != nil {
		if err := scheduleRefresh(ctx, t, environmentID, id, fence, *r.RefreshAt); err != nil {
			return r.AccountView, err
		}
	}
	if r.Status != before.Status {
		if err := settleAttempts(ctx, t, r.IntegratedAccount); err != nil {
			return r.AccountView, err
		}
	}
	if err := beginInstall(ctx, t, r.IntegratedAccount, r.Install); err != nil {
		return r.AccountView, err
	}
	if err := insertTimeline(ctx, t, r.IntegratedAccount, r.Changes); err != nil {
		return r.AccountView, err
	}
	if err := insertRevocations(ctx, t, accountRevocations(r.IntegratedAccount, r.Revocations)); err != nil {
		return r.AccountView, err
	}
	return r.AccountView, insertEvents(ctx, t, events)
}

// lockAccount locks the account's row alone, not the counter beside it.
func (s *Store) lockAccount() string {
	if s.dialect.noKeyUpdate == "" {
		return ""
	}
	return s.dialect.noKeyUpdate + " OF a"
}

// updateAccountRow writes an account, with its secrets if these have changed.
func (s *Store) updateAccountRow(ctx context.Context, t *tx, before sinew.IntegratedAccount, r lockedRecord, withSecrets bool) error {
	a := r.IntegratedAccount
	if a.TenantID != before.TenantID {
		if err := ensureTenant(ctx, t, a.EnvironmentID, a.TenantID, a.UpdatedAt); err != nil {
			return err
		}
	}
	if err := switchBlobs(ctx, t, before.ObjectStore, a.ObjectStore, a.UpdatedAt); err != nil {
		return err
	}
	keys, err := objectStoreColumn(a.ObjectStore)
	if err != nil {
		return err
	}
	statement, args := accountUpdate, []any{
		a.ID, a.TenantID, a.Name, string(a.Status), orNull(a.LastError), orNull(a.LastActionResult),
		orNull(a.LastForbiddenError), string(a.AuthenticationMethod), orNull(a.SuperQuery), string(a.Context), keys,
		string(a.UnifiedModelOverride), string(a.IntegrationOverride), orNull(a.StaticGateID), a.UpdatedAt.UnixMilli(),
	}
	if withSecrets {
		version := r.secretVersion + 1
		sealed, err := s.sealAccount(ctx, r.AccountRecord, version)
		if err != nil {
			return err
		}
		statement, args = accountUpdate+secretsUpdate, append(args, sealed.context, sealed.integrationOverride, sealed.unifiedModelOverride, version)
	}
	_, err = t.ExecContext(ctx, statement+" WHERE id = $1", args...)
	if isForeignKey(err) {
		return sinew.NotFound("Static gate", a.StaticGateID)
	}
	return wrap(err, "write account %s", a.ID)
}

const (
	accountUpdate = `UPDATE integrated_account SET tenant_id = $2, name = $3, status = $4, last_error = $5, last_action_result = $6,
		last_forbidden_error = $7, authentication_method = $8, super_query = $9, context = $10, object_store = $11,
		unified_model_override = $12, integration_override = $13, static_gate_id = $14, updated_at = $15`
	secretsUpdate = `, context_secret = $16, integration_override_secret = $17, unified_model_override_secret = $18, secret_version = $19`
)
