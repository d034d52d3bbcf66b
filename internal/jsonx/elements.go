package jsonx

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Elements returns the texts of the elements of an array, which share the memory of
// its text.
func Elements(array []byte) ([][]byte, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(array), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	token, err := dec.ReadToken()
	if err != nil || token.Kind() != '[' {
		return nil, fmt.Errorf("read array: %w", errOr(err))
	}
	var all [][]byte
	for dec.PeekKind() != ']' {
		at := dec.InputOffset()
		if err := dec.SkipValue(); err != nil {
			return nil, fmt.Errorf("read element %d: %w", len(all), err)
		}
		all = append(all, bytes.TrimLeft(array[at:dec.InputOffset()], " \t\r\n,"))
	}
	return all, nil
}

func errOr(err error) error {
	if err == nil {
		return errors.New("it is no array")
	}
	return err
}
