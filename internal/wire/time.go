package wire

import (
	"strings"
	"time"
)

// ParseTime reads a point in time in the forms that clients send, and returns
// it in UTC:
//
//	2021-08-10T10:00:00.000Z        RFC 3339, any offset, any fraction
//	2021-08-10T10:00:00             without a zone: UTC
//	2021-08-10 10:00:00.000         with a space, zone optional
//	2021-08-10T10:00                without seconds
//	2021-08-10                      midnight UTC
//
// A space before the offset is read as the "+" that an unencoded query loses.
// Text around it, and times that do not exist, are refused.
func ParseTime(text string) (t time.Time, ok bool) {
	if len(text) < len(time.DateOnly) || len(text) > 40 {
		return time.Time{}, false
	}
	s := []byte(strings.ToUpper(text))
	if len(s) > 10 && s[10] == ' ' {
		s[10] = 'T'
	}
	if i := len(s) - 6; i > 10 && s[i] == ' ' {
		s[i] = '+'
	}
	if strings.IndexByte(string(s), ',') >= 0 {
		return time.Time{}, false // Go reads a comma as the start of a fraction
	}
	for _, layout := range []string{
		"2006-01-02T15:04:05Z07:00",
		"2006-01-02T15:04:05",
		time.DateOnly,
		"2006-01-02T15:04Z07:00",
		"2006-01-02T15:04",
	} {
		if t, err := time.Parse(layout, string(s)); err == nil {
			return t.UTC(), t.UTC().Year() >= 0 && t.UTC().Year() <= 9999
		}
	}
	return time.Time{}, false
}
