package docs_test

import (
	"fmt"
	"strings"
)

// sample is a block of commands with what it prints.
type sample struct {
	line     int // of the page, where the commands begin
	commands string
	// expected is the block behind the commands, with its language; "" when
	// the page shows none.
	expected string
	language string
}

// block is a fenced block of a page.
type block struct {
	line int // of its first line of text
	info string
	text string
	// adjacent says that nothing but blank lines stands between this block and
	// the one before it.
	adjacent bool
}

// reason begins what stands behind "sh norun".
const norun = "norun: "

// samples reads the samples of a page, in order:
//
//	```sh                  commands that are run
//	```sh norun: REASON    commands that are not, and why
//	```json or ```text     right behind commands, what they print
//
// Every other block is left alone.
func samples(page string) ([]sample, error) {
	var found []sample
	var last *sample // the commands right above, if they are run
	for _, b := range blocks(page) {
		language, rest, _ := strings.Cut(b.info, " ")
		expects := last != nil && b.adjacent && (language == "json" || language == "text")
		switch {
		case language == "sh" && rest == "":
			found = append(found, sample{line: b.line, commands: b.text})
			last = &found[len(found)-1]
			continue
		case language == "sh" && len(rest) <= len(norun) || language == "sh" && !strings.HasPrefix(rest, norun):
			return nil, fmt.Errorf("line %d: commands that are not run need a reason, as in \"```sh norun: REASON\"", b.line)
		case expects:
			last.expected, last.language = b.text, language
		}
		last = nil
	}
	return found, nil
}

const fence = "```"

func blocks(page string) []block {
	var found []block
	var open *block
	adjacent := false
	for i, line := range strings.Split(page, "\n") {
		switch info, isFence := strings.CutPrefix(line, fence); {
		case isFence && open == nil:
			open = &block{line: i + 2, info: strings.TrimSpace(info), adjacent: adjacent}
		case isFence:
			found = append(found, *open)
			open, adjacent = nil, true
		case open != nil:
			open.text += line + "\n"
		case strings.TrimSpace(line) != "":
			adjacent = false
		}
	}
	return found
}
