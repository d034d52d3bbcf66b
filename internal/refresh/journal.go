package refresh

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/jsonx"
)

// Sealer encrypts what belongs to an environment, bound to a name, so that it opens
// however late: a node may come back long after the data key was exchanged.
type Sealer interface {
	SealAlone(ctx context.Context, environmentID, name string, content []byte) ([]byte, error)
	OpenAlone(ctx context.Context, environmentID, name string, sealed []byte) ([]byte, error)
}

// Entry is a vendor's answer that is not yet in the database.
type Entry struct {
	Claim     sinew.RefreshClaim
	Token     jsonx.Value
	Scopes    []string
	ExpiresAt time.Time
}

// Journal keeps answers on this node's disk, encrypted, from when they come until
// they are stored. It is safe for concurrent use.
type Journal struct {
	dir    string
	sealer Sealer
}

const (
	journalSuffix = ".token"
	partSuffix    = ".part"
)

// OpenJournal opens the journal in a folder, which it makes.
func OpenJournal(dir string, sealer Sealer) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open refresh journal: %w", err)
	}
	return &Journal{dir: dir, sealer: sealer}, nil
}

func (j *Journal) path(c sinew.RefreshClaim) string {
	return filepath.Join(j.dir, c.AccountID+"."+strconv.FormatInt(c.Fence, 10)+journalSuffix)
}

// place binds an entry to its claim.
func place(c sinew.RefreshClaim) string {
	return "refresh/" + c.AccountID + "/" + strconv.FormatInt(c.Fence, 10)
}

// Put writes an entry, so that it is there after a crash of the process or of
// the machine.
func (j *Journal) Put(ctx context.Context, e Entry) error {
	b := jsonx.NewBuilder(3).Set("token", e.Token)
	if e.Scopes != nil {
		b.Set("scopes", jsonx.StringsValue(e.Scopes))
	}
	if !e.ExpiresAt.IsZero() {
		b.Set("expires_at", jsonx.IntValue(e.ExpiresAt.UnixMilli()))
	}
	sealed, err := j.sealer.SealAlone(ctx, e.Claim.EnvironmentID, place(e.Claim), b.Value().Bytes())
	if err != nil {
		return fmt.Errorf("journal token of account %s: %w", e.Claim.AccountID, err)
	}
	c := e.Claim
	text := jsonx.NewBuilder(5).Set("environment_id", jsonx.StringValue(c.EnvironmentID)).Set("account_id", jsonx.StringValue(c.AccountID)).
		Set("fence", jsonx.IntValue(c.Fence)).Set("token_fence", jsonx.IntValue(c.TokenFence)).
		Set("sealed", jsonx.StringValue(base64.StdEncoding.EncodeToString(sealed))).Value().Bytes()
	if err := writeDurably(j.path(c), text); err != nil {
		return fmt.Errorf("journal token of account %s: %w", c.AccountID, err)
	}
	return nil
}

// writeDurably writes a file that is there whole or not at all.
func writeDurably(path string, content []byte) (err error) {
	part, err := os.OpenFile(path+partSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return errors.Join(err, os.Remove(path+partSuffix))
	}
	if err := os.Rename(path+partSuffix, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Remove takes the entry of a claim out.
func (j *Journal) Remove(c sinew.RefreshClaim) error {
	if err := os.Remove(j.path(c)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take token of account %s out of the journal: %w", c.AccountID, err)
	}
	return nil
}

// Pending returns the entries that wait. Those that cannot be read are errors
// beside the others.
func (j *Journal) Pending(ctx context.Context) (entries []Entry, err error) {
	files, err := os.ReadDir(j.dir)
	if err != nil {
		return nil, fmt.Errorf("read refresh journal: %w", err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), journalSuffix) {
			continue
		}
		e, readErr := j.read(ctx, filepath.Join(j.dir, file.Name()))
		switch {
		case errors.Is(readErr, fs.ErrNotExist): // stored meanwhile
		case readErr != nil:
			err = errors.Join(err, fmt.Errorf("read refresh journal %s: %w", file.Name(), readErr))
		default:
			entries = append(entries, e)
		}
	}
	return entries, err
}

func (j *Journal) read(ctx context.Context, path string) (Entry, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Entry{}, err
	}
	v, err := jsonx.Parse(content)
	if err != nil {
		return Entry{}, err
	}
	fence, _ := v.Get("fence").Int()
	tokenFence, _ := v.Get("token_fence").Int()
	c := sinew.RefreshClaim{EnvironmentID: v.Get("environment_id").Str(), AccountID: v.Get("account_id").Str(), Fence: fence, TokenFence: tokenFence}
	sealed, err := base64.StdEncoding.DecodeString(v.Get("sealed").Str())
	if err != nil {
		return Entry{}, err
	}
	open, err := j.sealer.OpenAlone(ctx, c.EnvironmentID, place(c), sealed)
	if err != nil {
		return Entry{}, err
	}
	if v, err = jsonx.Parse(open); err != nil {
		return Entry{}, err
	}
	e := Entry{Claim: c, Token: v.Get("token")}
	if scopes := v.Get("scopes"); scopes.Exists() {
		e.Scopes = []string{}
		for _, scope := range scopes.Items() {
			e.Scopes = append(e.Scopes, scope.Str())
		}
	}
	if at, ok := v.Get("expires_at").Int(); ok {
		e.ExpiresAt = time.UnixMilli(at).UTC()
	}
	return e, nil
}
