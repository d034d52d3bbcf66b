package escrow

import (
	"bytes"
	"encoding/base64"
	"errors"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// record is one line of a segment: an entry, or the mark of one that was applied.
type record struct {
	id
	environmentID string
	sealed        []byte
	applied       bool
}

// id names an entry among all of a folder.
type id struct{ kind, key string }

func (n id) String() string { return n.kind + " " + n.key }

// place is what the content of an entry is bound to when it is sealed.
func (n id) place() string { return "escrow/" + n.kind + "/" + n.key }

func (r record) line() []byte {
	b := jsonx.NewBuilder(4).Set("kind", jsonx.StringValue(r.kind)).Set("key", jsonx.StringValue(r.key))
	if r.applied {
		b.Set("applied", jsonx.BoolValue(true))
	} else {
		b.Set("environment_id", jsonx.StringValue(r.environmentID)).Set("sealed", jsonx.StringValue(base64.StdEncoding.EncodeToString(r.sealed)))
	}
	return append(b.Value().Bytes(), '\n')
}

func readRecord(line []byte) (r record, err error) {
	v, err := jsonx.Parse(line)
	if err != nil {
		return r, err
	}
	r.id = id{v.Get("kind").Str(), v.Get("key").Str()}
	r.environmentID = v.Get("environment_id").Str()
	r.applied, _ = v.Get("applied").Bool()
	if r.kind == "" || r.key == "" {
		return r, errors.New("a line without a name")
	}
	if !r.applied {
		r.sealed, err = base64.StdEncoding.DecodeString(v.Get("sealed").Str())
	}
	return r, err
}

// readSegment returns the entries of a segment that were not applied, in their
// order. What stands behind the last line break was not written whole, so that
// nobody was told that it is there. damaged counts the lines that should be whole
// and are not.
func readSegment(content []byte) (open []record, damaged int) {
	content = content[:bytes.LastIndexByte(content, '\n')+1]
	at := map[id]int{}
	var all []record
	for line := range bytes.Lines(content) {
		r, err := readRecord(line)
		switch {
		case err != nil:
			damaged++
		case r.applied:
			if i, ok := at[r.id]; ok {
				all[i].applied = true
			}
		default:
			at[r.id] = len(all)
			all = append(all, r)
		}
	}
	for _, r := range all {
		if !r.applied {
			open = append(open, r)
		}
	}
	return open, damaged
}
