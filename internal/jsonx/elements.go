package jsonx

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

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

// TopMembers visits the members of the text of an object, their values as texts that
// share its memory. What is no object has none; one that breaks off has those before.
func TopMembers(object []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		dec := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
			return
		}
		for dec.PeekKind() == '"' {
			token, err := dec.ReadToken()
			if err != nil {
				return
			}
			name := token.String()
			value, err := dec.ReadValue()
			if err != nil || !yield(name, bytes.TrimSpace(value)) {
				return
			}
		}
	}
}
