package seal

import (
	"encoding/binary"
	"fmt"
)

// Place is the cell that a sealed value lives in. Every field but Version is
// required.
type Place struct {
	EnvironmentID string
	Table         string
	RowID         string
	Column        string
	// Version is the version of the row; 0 where rows have none.
	Version int64
}

// String names the place for logs and errors.
func (p Place) String() string {
	return fmt.Sprintf("%s.%s of row %s version %d in environment %s", p.Table, p.Column, p.RowID, p.Version, p.EnvironmentID)
}

func (p Place) check() error {
	for _, field := range []struct{ name, value string }{
		{"environment", p.EnvironmentID}, {"table", p.Table}, {"row", p.RowID}, {"column", p.Column},
	} {
		if field.value == "" {
			return fmt.Errorf("incomplete place: no %s", field.name)
		}
	}
	return nil
}

func (p Place) associatedData() []byte {
	data := encodeParts("column v1", p.EnvironmentID, p.Table, p.RowID, p.Column)
	return binary.BigEndian.AppendUint64(data, uint64(p.Version))
}

// encodeParts writes each part behind its length, so that no two lists of the
// same number of parts share an encoding.
func encodeParts(parts ...string) []byte {
	var data []byte
	for _, part := range parts {
		data = binary.AppendUvarint(data, uint64(len(part)))
		data = append(data, part...)
	}
	return data
}
