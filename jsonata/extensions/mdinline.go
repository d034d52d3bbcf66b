package extensions

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	mdTag      = regexp.MustCompile(`^(?:<!--[\s\S]*?-->|</[a-zA-Z][\w:-]*\s*>|<[a-zA-Z][\w-]*(?:\s+[\w:@.-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>` + "`" + `]+))?)*\s*/?>|<\?[\s\S]*?\?>|<![a-zA-Z]+\s[\s\S]*?>)`)
	mdAutolink = regexp.MustCompile(`^<([a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\s<>]*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>`)
	mdURL      = regexp.MustCompile(`^(?i:(?:https?|ftp)://|www\.)[^\s<]+`)
	mdEntity   = regexp.MustCompile(`^&(?:#\d{1,7}|#[Xx][a-fA-F0-9]{1,6}|\w+);`)
)

// escapeHTML writes text for HTML. Entities that are there already stay unless
// all is set.
func escapeHTML(s string, all bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '&':
			if !all && mdEntity.MatchString(s[i:]) {
				b.WriteByte(c)
			} else {
				b.WriteString("&amp;")
			}
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&quot;")
		case '\'':
			b.WriteString("&#39;")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// inline reads the tokens of a run of text.
func (l *mdLexer) inline(src string) []*mdToken {
	if l.depth++; l.depth > 60 {
		l.depth--
		return []*mdToken{{kind: "text", raw: src, text: escapeHTML(src, false), plain: src}}
	}
	defer func() { l.depth-- }()
	var out []*mdToken
	text := ""
	flush := func() {
		if text != "" {
			out = append(out, &mdToken{kind: "text", raw: text, text: escapeHTML(text, false), plain: text})
			text = ""
		}
	}
	for i := 0; i < len(src); {
		t := l.span(src, i)
		if t != nil && t.kind == "text" {
			text += t.raw
			i += len(t.raw)
			continue
		}
		if t == nil {
			_, n := utf8.DecodeRuneInString(src[i:])
			text += src[i : i+n]
			i += n
			continue
		}
		if t.kind == "br" {
			text = strings.TrimRight(text, " ")
		}
		flush()
		out = append(out, t)
		i += len(t.raw)
	}
	flush()
	return out
}

// span reads a token other than text at i, nil when there is none.
func (l *mdLexer) span(src string, i int) *mdToken {
	rest := src[i:]
	switch rest[0] {
	case '\\':
		if len(rest) > 1 && rest[1] == '\n' {
			return &mdToken{kind: "br", raw: rest[:2]}
		}
		if len(rest) > 1 && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", rest[1]) >= 0 {
			return &mdToken{kind: "escape", raw: rest[:2], text: escapeHTML(rest[1:2], false), plain: rest[1:2]}
		}
	case '<':
		if m := mdAutolink.FindStringSubmatch(rest); m != nil {
			href := m[1]
			if strings.Contains(href, "@") && !strings.Contains(href, ":") {
				href = "mailto:" + href
			}
			return linkTo(m[0], m[1], href)
		}
		if m := mdTag.FindString(rest); m != "" {
			return &mdToken{kind: "html", raw: m, text: m, plain: m}
		}
	case '!':
		if strings.HasPrefix(rest, "![") {
			return l.link(rest, true)
		}
	case '[':
		return l.link(rest, false)
	case '*', '_':
		return l.emphasis(src, i)
	case '`':
		return codeSpan(rest)
	case '~':
		return l.deleted(src, i)
	case '\n':
		if l.breaks {
			return &mdToken{kind: "br", raw: "\n"}
		}
	case ' ':
		n := len(rest) - len(strings.TrimLeft(rest, " "))
		if n >= 2 && n < len(rest) && rest[n] == '\n' {
			return &mdToken{kind: "br", raw: rest[:n+1]}
		}
	case 'h', 'H', 'f', 'F', 'w', 'W':
		if t := bareURL(src, i); t != nil {
			return t
		}
	}
	return bareMail(src, i)
}

var mdMail = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]*[a-zA-Z0-9])+`)

// bareMail reads a mail address that stands in the text.
func bareMail(src string, i int) *mdToken {
	c := src[i]
	if c != '.' && c != '_' && c != '+' && c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
		return nil
	}
	if i > 0 && (src[i-1] == '.' || src[i-1] == '_' || src[i-1] == '+' || src[i-1] == '-' || src[i-1]|0x20 >= 'a' && src[i-1]|0x20 <= 'z' || src[i-1] >= '0' && src[i-1] <= '9') {
		return nil
	}
	m := mdMail.FindString(src[i:])
	if m == "" {
		return nil
	}
	return linkTo(m, m, "mailto:"+m)
}

func linkTo(raw, text, href string) *mdToken {
	t := &mdToken{kind: "text", raw: text, text: escapeHTML(text, false), plain: text}
	return &mdToken{kind: "link", raw: raw, text: t.text, plain: text, href: href, tokens: []*mdToken{t}}
}

func bareURL(src string, i int) *mdToken {
	if i > 0 {
		r, _ := utf8.DecodeLastRuneInString(src[:i])
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
			return nil
		}
	}
	m := mdURL.FindString(src[i:])
	if m == "" {
		return nil
	}
	for {
		cut := strings.TrimRight(m, `?!.,:;*_'"~`)
		if strings.HasSuffix(cut, ")") && strings.Count(cut, ")") > strings.Count(cut, "(") {
			cut = cut[:len(cut)-1]
		}
		if cut == m {
			break
		}
		m = cut
	}
	href := m
	if strings.EqualFold(m[:min(4, len(m))], "www.") {
		href = "http://" + m
	}
	if len(m) < 5 || strings.HasSuffix(m, "//") {
		return nil
	}
	return linkTo(m, m, href)
}

func codeSpan(rest string) *mdToken {
	n := len(rest) - len(strings.TrimLeft(rest, "`"))
	for i := n; i < len(rest); {
		if rest[i] != '`' {
			i++
			continue
		}
		k := len(rest[i:]) - len(strings.TrimLeft(rest[i:], "`"))
		if k == n {
			text := strings.ReplaceAll(rest[n:i], "\n", " ")
			if strings.TrimSpace(text) != "" && strings.HasPrefix(text, " ") && strings.HasSuffix(text, " ") {
				text = text[1 : len(text)-1]
			}
			return &mdToken{kind: "codespan", raw: rest[:i+n], text: escapeHTML(text, true), plain: text}
		}
		i += k
	}
	return &mdToken{kind: "text", raw: rest[:n], text: rest[:n], plain: rest[:n]}
}

// closing finds the bracket that closes the one at the start of s.
func closing(s string, open, end byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case open:
			depth++
		case end:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (l *mdLexer) link(rest string, image bool) *mdToken {
	at := 0
	if image {
		at = 1
	}
	end := closing(rest[at:], '[', ']')
	if end < 0 {
		return nil
	}
	end += at
	label := rest[at+1 : end]
	if end+1 < len(rest) && rest[end+1] == '(' {
		if stop := closing(rest[end+1:], '(', ')'); stop > 0 {
			href, title := linkTarget(rest[end+2 : end+1+stop])
			return l.makeLink(rest[:end+2+stop], label, href, title, image)
		}
	}
	name, raw := label, rest[:end+1]
	if end+1 < len(rest) && rest[end+1] == '[' {
		if stop := strings.IndexByte(rest[end+1:], ']'); stop > 0 {
			if stop > 1 {
				name = rest[end+2 : end+1+stop]
			}
			raw = rest[:end+2+stop]
		}
	}
	if def := l.links[strings.ToLower(strings.Join(strings.Fields(name), " "))]; def != nil {
		return l.makeLink(raw, label, def.href, def.title, image)
	}
	return nil
}

// linkTarget splits the inside of the parentheses into address and title.
func linkTarget(s string) (href, title string) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "<") {
		if i := strings.IndexByte(s, '>'); i > 0 {
			return s[1:i], strings.Trim(strings.TrimSpace(s[i+1:]), `"'()`)
		}
	}
	href, title, _ = strings.Cut(s, " ")
	title = strings.TrimSpace(title)
	if len(title) > 1 {
		title = title[1 : len(title)-1]
	}
	return href, title
}

func (l *mdLexer) makeLink(raw, label, href, title string, image bool) *mdToken {
	plain := unescapeMarkdown(label)
	t := &mdToken{kind: "link", raw: raw, text: plain, plain: plain, href: unescapeMarkdown(href), title: title}
	if image {
		t.kind = "image"
		t.text = escapeHTML(plain, false)
		return t
	}
	t.tokens = l.inline(label)
	return t
}

func unescapeMarkdown(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// flanks tells whether a run of delimiters at [from, to) can open and close
// emphasis.
func flanks(src string, from, to int, char byte) (open, end bool) {
	prev, next := ' ', ' '
	if from > 0 {
		prev, _ = utf8.DecodeLastRuneInString(src[:from])
	}
	if to < len(src) {
		next, _ = utf8.DecodeRuneInString(src[to:])
	}
	space := func(r rune) bool { return unicode.IsSpace(r) }
	punct := func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }
	left := !space(next) && (!punct(next) || space(prev) || punct(prev))
	right := !space(prev) && (!punct(prev) || space(next) || punct(next))
	if char == '_' {
		return left && (!right || punct(prev)), right && (!left || punct(next))
	}
	return left, right
}

func (l *mdLexer) emphasis(src string, i int) *mdToken {
	char := src[i]
	n := runLength(src, i)
	if open, _ := flanks(src, i, i+n, char); !open {
		return &mdToken{kind: "text", raw: src[i : i+n], text: src[i : i+n], plain: src[i : i+n]}
	}
	for _, size := range []int{min(n, 3), 2, 1} {
		if size > n {
			continue
		}
		end := findCloser(src, i+n, char, size)
		if end < 0 {
			continue
		}
		start := i + n - size // outer delimiters that stay are text
		if start > i {
			return &mdToken{kind: "text", raw: src[i:start], text: src[i:start], plain: src[i:start]}
		}
		raw, inner := src[i:end+size], src[i+size:end]
		if size == 3 {
			strong := &mdToken{kind: "strong", raw: src[i+1 : end+2], text: inner, plain: inner, tokens: l.inline(inner)}
			return &mdToken{kind: "em", raw: raw, text: strong.raw, plain: strong.raw, tokens: []*mdToken{strong}}
		}
		kind := "em"
		if size == 2 {
			kind = "strong"
		}
		return &mdToken{kind: kind, raw: raw, text: inner, plain: inner, tokens: l.inline(inner)}
	}
	return &mdToken{kind: "text", raw: src[i : i+n], text: src[i : i+n], plain: src[i : i+n]}
}

func runLength(src string, i int) int {
	n := 1
	for i+n < len(src) && src[i+n] == src[i] {
		n++
	}
	return n
}

// findCloser finds a run that closes size delimiters, passing over code and
// over emphasis that opens and closes in between.
func findCloser(src string, from int, char byte, size int) int {
	nested := 0
	for i := from; i < len(src); {
		switch {
		case src[i] == '\\':
			i += 2
		case src[i] == '`':
			i += len(codeSpan(src[i:]).raw)
		case src[i] == char:
			n := runLength(src, i)
			open, end := flanks(src, i, i+n, char)
			switch {
			case end && nested > 0 && n >= nested:
				if n-nested >= size {
					return i + nested
				}
				nested = 0
			case end && nested == 0 && (n == size || n > size && (n-size != 1 || size != 2 || !open)):
				return i
			case open:
				nested += n
			}
			i += n
		default:
			i++
		}
	}
	return -1
}

func (l *mdLexer) deleted(src string, i int) *mdToken {
	n := runLength(src, i)
	if n > 2 || i+n >= len(src) || src[i+n] == ' ' {
		return nil
	}
	mark := src[i : i+n]
	end := strings.Index(src[i+n:], mark)
	if end <= 0 || src[i+n+end-1] == ' ' || strings.HasPrefix(src[i+2*n+end:], "~") {
		return nil
	}
	inner := src[i+n : i+n+end]
	return &mdToken{kind: "del", raw: src[i : i+2*n+end], text: inner, plain: inner, tokens: l.inline(inner)}
}
