package store

import "testing"

func TestUnpackerRefusesWhatDisagrees(t *testing.T) {
	t.Parallel()
	read := func(row string) error {
		u := unpacker{rest: row}
		u.text()
		u.number()
		u.truth()
		return u.done()
	}
	for row, ok := range map[string]bool{
		"3:a:;7;1;": true, ":7;t;": true, "0::7;1;": false, "3:abc-7;f;": true,
		"4:abc7;1;": false, "-1:7;1;": false, "x:7;1;": false, "3:abc7;1;more": false, "3:abc;1;": false, "": false, "3:abc7;": false,
		"99999999999999999999:7;1;": false,
	} {
		if err := read(row); (err == nil) != ok {
			t.Errorf("%q: error %v", row, err)
		}
	}
}
