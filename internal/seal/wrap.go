package seal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// wrapFormat is the first byte of every wrapped key. The second is the length
// of the master key's fingerprint, which follows, and then what the master key
// made. The fingerprint is no secret and needs no authentication: changed, it
// leads to a refusal, never to another key.
const wrapFormat = 1

func environmentKeyData(environmentID string) []byte {
	return encodeParts("environment key v1", environmentID)
}

func serverKeyData(name string) []byte { return encodeParts("server key v1", name) }

func environmentKeySubject(environmentID string) string { return "key of environment " + environmentID }

func serverKeySubject(name string) string { return "server key " + name }

// Parts reads associated data that this package gave to a Master: what the
// wrapped key is, and whose. A key service can show them in its own log.
func Parts(aad []byte) (parts []string, ok bool) {
	for len(aad) > 0 {
		length, n := binary.Uvarint(aad)
		if n <= 0 || length > uint64(len(aad)-n) {
			return nil, false
		}
		end := n + int(length)
		parts, aad = append(parts, string(aad[n:end])), aad[end:]
	}
	return parts, true
}

// findMaster returns the master key of a fingerprint.
func findMaster(masters []Master, id string) (Master, error) {
	for _, master := range masters {
		if master.ID() == id {
			return master, nil
		}
	}
	return nil, &ForeignKeyError{WrappedBy: id, Have: masters[0].ID()}
}

func wrapKey(ctx context.Context, master Master, clear, aad []byte) ([]byte, error) {
	id := master.ID()
	if id == "" || len(id) > 255 {
		return nil, fmt.Errorf("master key fingerprint of %d bytes", len(id))
	}
	wrapped, err := master.Wrap(ctx, clear, aad)
	if err != nil {
		return nil, err
	}
	head := append([]byte{wrapFormat, byte(len(id))}, id...)
	return append(head, wrapped...), nil
}

func unwrapKey(ctx context.Context, masters []Master, wrapped, aad []byte, subject string) ([]byte, error) {
	wrappedBy, body, ok := splitWrapped(wrapped)
	if !ok {
		return nil, &TamperedError{Subject: subject}
	}
	master, err := findMaster(masters, wrappedBy)
	if err != nil {
		return nil, err
	}
	clear, err := master.Unwrap(ctx, body, aad)
	if errors.Is(err, ErrTampered) {
		return nil, &TamperedError{Subject: subject}
	}
	if err != nil {
		return nil, fmt.Errorf("unwrap %s: %w", subject, err)
	}
	return clear, nil
}

// WrappedBy returns the fingerprint of the master key that wrapped a key; ""
// when the bytes are no wrapped key.
func WrappedBy(wrapped []byte) string {
	id, _, _ := splitWrapped(wrapped)
	return id
}

// splitWrapped parts a wrapped key into the fingerprint of the master key that
// wrapped it and what that made.
func splitWrapped(wrapped []byte) (wrappedBy string, body []byte, ok bool) {
	if len(wrapped) < 2 || wrapped[0] != wrapFormat {
		return "", nil, false
	}
	end := 2 + int(wrapped[1])
	if len(wrapped) < end {
		return "", nil, false
	}
	return string(wrapped[2:end]), wrapped[end:], true
}
