package view

import (
	"time"

	"github.com/sinewhq/sinew/internal/jsonx"
)

// Time is a point in time as "2021-08-10T10:00:00.000Z"; the zero time is null.
type Time time.Time

// MarshalJSON writes the time, or null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return jsonx.AppendTime(nil, time.Time(t)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*t = Time{}
		return nil
	}
	parsed, err := time.Parse(`"`+jsonx.TimeFormat+`"`, string(text))
	*t = Time(parsed)
	return err
}
