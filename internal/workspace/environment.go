package workspace

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/sinewhq/sinew"
)

// EnvironmentPatch is a change of an environment; nil fields stay.
type EnvironmentPatch struct {
	Name         *string
	RedirectURIs []string
	Theme        *ThemePatch
}

// ThemePatch is a change of how the connect page looks; nil fields stay, "" goes
// back to the default.
type ThemePatch struct {
	LogoURL, LogoDarkURL                 *string
	AccentColor, AccentColorDark         *string
	BackgroundColor, BackgroundColorDark *string
	ShowBadge                            *bool
}

// UpdateEnvironment changes the caller's environment. Conflict when the team has
// another one of the new name, Invalid when an address or a colour is none.
func (s *Service) UpdateEnvironment(ctx context.Context, p sinew.Principal, id string, patch EnvironmentPatch) (sinew.Environment, error) {
	if id != p.EnvironmentID {
		return sinew.Environment{}, sinew.NotFound("Environment", id)
	}
	if failures := patch.check(); len(failures) > 0 {
		return sinew.Environment{}, sinew.Invalid(failures...)
	}
	return s.store.UpdateEnvironment(ctx, id, func(e *sinew.Environment) error {
		if patch.Name != nil {
			e.Name = *patch.Name
		}
		if patch.RedirectURIs != nil {
			e.RedirectURIs = withoutDoubles(patch.RedirectURIs)
		}
		if patch.Theme != nil {
			patch.Theme.apply(&e.Theme)
		}
		e.UpdatedAt = now()
		return nil
	})
}

func withoutDoubles(list []string) []string {
	kept := []string{}
	for _, item := range list {
		if !slices.Contains(kept, item) {
			kept = append(kept, item)
		}
	}
	return kept
}

func (t *ThemePatch) apply(theme *sinew.Theme) {
	for into, value := range map[*string]*string{
		&theme.LogoURL: t.LogoURL, &theme.LogoDarkURL: t.LogoDarkURL, &theme.AccentColor: t.AccentColor, &theme.AccentColorDark: t.AccentColorDark,
		&theme.BackgroundColor: t.BackgroundColor, &theme.BackgroundColorDark: t.BackgroundColorDark,
	} {
		if value != nil {
			*into = *value
		}
	}
	if t.ShowBadge != nil {
		theme.ShowBadge = *t.ShowBadge
	}
}

func (patch EnvironmentPatch) check() []sinew.Failure {
	var failures []sinew.Failure
	for i, address := range patch.RedirectURIs {
		if err := CheckRedirectURI(address); err != nil {
			failures = append(failures, sinew.Failure{Path: fmt.Sprintf("redirect_uris.%d", i), Code: "format", Message: err.Error()})
		}
	}
	if patch.Theme == nil {
		return failures
	}
	t := patch.Theme
	for _, e := range []struct {
		name  string
		value *string
	}{{"logo_url", t.LogoURL}, {"logo_dark_url", t.LogoDarkURL}} {
		if e.value != nil && *e.value != "" && !isPictureURL(*e.value) {
			failures = append(failures, sinew.Failure{Path: "theme." + e.name, Code: "format", Message: "must be an https address"})
		}
	}
	for _, e := range []struct {
		name  string
		value *string
	}{{"accent_color", t.AccentColor}, {"accent_color_dark", t.AccentColorDark}, {"background_color", t.BackgroundColor}, {"background_color_dark", t.BackgroundColorDark}} {
		if e.value != nil && *e.value != "" && !colour.MatchString(*e.value) {
			failures = append(failures, sinew.Failure{Path: "theme." + e.name, Code: "format", Message: "must be a colour such as #1f6feb"})
		}
	}
	return failures
}

var (
	colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	// A scheme of an app of one's own begins with a domain, in reverse order (RFC
	// 8252 section 7.1): others belong to everybody, or do harm.
	privateScheme = regexp.MustCompile(`^[a-z][a-z0-9+-]*(\.[a-z0-9][a-z0-9+-]*)+$`)
	hostName      = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
)

func isPictureURL(text string) bool {
	u, ok := parsePlain(text)
	return ok && u.Scheme == "https" && hostName.MatchString(u.Hostname())
}

// parsePlain parses an address that all readers read alike: printable ASCII, and
// nothing that some of them take for something else.
func parsePlain(text string) (*url.URL, bool) {
	odd := strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\\"<>^`{|}", r) })
	u, err := url.Parse(text)
	if odd || err != nil || u.User != nil || strings.Contains(text, "#") || u.String() != text {
		return nil, false
	}
	return u, true
}

// CheckRedirectURI says why customers cannot be sent to an address: it must be
// https, http on the customer's own machine (RFC 8252 section 7.3), or of a
// private scheme.
func CheckRedirectURI(text string) error {
	u, ok := parsePlain(text)
	switch {
	case !ok:
		return fmt.Errorf("must be an absolute address in printable ASCII, without user and fragment")
	case u.Scheme == "https" && hostName.MatchString(u.Hostname()), u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case privateScheme.MatchString(u.Scheme) && u.Opaque == "" && (u.Host != "" || strings.HasPrefix(u.Path, "/")):
		return nil
	}
	return fmt.Errorf("must be https, http on localhost, or a private scheme such as com.example.app")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
