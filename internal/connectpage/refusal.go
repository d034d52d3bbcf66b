package connectpage

import (
	"html"
	"net/http"
	"strings"

	"github.com/sinewhq/sinew/internal/httpapi"
)

// refusalPolicy lets a refusal load the stylesheet of the page, and nobody frame it:
// it stands in a window that was at the vendor.
const refusalPolicy = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// refusal needs no script: whoever is shown it may come from anywhere.
const refusal = `<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{root}connect-account/{stylesheet}">
</head>
<body>
<div class="page"><header><span></span></header><main><section class="card notice">
<span class="sign error"><svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M12 5v9M12 18.9v.1"/></svg></span>
<h1>{title}</h1>
<p>{why}</p>
<p>{now}</p>
{way}</section></main></div>
</body>
</html>
`

// wayOn leads to the page again, whose tab may still know the link token and what
// the page was asked for.
const wayOn = `<div class="actions"><a class="primary" href="{root}connect-account?again=true">{again}</a></div>
`

// Refusal is the page of a browser that goes no further on its way to a vendor or
// back, in a language of its reader's.
func (p *Pages) Refusal(r *http.Request, status int, reason httpapi.ConsentRefusal) httpapi.Answer {
	language, w := chooseLanguage(r.Header.Get("Accept-Language"))
	why, now, way := w.internal, w.close, wayOn
	switch reason {
	case httpapi.ConsentUnknown:
		why = w.unknown
	case httpapi.ConsentStarted:
		why = w.started
	case httpapi.ConsentElsewhere:
		why, now, way = w.browser, w.back, ""
	}
	// The page may be served below a path.
	root := strings.Repeat("../", strings.Count(r.URL.EscapedPath(), "/")-1)
	fill := strings.NewReplacer("{language}", language, "{title}", html.EscapeString(w.title), "{why}", html.EscapeString(why), "{now}", html.EscapeString(now),
		"{again}", html.EscapeString(w.again), "{root}", root, "{stylesheet}", p.stylesheet)
	page := fill.Replace(strings.Replace(refusal, "{way}", way, 1))
	return httpapi.Answer{Status: status, Body: []byte(page), Header: http.Header{
		"Content-Type": {"text/html; charset=utf-8"}, "Content-Language": {language}, "Cache-Control": {"no-store"}, "Vary": {"Accept-Language"},
		"Content-Security-Policy": {refusalPolicy}, "Referrer-Policy": {"no-referrer"},
	}}
}
