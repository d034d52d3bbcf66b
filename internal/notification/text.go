package notification

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sinewhq/sinew"
)

// text is a notice in words: what happened, to what, since when, and how to mend it.
type text struct {
	subject string
	lines   []string
}

// maxLine bounds a line, in characters, and maxText a text, in bytes: Slack takes
// 40,000 characters.
const (
	maxLine = 300
	maxText = 12 << 10
)

func (t text) plain() string {
	return cut(strings.Join(t.lines, "\n"), maxText) + "\n"
}

// slack is the text in Slack's markup, which reads three characters as its own.
func (t text) slack() string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	return "*" + escape.Replace(t.subject) + "*\n" + escape.Replace(cut(strings.Join(t.lines, "\n"), maxText))
}

// words are the text of a notice.
func (s *Service) words(n sinew.Notice) text {
	facts := n.Facts
	switch {
	case facts.Webhook != nil:
		return s.webhookWords(n, *facts.Webhook)
	case facts.Token != nil:
		return s.tokenWords(n, *facts.Token)
	case facts.Limit != nil:
		return s.limitWords(n, *facts.Limit)
	case facts.Errors != nil:
		return s.errorWords(n, *facts.Errors)
	case facts.Drift != nil:
		return s.driftWords(n, *facts.Drift)
	}
	return text{"Test of a notification destination", []string{
		"This is a test: notifications of the environment " + n.EnvironmentID + " arrive here.", "Nothing needs to be done.",
		"Change the destination: " + s.url + "/notification-destination",
	}}
}

func (s *Service) webhookWords(n sinew.Notice, f sinew.WebhookFacts) text {
	t := text{lines: []string{"Webhook: " + f.ID + " (" + f.Address + ")", "Environment: " + n.EnvironmentID}}
	since := func() {
		if !f.FailingSince.IsZero() {
			t.lines = append(t.lines, "Nothing was taken since: "+moment(f.FailingSince))
		}
	}
	tries := "See what the receiver answered: " + s.url + "/webhook/" + f.ID + "/attempts"
	switch {
	case n.Type == sinew.NoticeWebhookActivated:
		t.subject = "A webhook is switched on"
		t.lines = append(t.lines, "At: "+moment(n.At), "Events from now on are delivered. What was missed can be had by POST "+s.url+"/webhook/"+f.ID+"/replay")
	case f.Active:
		t.subject = "A webhook takes nothing, and will be switched off"
		since()
		t.lines = append(t.lines, "It is switched off at: "+moment(f.SwitchedOffAt), "To mend it: let the receiver answer with a 2xx. What waits is delivered then.", tries)
	default:
		t.subject = "A webhook is switched off"
		since()
		reason := f.Reason
		if reason == "" {
			reason = "It was switched off over the API"
		}
		t.lines = append(t.lines, "Why: "+reason, "At: "+moment(n.At),
			`To mend it: let the receiver answer with a 2xx, switch it on by PATCH `+s.url+"/webhook/"+f.ID+` with {"is_active": true}, and have what was missed by POST `+s.url+"/webhook/"+f.ID+"/replay", tries)
	}
	return t
}

func (s *Service) tokenWords(n sinew.Notice, f sinew.TokenFacts) text {
	what, advice := "An API token was created", "If nobody of yours made it: delete it by DELETE "+s.url+"/api-token/"+f.ID+", and find out who can reach the server's command line."
	if f.Deleted {
		what, advice = "An API token was deleted", "Calls with it are refused from now on. If something of yours still needs it: give it another one."
	}
	return text{what, []string{"Token: " + f.ID + " (" + oneLine(f.Name) + ")", "Environment: " + n.EnvironmentID, "At: " + moment(n.At), advice}}
}

func (s *Service) limitWords(n sinew.Notice, f sinew.LimitFacts) text {
	who := "API token: " + f.TokenID
	if f.AccountID != "" {
		who = "Integrated account: " + f.AccountID
	}
	return text{"Calls are refused: more than allowed", []string{
		who, "Environment: " + n.EnvironmentID, "Since: " + moment(n.At), fmt.Sprintf("Allowed: %d requests in %d seconds; those beyond are answered with 429 and Retry-After.", f.Limit, f.Seconds),
		"To mend it: spread the calls, wait as Retry-After says, or let the operator raise limit-token or limit-account.",
		"This is told once an hour at most.",
	}}
}

func (s *Service) driftWords(n sinew.Notice, f sinew.DriftFacts) text {
	t := text{subject: "A field of unified records is missing", lines: []string{
		"Records: " + f.Model + "/" + f.Resource + " of " + f.Integration + ", by " + f.Method, "Environment: " + n.EnvironmentID, "Integrated account: " + f.AccountID, "At: " + moment(n.At),
	}}
	switch {
	case f.VendorMethod != "":
		t.subject = "A vendor's answers do not fit their schema any more"
		t.lines = append(t.lines, "Vendor's method: "+oneLine(f.VendorMethod), "What does not fit its response_schema: "+oneLine(f.Reason))
	case f.Field == "":
		t.subject = "Unified records do not fit their schema"
		t.lines = append(t.lines, "What does not fit: "+oneLine(f.Reason))
	default:
		t.lines = append(t.lines, fmt.Sprintf("Missing: %s, which %.0f %% of the records had before.", oneLine(f.Field), f.Before*100))
	}
	t.lines = append(t.lines,
		"See why: GET "+s.url+"/unified/"+f.Model+"/"+f.Resource+"?explain=1&integrated_account_id="+f.AccountID,
		"To mend it: try a change of the mapping by POST "+s.url+"/unified/"+f.Model+"/"+f.Resource+"/meta/"+f.Method+"/preview, or take the last one back by POST …/rollback of its row.",
		"This is told once an hour at most.")
	return t
}

func (s *Service) errorWords(n sinew.Notice, f sinew.FailedSummary) text {
	t := text{subject: fmt.Sprintf("%d calls failed", f.Total), lines: []string{
		"Environment: " + n.EnvironmentID, "Between " + moment(f.Since) + " and " + moment(f.Until) + ":",
	}}
	if f.Total == 1 {
		t.subject = "One call failed"
	}
	told := int64(0)
	for _, g := range f.Groups {
		told += g.Count
		line := fmt.Sprintf("- %d × %s, %s, account %s, last at %s", g.Count, oneLine(g.Integration), failure(g.Failure), g.AccountID, moment(g.LastAt))
		if g.Message != "" {
			line += ": " + oneLine(g.Message)
		}
		t.lines = append(t.lines, cut(line, maxLine))
	}
	if told < f.Total {
		t.lines = append(t.lines, fmt.Sprintf("- and %d of other kinds", f.Total-told))
	}
	t.lines = append(t.lines,
		"401 wants the customer to connect again, 403 a permission at the vendor, 429 fewer calls; 5xx and those without an answer are the vendor's.",
		"See each call: "+s.url+"/log?log_type=unified_proxy_api&log_type_filter[integrated_account_id]=…")
	return t
}

// failure says how calls failed: a status of the vendor's, or a code of ours.
func failure(word string) string {
	if word != "" && strings.Trim(word, "0123456789") == "" {
		return "status " + word
	}
	return "no answer (" + word + ")"
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// oneLine keeps what others have written from looking like lines of ours.
func oneLine(s string) string { return strings.Join(strings.Fields(printable([]byte(s))), " ") }

// cut ends a text that is too long.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// printable makes a text that every database and mail server takes.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), "�"))
}
