package testkit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	databasePrefix = "test_"
	templatePrefix = "template_"
	// dropTimeout bounds the clean-up, which outlives the test's context.
	dropTimeout = 30 * time.Second
	// templateLock is the advisory lock under which one process prepares a
	// template while others wait. The number only has to be ours.
	templateLock = 7_305_001
)

// newPostgres creates a database for the test, as a copy of the template if
// one is named.
func newPostgres(t testing.TB, template string) Database {
	t.Helper()
	server := serverURL(t)
	name := databasePrefix + strings.ToLower(rand.Text())
	statement := "CREATE DATABASE " + name
	if template != "" {
		statement += " TEMPLATE " + template
	}
	if err := execute(t.Context(), server, statement); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return Database{Name: Postgres, Dir: t.TempDir(), URL: databaseURL(t, server, name)}
}

// ensureTemplate prepares the template unless the server has it, and returns
// the name of its database.
func ensureTemplate(t testing.TB, template *Template) string {
	t.Helper()
	server := serverURL(t)
	sum := sha256.Sum256([]byte(template.Fingerprint))
	name := templatePrefix + hex.EncodeToString(sum[:12])
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatalf("connect to PostgreSQL: %v", err)
	}
	defer closeConn(t, conn)
	if err := ensureTemplateLocked(t, conn, name, template.Prepare); err != nil {
		t.Fatalf("prepare database template: %v", err)
	}
	return name
}

// ensureTemplateLocked takes the lock for as long as the connection lives.
func ensureTemplateLocked(t testing.TB, conn *pgx.Conn, name string, prepare func(context.Context, Database) error) error {
	t.Helper()
	ctx := t.Context()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
		return err
	}
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return err
	}
	// The name appears only when the preparation is complete.
	draft := name + "_draft"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+draft+" WITH (FORCE)"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+draft); err != nil {
		return err
	}
	db := Database{Name: Postgres, Dir: t.TempDir(), URL: databaseURL(t, serverURL(t), draft)}
	if err := prepare(ctx, db); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
	return err
}

// execute runs one statement on a connection of its own.
func execute(ctx context.Context, server, statement string) (err error) {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

func closeConn(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("close connection: %v", err)
	}
}

func databaseURL(t testing.TB, server, name string) string {
	t.Helper()
	address, err := url.Parse(server)
	if err != nil || !strings.HasPrefix(address.Scheme, "postgres") {
		t.Fatalf("%s is not a postgres:// address", urlVariable)
	}
	address.Path = "/" + name
	return address.String()
}
