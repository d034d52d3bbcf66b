package extensions

import (
	"context"
	"errors"
	"strings"

	"github.com/sinewhq/sinew/jsonata"
	model "github.com/sinewhq/sinew/jsonata/internal/value"
)

func textFunctions() []jsonata.Function {
	return []jsonata.Function{define("recursiveCharacterTextSplitter", 2, pure(splitText))}
}

// splitter cuts a text into pieces of a size, at the coarsest separators that
// do it, with some overlap: the algorithm of LangChain's recursive splitter.
type splitter struct{ size, overlap int }

func splitText(a args) (value, error) {
	text := ""
	switch v := a.at(0); {
	case v.IsString():
		text = v.Str()
	case v.IsArray(), v.IsObject():
		out, err := stringify(context.Background(), []value{v, jsonata.Bool(true)})
		if err != nil {
			return value{}, err
		}
		text = out.Str()
	case !isNil(v):
		text = scriptText(v)
	}
	s := splitter{size: 200, overlap: 60}
	if v := a.at(1); !isNil(v) {
		o := options{v}
		s = splitter{int(o.number("chunkSize", 1000)), int(o.number("chunkOverlap", 200))}
	}
	if s.overlap >= s.size {
		return value{}, errors.New("recursiveCharacterTextSplitter: chunkOverlap must be less than chunkSize")
	}
	return texts(s.split(text, []string{"\n\n", "\n", " ", ""})), nil
}

func (s splitter) split(text string, separators []string) []string {
	sep := separators[len(separators)-1]
	var finer []string
	for i, x := range separators {
		if x == "" || strings.Contains(text, x) {
			sep, finer = x, separators[i+1:]
			break
		}
	}
	var out, good []string
	for _, piece := range cutKeeping(text, sep) {
		if utf16Len(piece) < s.size {
			good = append(good, piece)
			continue
		}
		out = append(out, s.merge(good)...)
		good = nil
		if len(finer) == 0 {
			out = append(out, piece)
		} else {
			out = append(out, s.split(piece, finer)...)
		}
	}
	return append(out, s.merge(good)...)
}

// cutKeeping cuts in front of each separator, which stays with what follows.
func cutKeeping(text, sep string) []string {
	var out []string
	if sep == "" {
		for _, u := range model.ToUTF16(text) {
			out = append(out, model.FromUTF16([]uint16{u}))
		}
		return out
	}
	for i, part := range strings.Split(text, sep) {
		if i > 0 {
			part = sep + part
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

// merge joins neighbouring pieces up to the size, starting each chunk with the
// last pieces of the one before.
func (s splitter) merge(pieces []string) []string {
	var out, cur []string
	total := 0
	emit := func() {
		joined := ""
		for _, p := range cur {
			joined = model.Concat(joined, p)
		}
		if doc := strings.TrimSpace(joined); doc != "" {
			out = append(out, doc)
		}
	}
	for _, p := range pieces {
		n := utf16Len(p)
		if total+n > s.size && len(cur) > 0 {
			emit()
			for total > s.overlap || total+n > s.size && total > 0 {
				total -= utf16Len(cur[0])
				cur = cur[1:]
			}
		}
		cur = append(cur, p)
		total += n
	}
	emit()
	return out
}
