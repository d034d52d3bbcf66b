package connectpage

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
	"github.com/sinewhq/sinew/internal/httpapi"
)

//go:embed all:dist
var built embed.FS

// policy lets the page load what is its own, and pictures of any site: the logos
// of integrations and of the environment. The style that stands in the page is
// named by its hash.
const policy = "default-src 'none'; script-src 'self'; style-src {hash}; font-src 'self'; connect-src 'self'; img-src 'self' data: https:; base-uri 'none'; form-action 'none'"

// file is a built file, as it is and compressed.
type file struct {
	media        string
	plain, small []byte
}

// builtAssets is where the built page looks for its files.
const builtAssets = `"/connect-account/assets/`

// withAssets is a page that looks for its files relative to itself, so that it can
// be served below any path.
func (f file) withAssets(relative string) file {
	f.plain = bytes.ReplaceAll(f.plain, []byte(builtAssets), []byte(`"`+relative))
	if f.small != nil {
		f.small = compressed(f.plain)
	}
	return f
}

// linked is how the built page loads its stylesheet.
var linked = regexp.MustCompile(`<link rel="stylesheet"[^>]*>`)

// withStyle is a page that brings its style along, and its policy. The first paint
// would wait for another answer otherwise.
func (f file) withStyle(style []byte) (page file, policyOfIt string) {
	sum := sha256.Sum256(style)
	f.plain = linked.ReplaceAllLiteral(f.plain, slices.Concat([]byte("<style>"), style, []byte("</style>")))
	f.small = compressed(f.plain)
	return f, strings.Replace(policy, "{hash}", "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", 1)
}

// worthwhile is the size from which files are compressed, in bytes.
const worthwhile = 1024

// Pages are the page and its files, and what a browser is shown in its place. They
// are safe for concurrent use.
type Pages struct {
	files      map[string]file
	index      file
	policy     string
	stylesheet string
}

// New reads the pages.
func New() (*Pages, error) {
	files, err := readFiles(built, "dist")
	if err != nil {
		return nil, fmt.Errorf("connect page: %w", err)
	}
	index, ok := files["index.html"]
	if !ok {
		return nil, fmt.Errorf("connect page: there is no index.html")
	}
	p := &Pages{files: files}
	for name, f := range files {
		if path.Ext(name) == ".css" {
			p.stylesheet = name
			p.index, p.policy = index.withStyle(f.plain)
		}
	}
	if p.policy == "" {
		return nil, fmt.Errorf("connect page: there is no stylesheet")
	}
	return p, nil
}

// Operations serve the page and its files.
func (p *Pages) Operations() []httpapi.Operation {
	page := func(path, assets, id, summary string) httpapi.Operation {
		index := p.index.withAssets(assets)
		return httpapi.Operation{
			Method: "GET", Path: path, ID: id, Tag: "Connect", Summary: summary, Access: httpapi.AccessPublic, Hidden: true,
			Handle: func(c *httpapi.Call) (httpapi.Answer, error) {
				return index.answer(c.Request, "no-store", p.policy), nil
			},
		}
	}
	return []httpapi.Operation{
		page("/connect-account", "connect-account/assets/", "getConnectPage", "The page on which customers connect accounts"),
		page("/connect-account/post-connect", "assets/", "getPostConnectPage", "The page on which customers complete accounts"),
		{
			Method: "GET", Path: "/connect-account/assets/{name}", ID: "getConnectPageFile", Tag: "Connect", Summary: "A file of the page",
			Access: httpapi.AccessPublic, Hidden: true, Handle: func(c *httpapi.Call) (httpapi.Answer, error) {
				f, ok := p.files["assets/"+c.Path("name")]
				if !ok {
					return httpapi.Answer{}, sinew.NotFound("File", c.Path("name"))
				}
				// The name changes with the content.
				return f.answer(c.Request, "public, max-age=31536000, immutable", "default-src 'none'"), nil
			},
		},
	}
}

func readFiles(from fs.FS, root string) (map[string]file, error) {
	files := map[string]file{}
	err := fs.WalkDir(from, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		plain, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		f := file{media: mediaType(name), plain: plain}
		if len(plain) >= worthwhile && !strings.HasPrefix(f.media, "image/png") {
			f.small = compressed(plain)
		}
		files[strings.TrimPrefix(name, root+"/")] = f
		return nil
	})
	return files, err
}

// mediaType does not ask the machine, whose tables differ.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	if media := mime.TypeByExtension(path.Ext(name)); media != "" {
		return media
	}
	return "application/octet-stream"
}

func compressed(plain []byte) []byte {
	var small bytes.Buffer
	w, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(plain); err != nil || w.Close() != nil || small.Len() >= len(plain) {
		return nil
	}
	return small.Bytes()
}

func (f file) answer(r *http.Request, cache, policy string) httpapi.Answer {
	header := http.Header{
		"Content-Type": {f.media}, "Cache-Control": {cache}, "Vary": {"Accept-Encoding"},
		"Content-Security-Policy": {policy}, "Referrer-Policy": {"no-referrer"},
	}
	if f.small != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		header.Set("Content-Encoding", "gzip")
		return httpapi.Answer{Body: f.small, Header: header}
	}
	return httpapi.Answer{Body: f.plain, Header: header}
}

// acceptsGzip reports whether a reader takes gzip (RFC 9110 section 12.5.3).
func acceptsGzip(accept string) bool {
	for item := range strings.SplitSeq(accept, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(item), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return strings.TrimSpace(weight) != "q=0"
		}
	}
	return false
}
